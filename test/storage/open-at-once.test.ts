import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, inject, it } from 'vitest'
import { Carillon, defineJob, SchemaTooNewError } from '../../src/index.ts'
import { MysqlSession } from '../support/mysql-session.ts'
import { PostgresSession } from '../support/postgres-session.ts'
import { createMariadbDatabase, dropMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../support/servers/postgres-database.ts'

const PROCESSES = 10

const postgres = {
  server: () => inject('postgresAddress'),
  create: createPostgresDatabase,
  drop: dropPostgresDatabase,
  connect: (address: string) => PostgresSession.connect(address),
  schema: 'public',
}
const mariadb = {
  server: () => inject('mariadbAddress'),
  create: createMariadbDatabase,
  drop: dropMariadbDatabase,
  connect: (address: string) => MysqlSession.connect(address),
  schema: undefined,
}
const PLACES = [
  { place: 'PostgreSQL', ...postgres, query: '', prefix: 'carillon_' },
  {
    place: 'another schema of PostgreSQL',
    ...postgres,
    query: '?schema=other',
    prefix: 'carillon_',
    schema: 'other',
  },
  { place: 'PostgreSQL, under other names', ...postgres, query: '?tablePrefix=app_', prefix: 'app_' },
  {
    place: 'another schema of PostgreSQL, under other names',
    ...postgres,
    query: '?schema=other&tablePrefix=app_',
    prefix: 'app_',
    schema: 'other',
  },
  { place: 'MariaDB', ...mariadb, query: '', prefix: 'carillon_' },
  { place: 'MariaDB, under other names', ...mariadb, query: '?tablePrefix=app_', prefix: 'app_' },
]
const TABLES = [
  'changes',
  'cursors',
  'declarations',
  'declared',
  'expectations',
  'generations',
  'guards',
  'leases',
  'migrations',
  'migrations_lock',
  'occurrences',
  'owed',
  'paces',
  'pause_gate',
  'pauses',
  'queues',
  'removals',
  'requests',
  'run_details',
  'schedules',
  'servers',
  'tokens',
  'turns',
  'withdrawals',
]

const note = defineJob('note', { handle: () => undefined })

/** Opens the database when it is told to, stores a schedule, and closes it. */
const OPENER = `
  import { once } from 'node:events'
  import { Carillon, defineJob } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
  const [database, key] = process.argv.slice(1)
  const note = defineJob('note', { handle: () => undefined })
  process.stdout.write('ready')
  await once(process.stdin, 'data')
  await using cron = await Carillon.open({ database, jobs: [note] })
  await cron.schedule({ key, every: '1h', job: note })
  process.stdin.destroy()
`

async function openAtOnce(database: string): Promise<string[]> {
  const children = Array.from({ length: PROCESSES }, (_, n) =>
    spawn(process.execPath, ['--input-type=module', '--eval', OPENER, database, `from-${n}`]),
  )
  const errors = children.map(({ stderr }) => text(stderr))
  const ends = children.map((child) => once(child, 'exit'))
  await Promise.all(children.map(async (child, n) => Promise.race([once(child.stdout, 'data'), ends[n]])))
  for (const { stdin } of children) stdin.write('go')
  await Promise.all(ends)
  return Promise.all(errors.map(async (error, n) => `${children[n]!.exitCode}${await error}`))
}

describe.each(PLACES)('an empty database that many processes open at once: $place', (given) => {
  const { server, create, drop, connect, query, prefix, schema } = given

  it('is set up once, and serves them all', { timeout: 120_000 }, async () => {
    const address = await create(server())
    const database = address + query
    const session = await connect(address)
    expect(await openAtOnce(database)).toEqual(Array.from({ length: PROCESSES }, () => '0'))

    const inSchema = schema === undefined ? 'database()' : `'${schema}'`
    const tables = await session.query(
      `select table_name as name from information_schema.tables where table_schema = ${inSchema}`,
      [],
    )
    expect(tables.map(({ name }) => String(name)).toSorted()).toEqual(TABLES.map((name) => prefix + name))
    const elsewhere = await session.query(
      `select table_name as name from information_schema.tables
       where table_name like '%schedules' and table_schema <> ${inSchema}
         and table_schema in ('public', 'other', ${schema === undefined ? 'database()' : `'public'`})`,
      [],
    )
    expect(elsewhere).toEqual([])
    await session[Symbol.asyncDispose]()

    await using cron = await Carillon.open({ database, jobs: [note] })
    const keys = (await Array.fromAsync(cron.describeAll())).map(({ key }) => key)
    expect(keys).toEqual(Array.from({ length: PROCESSES }, (_, n) => `from-${n}`))
    await cron.close()
    await drop(server(), address)
  })

  it('is refused when a newer version has written it, and left as it is', async () => {
    const address = await create(server())
    const database = address + query
    await (await Carillon.open({ database })).close()
    const session = await connect(address)
    const table = `${schema === undefined ? '' : `"${schema}".`}"${prefix}migrations"`
    await session.query(`insert into ${table} (name, timestamp) values ('9999-from-the-future', '')`, [])
    const migrations = () => session.query(`select name from ${table} order by name`, [])
    const written = await migrations()

    await expect(Carillon.open({ database })).rejects.toThrow(SchemaTooNewError)
    await expect(Carillon.open({ database })).rejects.toThrow('9999-from-the-future')
    expect(await migrations()).toEqual(written)
    await session[Symbol.asyncDispose]()
    await drop(server(), address)
  })
})

it.each([
  { place: 'two schemas', ...postgres, queries: ['?schema=one', '?schema=two'] },
  {
    place: 'two sets of tables on PostgreSQL',
    ...postgres,
    queries: ['?tablePrefix=one_', '?tablePrefix=two_'],
  },
  { place: 'two sets of tables on MariaDB', ...mariadb, queries: ['?tablePrefix=one_', '?tablePrefix=two_'] },
])('neither sees what the other has: $place', async ({ server, create, drop, queries }) => {
  const address = await create(server())
  const [one, two] = await Promise.all(
    queries.map((query) => Carillon.open({ database: address + query, jobs: [note] })),
  )
  await one!.schedule({ key: 'a', every: '1h', job: note })
  await one!.trigger('a')
  expect(await two!.describe('a')).toBeUndefined()
  expect(await two!.dispatch({ ahead: '2h' })).toEqual({ planned: 0, missed: 0, broken: 0 })
  await two!.schedule({ key: 'a', every: '2h', job: note })
  expect(await one!.describe('a')).toMatchObject({ everyMs: 3_600_000, revision: 1 })
  await Promise.all([one!.close(), two!.close()])
  await drop(server(), address)
})
