import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { until } from '../until.ts'
import setup from './database-servers.ts'
import { MariadbServer } from './mariadb-server.ts'
import { PostgresServer } from './postgres-server.ts'
import { RedisServer } from './redis-server.ts'
import { TcpProxy } from './tcp-proxy.ts'

const timeout = 120_000

interface Session extends AsyncDisposable {
  run(sql: string): Promise<readonly unknown[]>
}

async function postgresSession(address: string): Promise<Session> {
  const client = new Client({ connectionString: address })
  client.on('error', () => {})
  await client.connect()
  return {
    run: async (sql) => (await client.query<object>(sql)).rows,
    [Symbol.asyncDispose]: async () => client.end(),
  }
}

async function mariadbSession(address: string): Promise<Session> {
  const connection = await createConnection(address)
  connection.on('error', () => {})
  return {
    run: async (sql) => (await connection.query(sql))[0] as unknown[],
    [Symbol.asyncDispose]: async () => connection.destroy(),
  }
}

const postgres = { session: postgresSession, sleep: 'select pg_sleep(100)' }
const mariadb = { session: mariadbSession, sleep: 'select sleep(100)' }

describe.each([
  { name: 'PostgreSQL', start: () => PostgresServer.start(), ...postgres },
  { name: "npm's PostgreSQL", start: () => PostgresServer.start({ source: 'npm' }), ...postgres },
  { name: 'MariaDB', start: () => MariadbServer.start(), ...mariadb },
])('$name', { timeout }, ({ start, session, sleep }) => {
  let server: PostgresServer | MariadbServer
  beforeAll(async () => {
    server = await start()
  }, timeout)
  afterAll(async () => server.stop(), timeout)

  it('has what was written before a crash', async () => {
    const address = await server.createDatabase()
    await using before = await session(address)
    await before.run('create table entry (id int primary key)')
    await before.run('insert into entry values (1)')
    await before.run('begin')
    await before.run('insert into entry values (2)')
    const broken = expect(before.run(sleep)).rejects.toThrow()

    await server.crash()
    await broken
    await expect(session(address)).rejects.toThrow('ECONNREFUSED')

    await server.restart()
    await using after = await session(address)
    expect(await after.run('select id from entry')).toEqual([{ id: 1 }])
  })

  it('starts again after an orderly end and after a second crash', async () => {
    const address = await server.createDatabase('named')
    await server.restart()
    await server.crash()
    await server.crash()
    await server.restart()

    await using after = await session(address)
    expect(await after.run('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('cuts the connections of clients and accepts new ones', async () => {
    await using cut = await session(server.address)
    const broken = expect(cut.run(sleep)).rejects.toThrow()

    await server.cutConnections()
    await broken

    await using next = await session(server.address)
    expect(await next.run('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('keeps databases apart, and drops them while they are in use', async () => {
    const [one, other] = await Promise.all([server.createDatabase(), server.createDatabase()])
    await using inOne = await session(one)
    await using inOther = await session(other)
    await inOne.run('create table entry (id int primary key)')
    await inOther.run('create table entry (id int primary key)')

    await server.dropDatabase(one)
    await expect(session(one)).rejects.toThrow()
    expect(await inOther.run('select id from entry')).toEqual([])
  })

  it('can be reached by way of a proxy that cuts, holds back and refuses', async () => {
    await using proxy = await TcpProxy.start(server.address)
    const address = proxy.address(server.address)
    await using direct = await session(server.address)

    await using cut = await session(address)
    const broken = expect(cut.run(sleep)).rejects.toThrow()
    proxy.cut()
    await broken
    expect(await direct.run('select 1 as one')).toEqual([{ one: 1 }])

    await using slow = await session(address)
    proxy.blackhole(true)
    const answered = vi.fn<() => void>()
    const answer = slow.run('select 2 as two').finally(answered)
    for (let round = 0; round < 10; round += 1) await direct.run('select 1')
    expect(answered).not.toHaveBeenCalled()
    proxy.blackhole(false)
    expect(await answer).toEqual([{ two: 2 }])

    await proxy.refuse(true)
    await expect(session(address)).rejects.toThrow('ECONNREFUSED')
    expect(await slow.run('select 2 as two')).toEqual([{ two: 2 }])
    await proxy.refuse(false)
    await using again = await session(address)
    expect(await again.run('select 1 as one')).toEqual([{ one: 1 }])
  })
})

it('takes settings', { timeout }, async () => {
  await using postgres = await PostgresServer.start({ settings: { max_connections: '17' } })
  await using inPostgres = await postgresSession(postgres.address)
  expect(await inPostgres.run('show max_connections')).toEqual([{ max_connections: '17' }])
  expect(await inPostgres.run('show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
  expect(await inPostgres.run('show fsync')).toEqual([{ fsync: 'on' }])

  await using mariadb = await MariadbServer.start({ settings: { max_connections: '17' } })
  await using inMariadb = await mariadbSession(mariadb.address)
  expect(
    await inMariadb.run(
      'select @@max_connections as connections, @@innodb_flush_log_at_trx_commit as flush, @@character_set_server as chars',
    ),
  ).toEqual([{ connections: 17, flush: 1, chars: 'utf8mb4' }])
})

it('shows the log of a server that does not start', { timeout }, async () => {
  await expect(PostgresServer.start({ settings: { no_such_setting: '1' } })).rejects.toThrow(
    'unrecognized configuration parameter "no_such_setting"',
  )
  await expect(MariadbServer.start({ settings: { no_such_setting: '1' } })).rejects.toThrow(
    "unknown variable 'no_such_setting=1'",
  )
})

it('starts a Redis that keeps what its settings tell it to', { timeout }, async () => {
  await using redis = await RedisServer.start({ settings: { appendonly: 'yes', appendfsync: 'always' } })
  const { port } = new URL(redis.address)
  expect(await ask(port, 'SET key value')).toBe('+OK\r\n+OK\r\n')

  await redis.crash()
  await expect(ask(port, 'PING')).rejects.toThrow('ECONNREFUSED')
  await redis.restart()
  expect(await ask(port, 'GET key')).toBe('$5\r\nvalue\r\n+OK\r\n')
})

async function ask(port: string, command: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  await once(socket, 'connect')
  socket.write(`${command}\r\nQUIT\r\n`)
  const parts: string[] = await Array.fromAsync(socket.setEncoding('utf8'))
  return parts.join('')
}

it.each(['PostgresServer', 'MariadbServer'])(
  'does not outlive its process: %s',
  { timeout },
  async (name) => {
    const file = name === 'PostgresServer' ? './postgres-server.ts' : './mariadb-server.ts'
    const script = `
    import { ${name} } from ${JSON.stringify(new URL(file, import.meta.url).href)}
    const server = await ${name}.start()
    console.log(server.address)
  `
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { value: address } = await createInterface(owner.stdout)[Symbol.asyncIterator]().next()
    const session = name === 'PostgresServer' ? postgresSession : mariadbSession
    await using open = await session(String(address))
    const setting = name === 'PostgresServer' ? "current_setting('data_directory')" : '@@datadir'
    const [{ data }] = (await open.run(`select ${setting} as data`)) as [{ data: string }]
    expect(existsSync(data)).toBe(true)

    owner.kill('SIGKILL')
    await until('the server does not answer', async () =>
      session(String(address)).then(
        async (still) => still[Symbol.asyncDispose]().then(() => false),
        () => true,
      ),
    )
    await until('its data are gone', () => !existsSync(data))
  },
)

afterEach(() => vi.unstubAllEnvs())

it('provides the addresses of servers for a whole run', { timeout }, async () => {
  vi.stubEnv('CARILLON_TEST_POSTGRES', '')
  vi.stubEnv('CARILLON_TEST_MYSQL', '')
  const provide = vi.fn<(key: string, value: string) => void>()
  const teardown = await setup({ provide } as unknown as Parameters<typeof setup>[0])
  const { postgresAddress, mariadbAddress } = Object.fromEntries(provide.mock.calls)
  await (await postgresSession(postgresAddress!))[Symbol.asyncDispose]()
  await (await mariadbSession(mariadbAddress!))[Symbol.asyncDispose]()

  await teardown()
  await expect(postgresSession(postgresAddress!)).rejects.toThrow('ECONNREFUSED')
  await expect(mariadbSession(mariadbAddress!)).rejects.toThrow('ECONNREFUSED')
})

it('provides the addresses that the environment gives', async () => {
  vi.stubEnv('CARILLON_TEST_POSTGRES', 'postgres://somebody@elsewhere/postgres')
  vi.stubEnv('CARILLON_TEST_MYSQL', 'mysql://somebody@elsewhere/mysql')
  const provide = vi.fn<(key: string, value: string) => void>()
  await (
    await setup({ provide } as unknown as Parameters<typeof setup>[0])
  )()

  expect(Object.fromEntries(provide.mock.calls)).toEqual({
    postgresAddress: 'postgres://somebody@elsewhere/postgres',
    mariadbAddress: 'mysql://somebody@elsewhere/mysql',
  })
})
