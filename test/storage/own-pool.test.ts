import mysql from 'mysql2'
import mysqlPromise from 'mysql2/promise'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { Carillon, defineJob, type CarillonOptions, type OccurrenceInfo } from '../../src/index.ts'
import { createMariadbDatabase, dropMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../support/servers/postgres-database.ts'
import { until } from '../support/until.ts'

const SECOND = 1_000

/** A pool of the application's, and how that asks it what it is set to answer in its own way. */
interface OwnPool {
  readonly database: CarillonOptions['database']
  ask(): Promise<unknown>
  end(): Promise<unknown>
}

function ownPostgres(options: pg.PoolConfig): OwnPool {
  const pool = new pg.Pool(options)
  // As every application has to: the server ends while connections are idle.
  pool.on('error', () => {})
  const ask = async () =>
    (await pool.query(`select 5::bigint as big, '2026-01-01'::timestamptz as at`)).rows[0]
  return { database: { postgres: pool }, ask, end: () => pool.end() }
}

const MYSQL_QUESTION = `select cast(9007199254740993 as signed) as big, cast('2026-01-01' as datetime) as at`

function ownMysql(options: mysql.PoolOptions): OwnPool {
  const pool = mysql.createPool(options)
  return {
    database: { mysql: pool },
    ask: async () => (await pool.promise().query<mysql.RowDataPacket[]>(MYSQL_QUESTION))[0][0],
    end: () => pool.promise().end(),
  }
}

function ownMysqlPromise(options: mysql.PoolOptions): OwnPool {
  const pool = mysqlPromise.createPool(options)
  return {
    database: { mysql: pool },
    ask: async () => (await pool.query<mysql.RowDataPacket[]>(MYSQL_QUESTION))[0][0],
    end: () => pool.end(),
  }
}

/** Everything that a process does, and what comes out has the types that it should have. */
async function useAll({ database }: OwnPool): Promise<void> {
  const seen: OccurrenceInfo[] = []
  const work = defineJob('work', {
    handle({ occurrence }) {
      seen.push(occurrence)
      if (occurrence.origin === 'manual' && occurrence.attempt === 1) throw new Error('not yet')
      return { of: occurrence.attempt, text: `it's "so" \\ 100 %, ü` }
    },
  })
  await using cron = await Carillon.open({
    database,
    jobs: [work],
    logger: { info() {}, warn() {}, error() {} },
  })
  await cron.start()
  const backoff = { initial: '1s', factor: 1 }
  await cron.schedule({
    key: 'a',
    group: 'g',
    every: '1h',
    job: work,
    retries: 1,
    backoff,
    payload: { n: 1 },
  })
  await cron.schedule({ key: 'b', at: Date.now() + 2 * SECOND, job: work })
  const counts = await cron.scheduleMany(
    Array.from({ length: 3 }, (_, n) => ({ key: `many-${n}`, cron: '0 9 * * *', job: work })),
  )
  expect(counts).toEqual({ created: 3, changed: 0, unchanged: 0 })
  expect(await cron.patch('many-0', { note: 'seen' })).toMatchObject({ revision: 2, generation: 1 })
  expect(await cron.pause('many-1')).toMatchObject({ state: 'paused', generation: 2 })
  expect(await cron.delete('many-2')).toBe(true)
  expect((await Array.fromAsync(cron.describeAll({ text: 'MANY' }))).map(({ key }) => key)).toEqual([
    'many-0',
    'many-1',
  ])

  await cron.trigger('a')
  await until('all have run', () => seen.length === 3, 20_000)
  await until(
    'and are written',
    async () => (await cron.history('a', { states: ['succeeded'] })).length === 1,
  )
  const [occurrence] = await cron.history('a', { states: ['succeeded'] })
  expect(occurrence).toMatchObject({
    origin: 'manual',
    attempt: 2,
    result: { of: 2, text: `it's "so" \\ 100 %, ü` },
    dueAt: expect.any(Date),
    finishedAt: expect.any(Date),
  })
  expect(Math.abs(occurrence!.finishedAt!.getTime() - Date.now())).toBeLessThan(60 * SECOND)
  expect(seen.every(({ lateMs }) => Number.isInteger(lateMs))).toBe(true)
}

describe('a pool of pg', () => {
  let address: string
  beforeEach(async () => {
    address = await createPostgresDatabase(inject('postgresAddress'))
  })
  afterEach(() => dropPostgresDatabase(inject('postgresAddress'), address))

  const upperCase = { getTypeParser: () => (text: string) => `<${text}>` } as unknown as pg.CustomTypesConfig
  it.each([
    { what: 'as it is', options: {}, answer: { big: '5' } },
    { what: 'with parsers of its own', options: { types: upperCase }, answer: { big: '<5>' } },
    { what: 'with little room', options: { max: 3 }, answer: { big: '5' } },
    {
      what: 'with settings of the session',
      options: {
        options:
          '-c default_transaction_isolation=serializable -c TimeZone=Pacific/Chatham -c DateStyle=SQL,DMY -c standard_conforming_strings=on -c statement_timeout=20000',
      },
      answer: { big: '5' },
    },
  ])('is used and left open: $what', { timeout: 60_000 }, async ({ options, answer }) => {
    const pool = ownPostgres({ connectionString: address, ...options })
    await useAll(pool)
    await useAll({ ...pool, database: { ...(pool.database as object), tablePrefix: 'again_' } as never })
    expect(await pool.ask()).toMatchObject(answer)
    await pool.end()
  })

  it('is used when all whole numbers of the application are BigInts', { timeout: 60_000 }, async () => {
    const before = pg.types.getTypeParser(20)
    pg.types.setTypeParser(20, BigInt)
    try {
      const pool = ownPostgres({ connectionString: address })
      await useAll(pool)
      expect(await pool.ask()).toMatchObject({ big: 5n })
      await pool.end()
    } finally {
      pg.types.setTypeParser(20, before)
    }
  })
})

describe('a pool of mysql2', () => {
  let address: string
  beforeEach(async () => {
    address = await createMariadbDatabase(inject('mariadbAddress'))
  })
  afterEach(() => dropMariadbDatabase(inject('mariadbAddress'), address))

  const numbers = { supportBigNumbers: true, bigNumberStrings: true }
  it.each<{ what: string; options: mysql.PoolOptions; answer: unknown; make: typeof ownMysql }>([
    { what: 'as it is', options: {}, answer: { big: 2 ** 53, at: expect.any(Date) }, make: ownMysql },
    { what: 'of mysql2/promise', options: {}, answer: { big: 2 ** 53 }, make: ownMysqlPromise },
    {
      what: 'with big numbers as texts',
      options: numbers,
      answer: { big: '9007199254740993' },
      make: ownMysql,
    },
    {
      what: 'with dates as texts',
      options: { dateStrings: true },
      answer: { at: '2026-01-01 00:00:00' },
      make: ownMysql,
    },
    {
      what: 'with rows as arrays',
      options: { rowsAsArray: true },
      answer: [2 ** 53, expect.any(Date)],
      make: ownMysql,
    },
    {
      what: 'with rows as arrays, of mysql2/promise',
      options: { ...numbers, rowsAsArray: true },
      answer: ['9007199254740993', expect.any(Date)],
      make: ownMysqlPromise,
    },
    {
      what: 'with named placeholders',
      options: { namedPlaceholders: true },
      answer: { big: 2 ** 53 },
      make: ownMysql,
    },
    { what: 'with values as they come', options: { typeCast: false }, answer: {}, make: ownMysql },
    {
      what: 'with tables nested',
      options: { nestTables: '_' },
      answer: {},
      make: ownMysql,
    },
    {
      what: 'with another zone and several statements',
      options: { timezone: '-11:00', multipleStatements: true },
      answer: { big: 2 ** 53 },
      make: ownMysql,
    },
    { what: 'with little room', options: { connectionLimit: 2 }, answer: { big: 2 ** 53 }, make: ownMysql },
  ])('is used and left open: $what', { timeout: 60_000 }, async ({ options, answer, make }) => {
    const pool = make({ uri: address, ...options })
    await useAll(pool)
    expect(await pool.ask()).toMatchObject(answer as object)
    await pool.end()
  })
})
