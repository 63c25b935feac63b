import { createPool, type PoolConnection } from 'mysql2'
import { Pool, type PoolClient } from 'pg'
import type { DatabasePool } from '../../../src/sql/database-input.ts'
import type { MysqlPool, MysqlPoolClient } from '../../../src/sql/mysql/mysql-pool.ts'
import type { PgPool, PgPoolClient, PgQuery, PgResult } from '../../../src/sql/postgres/postgres-pool.ts'
import type { Stage } from './stage.ts'

/** Decides how statements fare. */
type Performer = Pick<Stage, 'perform'>

/** A pool of an application's whose connections do what the stage says. */
export interface StagedPool {
  readonly input: DatabasePool
  /** Breaks all connections, as when the process has died. @returns by what the server knows their sessions */
  sever(): number[]
  end(): Promise<void>
}

interface Destroyable {
  readonly stream: { destroy(): void }
}

export function stagedPostgres(address: string, stage: Performer): StagedPool {
  const pool = new Pool({ connectionString: address })
  pool.on('error', () => {})
  const open = new Map<number, Destroyable>()
  pool.on('connect', (client) => {
    const { connection, processID } = client as unknown as { connection: Destroyable; processID: number }
    open.set(processID, connection)
  })
  const staged: PgPool = {
    connect: async () => stagedClient(await pool.connect(), stage),
    end: () => Promise.reject(new Error('a pool of the application is not Carillon’s to end')),
  }
  return { input: { postgres: staged }, sever: () => severAll(open), end: () => pool.end() }
}

function severAll(open: ReadonlyMap<number, Destroyable>): number[] {
  for (const { stream } of open.values()) stream.destroy()
  return [...open.keys()]
}

function stagedClient(client: PoolClient, stage: Performer): PgPoolClient {
  const earlier: string[] = []
  const { stream } = (client as unknown as { connection: Destroyable }).connection
  const sever = async (): Promise<never> => {
    const answer = client.query('select 1')
    stream.destroy()
    await answer
    throw new Error('the connection did not break')
  }
  return {
    query: (config: PgQuery) =>
      stage.perform(config.text, earlier, () => client.query(config) as Promise<PgResult>, sever),
    release: (destroy) => client.release(destroy),
    on: client.on.bind(client),
    off: client.off.bind(client) as PgPoolClient['off'],
  }
}

export function stagedMysql(address: string, stage: Performer): StagedPool {
  const pool = createPool({ uri: address, charset: 'utf8mb4' })
  const open = new Map<number, Destroyable>()
  pool.on('connection', (connection) => {
    open.set(connection.threadId, connection as unknown as Destroyable)
  })
  const staged: MysqlPool = {
    getConnection: (callback) =>
      pool.getConnection((error, connection) => {
        if (error === null) callback(null, stagedConnection(connection, stage))
        else callback(error, undefined as unknown as MysqlPoolClient)
      }),
    end: (callback) => callback(new Error('a pool of the application is not Carillon’s to end')),
  }
  const end = () => new Promise<void>((resolve) => pool.end(() => resolve()))
  return { input: { mysql: staged }, sever: () => severAll(open), end }
}

function stagedConnection(connection: PoolConnection, stage: Performer): MysqlPoolClient {
  const earlier: string[] = []
  const ask = (options: object) =>
    new Promise((resolve, reject) => {
      connection.query(options as { sql: string }, (error, rows) => (error ? reject(error) : resolve(rows)))
    })
  const sever = async (): Promise<never> => {
    const answer = ask({ sql: 'select 1' })
    ;(connection as unknown as Destroyable).stream.destroy()
    await answer
    throw new Error('the connection did not break')
  }
  const answer: (...call: Parameters<MysqlPoolClient['query']>) => Promise<unknown> = async (
    options,
    callback,
  ) => {
    const [error, rows] = await stage
      .perform(options.sql, earlier, () => ask(options), sever)
      .then(
        (result) => [null, result] as const,
        (reason: Error) => [reason] as const,
      )
    return callback(error, rows)
  }
  return {
    query(options, callback) {
      void answer(options, callback)
    },
    release: () => connection.release(),
    destroy: () => connection.destroy(),
  }
}
