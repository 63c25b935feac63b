import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type { Fault } from './fault.ts'

/** A connection to a database server, taken from a pool. */
export interface ServerConnection {
  query(sql: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>>

  /** Gives it back to its pool, or, when it is broken, closes it for good. */
  release(isBroken: boolean): void
}

/** Where connections come from. */
export interface ServerPool {
  connect(): Promise<ServerConnection>
  end(): Promise<void>
}

/** What begins a transaction, one after the other, and what ends it. */
export interface TransactionStatements {
  readonly begin: readonly string[]
  readonly commit: string
  readonly rollback: string
}

/** Inside a transaction of the application's: what fails is undone, and the rest of it goes on. */
export const JOINED: TransactionStatements = {
  begin: ['savepoint carillon'],
  commit: 'release savepoint carillon',
  rollback: 'rollback to savepoint carillon',
}

export interface ServerDriverOptions {
  readonly pool: ServerPool
  readonly transaction: TransactionStatements
  readonly faultOf: (error: unknown) => Fault | undefined
}

/**
 * Kysely's driver for database servers. It keeps no state in a session, so that it works through a proxy that gives each
 * transaction another one; and a connection on which the server went silent never goes back to its pool.
 */
export class ServerDriver implements Driver {
  readonly #options: ServerDriverOptions

  constructor(options: ServerDriverOptions) {
    this.#options = options
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new DriverConnection(await this.#options.pool.connect(), this.#options.faultOf)
  }

  async beginTransaction(connection: DatabaseConnection, _settings: TransactionSettings): Promise<void> {
    for (const statement of this.#options.transaction.begin)
      await connection.executeQuery(CompiledQuery.raw(statement))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(this.#options.transaction.commit))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const { isBroken } = connection as DriverConnection
    // The server rolls back what a lost connection leaves behind; to complain of that would hide why.
    if (!isBroken) await connection.executeQuery(CompiledQuery.raw(this.#options.transaction.rollback))
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    ;(connection as DriverConnection).release()
  }

  /** The pool is ended by who made it, also when nothing was ever asked of it. */
  async destroy(): Promise<void> {}
}

class DriverConnection implements DatabaseConnection {
  readonly #connection: ServerConnection
  readonly #faultOf: (error: unknown) => Fault | undefined
  isBroken = false

  constructor(connection: ServerConnection, faultOf: (error: unknown) => Fault | undefined) {
    this.#connection = connection
    this.#faultOf = faultOf
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return (await this.#connection.query(sql, parameters)) as QueryResult<R>
    } catch (error) {
      this.isBroken ||= this.#faultOf(error)?.kind === 'lost'
      throw error
    }
  }

  // oxlint-disable-next-line require-yield -- nothing here reads rows one by one
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('rows are read in pages, not streamed')
  }

  release(): void {
    this.#connection.release(this.isBroken)
  }
}
