import { Kysely, type Transaction } from 'kysely'
import type { Clock } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { waitUntil } from '../clock/wait.ts'
import { NodeSqlite } from './node-sqlite.ts'
import { parseAddress } from './database-address.ts'
import { isContention, toDriverError } from './sql-error.ts'
import { ImmediateSqliteDialect } from './sqlite-dialect.ts'
import type { Schema } from './schema.ts'

export type Sql = Kysely<Schema>
export type SqlTransaction = Transaction<Schema>

/** How long a transaction waits for others to let it in, before it fails. */
const CONTENTION_PATIENCE_MS = 10_000
/**
 * How long SQLite itself may block the process for a lock. Short, since nothing else runs meanwhile: timers, heartbeats,
 * other requests. The longer wait is ours, between tries, with the process awake.
 */
const SQLITE_BLOCKING_MS = 5

/**
 * An open database: Kysely on the driver that the address names, and what Kysely does not do by itself: wait politely
 * for locks, tell errors in words, notice what other processes write.
 */
export class SqlDatabase implements AsyncDisposable {
  /** The address as given, without secrets, for messages. */
  readonly address: string
  readonly kysely: Sql
  readonly #sqlite: NodeSqlite
  readonly #waits: Clock = new SystemClock()
  #isClosed = false

  /**
   * Opens a database; SQLite creates its file when there is none.
   *
   * @param address `sqlite:./carillon.db`, or `sqlite::memory:`
   * @throws {ConfigError} when the address is not one
   * @throws {DriverError} when the database cannot be opened
   */
  constructor(address: string) {
    const { file } = parseAddress(address)
    this.address = address
    try {
      this.#sqlite = new NodeSqlite(file)
      this.#sqlite.exec(`pragma busy_timeout = ${SQLITE_BLOCKING_MS}`)
    } catch (error) {
      throw toDriverError(error, address)
    }
    this.kysely = new Kysely<Schema>({ dialect: new ImmediateSqliteDialect({ database: this.#sqlite }) })
  }

  /** Settings that belong to the file, which first touches it. */
  async prepare(): Promise<void> {
    await this.#retrying(async () => {
      this.#sqlite.exec('pragma journal_mode = wal')
      this.#sqlite.exec('pragma synchronous = full')
      this.#sqlite.exec('pragma foreign_keys = on')
    })
  }

  /**
   * Runs `work` in one transaction. Where the database says that others were in the way, all of it runs again, so it
   * must not have effects elsewhere.
   *
   * @throws {DriverError} when the database fails, or lets nobody in for 10 seconds
   */
  async transaction<T>(work: (sql: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#retrying(() => this.kysely.transaction().execute(work))
  }

  /** Runs a single query or several reads, with the same retries. */
  async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#retrying(() => work(this.kysely))
  }

  /** A number that changes whenever another connection has written to the database. Costs microseconds. */
  foreignWrites(): number {
    const [row] = this.#sqlite.prepare('pragma data_version').all([])
    return (row as { data_version: number }).data_version
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.kysely.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #retrying<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = this.#waits.now() + CONTENTION_PATIENCE_MS
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isContention(error) || this.#waits.now() >= giveUpAt) throw toDriverError(error, this.address)
        await waitUntil(this.#waits, this.#waits.now() + 1 + Math.random() * 9)
      }
    }
  }
}
