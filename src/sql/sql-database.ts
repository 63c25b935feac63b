import { Kysely, type Dialect, type RawBuilder, type Transaction } from 'kysely'
import { SystemClock } from '../clock/system-clock.ts'
import type { Instant } from '../clock/clock.ts'
import { waitUntil } from '../clock/wait.ts'
import { UnsupportedByDriverError } from '../errors.ts'
import type { Backend, Signals } from './backend.ts'
import { chooseDatabase, type DatabaseInput } from './database-input.ts'
import type { Flavor } from './flavor.ts'
import { openMysql } from './mysql/open-mysql.ts'
import { openPostgres } from './postgres/open-postgres.ts'
import { DEFAULT_TABLE_PREFIX, type Schema } from './schema.ts'
import { Slots } from './slots.ts'
import { toDriverError } from './sql-error.ts'
import { openSqlite } from './sqlite/open-sqlite.ts'
import { TableNames } from './table-names.ts'

export type Sql = Kysely<Schema>
export type SqlTransaction = Transaction<Schema>

/** How long a transaction waits for others to let it in, or for a lost server to come back, before it fails. */
const PATIENCE_MS = 10_000
/** How many connections are not for transactions: for heartbeats, for short statements, for signals. */
const KEPT_FREE = 3
/** The longest wait between two tries. */
const LONGEST_WAIT_MS = 500

/**
 * Kysely on connections of one database, and what Kysely does not do by itself: wait politely for locks, try again when
 * a connection was lost, tell errors in words.
 */
export class SqlSession {
  readonly kysely: Sql
  readonly #backend: Backend
  /** Transactions may wait for each other's locks; heartbeats must find a connection all the same. */
  readonly #slots: Slots
  readonly #patienceMs: number
  readonly #waits = new SystemClock()

  protected constructor(backend: Backend, dialect: Dialect, patienceMs: number) {
    const { schema, tablePrefix } = backend
    const isPlain = schema === undefined && tablePrefix === DEFAULT_TABLE_PREFIX
    const plugins = isPlain ? [] : [new TableNames(schema, tablePrefix)]
    this.kysely = new Kysely<Schema>({ dialect, plugins })
    this.#backend = backend
    this.#slots = new Slots(Math.max(backend.connections - KEPT_FREE, 1))
    this.#patienceMs = patienceMs
  }

  /** The address as given, without secrets, for messages. */
  get address(): string {
    return this.#backend.address
  }

  get flavor(): Flavor {
    return this.#backend.flavor
  }

  /**
   * Runs `work` in one transaction. Where others were in the way or the connection was lost, all of it runs again. So it
   * must not have effects elsewhere, and must do no harm when it was committed before without our hearing of it.
   *
   * @throws {DriverError} when the database fails, or lets nobody in for 10 seconds
   */
  async transaction<T>(work: (sql: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#slots.run(() => this.#transact(work))
  }

  /**
   * Runs steps of one statement each: without a transaction around them where a statement can answer what it has changed,
   * in one where it takes several.
   */
  async brief<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.flavor.returns ? this.read(work) : this.#transact(work)
  }

  #transact<T>(work: (sql: SqlTransaction) => Promise<T>): Promise<T> {
    return this.retrying(() => this.kysely.transaction().execute(work))
  }

  /** Runs a single query or several reads, with the same retries. */
  async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.retrying(() => work(this.kysely))
  }

  /** The clock of the database. */
  async now(sql: Sql = this.kysely): Promise<Instant> {
    const { rows } = await this.flavor.clockQuery.execute(sql)
    return rows[0]!.now
  }

  protected async retrying<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = this.#waits.now() + this.#patienceMs
    for (let tries = 0; ; tries++) {
      try {
        return await work()
      } catch (error) {
        const fault = this.#backend.faultOf(error)
        const isPassing = fault?.kind === 'contention' || fault?.kind === 'lost'
        if (!isPassing || this.#waits.now() >= giveUpAt) throw toDriverError(error, this.address, fault)

        const longest = fault.kind === 'lost' ? Math.min(10 * 2 ** tries, LONGEST_WAIT_MS) : 10
        await waitUntil(this.#waits, this.#waits.now() + 1 + Math.random() * longest)
      }
    }
  }
}

/** An open database. */
export class SqlDatabase extends SqlSession implements AsyncDisposable {
  readonly backend: Backend
  #isClosed = false

  private constructor(backend: Backend) {
    super(backend, backend.dialect, PATIENCE_MS)
    this.backend = backend
  }

  /**
   * Opens a database; SQLite creates its file when there is none.
   *
   * @throws {ConfigError} when it cannot be told which one is meant, its driver is not installed, or it is too old
   * @throws {DriverError} when it cannot be opened
   */
  static async open(input: DatabaseInput): Promise<SqlDatabase> {
    const database = new SqlDatabase(await openBackend(input))
    try {
      await database.retrying(async () => database.backend.prepare?.())
      return database
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** How other processes on the same tables are told of news, and heard from. */
  get signals(): Signals {
    return this.backend.signals
  }

  /**
   * The same tables inside a transaction that the application has begun on this connection. What goes wrong is undone up
   * to where it began, and not tried again.
   *
   * @throws {UnsupportedByDriverError} on SQLite
   * @throws {ConfigError} when it is not a connection of this database's driver
   */
  join(connection: unknown): JoinedSession {
    const dialect = this.backend.join?.(connection)
    if (dialect === undefined)
      throw new UnsupportedByDriverError(
        'on SQLite, Carillon has a connection of its own: it cannot join a transaction',
      )
    return new JoinedSession(this.backend, dialect)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.kysely.destroy()
    await this.backend.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Inside a transaction of the application's. */
export class JoinedSession extends SqlSession {
  readonly #signal: RawBuilder<unknown> | undefined

  constructor(backend: Backend, dialect: Dialect) {
    super(backend, dialect, 0)
    this.#signal = backend.signals.query
  }

  /** Tells other processes of news once the transaction is committed, where the database can do that. */
  async signal(sql: Sql): Promise<void> {
    await this.#signal?.execute(sql)
  }
}

async function openBackend(input: DatabaseInput): Promise<Backend> {
  const choice = chooseDatabase(input)
  switch (choice.kind) {
    case 'sqlite':
      return openSqlite(choice)
    case 'postgres':
      return openPostgres(choice)
    case 'mysql':
      return openMysql(choice)
  }
}
