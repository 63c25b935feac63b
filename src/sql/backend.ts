import type { Dialect, RawBuilder } from 'kysely'
import type { Fault } from './fault.ts'
import type { Flavor } from './flavor.ts'

/** How processes on one database learn that another one has written. */
export interface Signals {
  /** Sends when the transaction in which it runs is committed, where there is such a thing. */
  readonly query?: RawBuilder<unknown>

  /** Tells other processes that something may be due sooner than before. Never fails. */
  send(): void

  /** Calls `listener` when another process may have made something due sooner. @returns how to stop it */
  listen(listener: () => void): () => void
}

/** An open database of one kind: everything in which it differs from the others. */
export interface Backend {
  /** The address as given, without secrets, for messages. */
  readonly address: string
  readonly flavor: Flavor
  readonly dialect: Dialect
  readonly signals: Signals
  /** The schema that holds the tables, where a database has several. */
  readonly schema: string | undefined
  /** The same, written out where the user named none. */
  readonly migrationSchema: string | undefined
  /** What a transaction runs first that migrates, so that others which do so at once wait for it. */
  readonly migrationLock: readonly string[]
  /** What the names of all tables begin with. */
  readonly tablePrefix: string

  /** How many connections there are at most. */
  readonly connections: number

  /** What an error of the driver's means; `undefined` when it is not one of the database's. */
  faultOf(error: unknown): Fault | undefined

  /**
   * Whether a statement of a migration failed because it had been carried out before: where each one is committed by
   * itself, a process may die between two of them.
   */
  isDone?(error: unknown): boolean

  /** Settings that belong to the database rather than to the connection. */
  prepare?(): void

  /** Kysely's dialect inside a transaction of the application's, on its connection; where that is possible. */
  join?(connection: unknown): Dialect

  /** Closes what Kysely does not. */
  close(): Promise<void>
}
