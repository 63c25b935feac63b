import type { Clock, Instant } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import type { Signals } from '../sql/backend.ts'
import type { DatabaseInput } from '../sql/database-input.ts'
import { migrate } from '../sql/migrate.ts'
import { SqlDatabase, type Sql, type SqlSession } from '../sql/sql-database.ts'
import { ChangeTable } from './change-table.ts'
import { CursorTable } from './cursor-table.ts'
import { DeclarationTable } from './declaration-table.ts'
import { ExpectationTable } from './expectation-table.ts'
import { Fence } from './fence.ts'
import { GenerationTable } from './generation-table.ts'
import { LeaseTable } from './lease-table.ts'
import { Ledger } from './ledger.ts'
import type { SendInside } from './send-inside.ts'
import { countOpen, type OpenCounts } from './open-counts.ts'
import { OperatingTable } from './operating-table.ts'
import { NewsTable } from './news-table.ts'
import { Outbox } from './outbox.ts'
import { OwedTable } from './owed-table.ts'
import { PaceTable } from './pace-table.ts'
import { RemovalTable } from './removal-table.ts'
import { PauseTable } from './pause-table.ts'
import { OverdueRows } from './overdue-rows.ts'
import { RunDetails } from './run-details.ts'
import { RunLedger } from './run-ledger.ts'
import { RunListing } from './run-listing.ts'
import { EVERYTHING, type Reach } from './reach.ts'
import type { ScheduleRecord } from './schedule-record.ts'
import { RequestTable } from './request-table.ts'
import { SchedulePages } from './schedule-pages.ts'
import { ScheduleTable } from './schedule-table.ts'
import { StoreClock } from './store-clock.ts'
import { ServerTable } from './server-table.ts'
import { TurnMoves } from './turn-moves.ts'
import { TokenTable } from './token-table.ts'
import { Turns } from './turns.ts'

/** Where a transaction may put messages itself, by the names of the queues. */
type Senders = ReadonlyMap<string, SendInside>

/** The tables. */
export class TableSet {
  readonly schedules: ScheduleTable
  readonly pages: SchedulePages
  readonly cursors: CursorTable
  readonly generations: GenerationTable
  readonly removals: RemovalTable
  readonly operating: OperatingTable
  readonly pauses: PauseTable
  readonly changes: ChangeTable
  readonly ledger: Ledger
  readonly fence: Fence
  readonly runs: RunLedger
  readonly details: RunDetails
  readonly listing: RunListing
  readonly outbox: Outbox
  readonly leases: LeaseTable
  readonly turns: Turns
  readonly turnMoves: TurnMoves
  readonly owed: OwedTable
  readonly paces: PaceTable
  readonly declarations: DeclarationTable
  readonly expectations: ExpectationTable
  readonly overdue: OverdueRows
  readonly tokens: TokenTable
  readonly requests: RequestTable
  readonly news: NewsTable
  readonly servers: ServerTable

  constructor(sql: Sql, { flavor }: SqlSession, { senders, reach }: Omit<Parts, 'clock'>) {
    this.schedules = new ScheduleTable(sql, flavor, reach)
    this.pages = new SchedulePages(sql, reach)
    this.cursors = new CursorTable(sql, flavor)
    this.removals = new RemovalTable(sql, flavor)
    this.generations = new GenerationTable(sql, flavor)
    this.operating = new OperatingTable(sql, flavor, reach)
    this.pauses = new PauseTable(sql, flavor)
    this.changes = new ChangeTable(sql, flavor)
    this.ledger = new Ledger(sql, flavor, senders)
    this.fence = new Fence(sql, flavor)
    this.runs = new RunLedger(sql, flavor)
    this.details = new RunDetails(sql, flavor)
    this.listing = new RunListing(sql, flavor, reach)
    this.outbox = new Outbox(sql, flavor)
    this.leases = new LeaseTable(sql, flavor)
    this.turns = new Turns(sql, flavor)
    this.turnMoves = new TurnMoves(sql, flavor)
    this.owed = new OwedTable(sql, flavor)
    this.paces = new PaceTable(sql, flavor)
    this.declarations = new DeclarationTable(sql, flavor)
    this.expectations = new ExpectationTable(sql, flavor)
    this.overdue = new OverdueRows(sql, flavor)
    this.tokens = new TokenTable(sql, flavor)
    this.requests = new RequestTable(sql, flavor)
    this.news = new NewsTable(sql, flavor)
    this.servers = new ServerTable(sql, flavor)
  }
}

/** What the tables of a store share. */
interface Parts {
  readonly clock: StoreClock
  readonly senders: Senders
  /** Which schedules are found by namespace and key. */
  readonly reach: Reach
}

/** The tables inside a transaction, and what time it is for them. */
export class Tables extends TableSet {
  readonly #ask: () => Promise<Instant>
  readonly #clock: StoreClock
  #now: Instant

  private constructor(sql: Sql, session: SqlSession, parts: Parts, now: Instant) {
    super(sql, session, parts)
    this.#ask = () => session.now(sql)
    this.#clock = parts.clock
    this.#now = now
  }

  static async of(sql: Sql, session: SqlSession, parts: Parts): Promise<Tables> {
    return new Tables(sql, session, parts, await parts.clock.recent(() => session.now(sql)))
  }

  /** The store's clock: when the transaction began, to a few milliseconds, or exactly when a schedule was locked in it. */
  get now(): Instant {
    return this.#now
  }

  /** The store's clock, read once more. */
  async exactNow(): Promise<Instant> {
    return this.#clock.now(this.#ask)
  }

  /**
   * The schedule with this key, for a change of it. Nobody else changes it or plans from it until the end of the
   * transaction, and `now` is no earlier than any change that was made before.
   */
  async lock(namespace: string, key: string): Promise<ScheduleRecord | undefined> {
    const [record] = await this.lockAll(namespace, [key])
    return record
  }

  /** The same for many. */
  async lockAll(namespace: string, keys: readonly string[]): Promise<ScheduleRecord[]> {
    const records = await this.schedules.lockMany(namespace, keys)
    return this.#held(records)
  }

  /** The same by ids, where nobody else holds them. */
  async lockFree(ids: readonly number[]): Promise<ScheduleRecord[]> {
    return this.#held(await this.operating.lockFree(ids))
  }

  async #held(records: ScheduleRecord[]): Promise<ScheduleRecord[]> {
    // To wait for a lock takes time, and what was waited for has happened before now.
    if (records.length > 0) this.#now = await this.exactNow()
    return records
  }
}

/** A store as those see it who change schedules: also one inside a transaction of the application's. */
export type Transactions = Pick<
  Store,
  'now' | 'transaction' | 'read' | 'announce' | 'takesWritesSideBySide' | 'reaching'
>

/**
 * Everything that Carillon remembers: schedules, generations, the ledger, leases. All changes go through
 * `transaction`, all clocks through `now`.
 *
 * @see docs/design/storage.md
 */
export class Store implements AsyncDisposable {
  readonly #database: SqlDatabase
  readonly #clock: StoreClock
  readonly #senders = new Map<string, SendInside>()
  readonly #signals: Signals
  readonly #listeners = new Set<() => void>()
  #unlisten = () => {}

  private constructor(database: SqlDatabase, clock: Clock | undefined) {
    this.#database = database
    this.#clock = new StoreClock(clock)
    this.#signals = database.signals
  }

  /**
   * Opens a store and brings its tables up to date.
   *
   * @param clock decides what is due; the database's own when left out
   * @throws {ConfigError} when the address is not one
   * @throws {DriverError} when the database cannot be opened or written
   * @throws {SchemaTooNewError} when a newer version of Carillon has written it
   */
  static async open(input: DatabaseInput, clock?: Clock): Promise<Store> {
    const database = await SqlDatabase.open(input)
    try {
      await migrate(database)
    } catch (error) {
      await database.close()
      throw error
    }
    return new Store(database, clock ?? embeddedClock(database))
  }

  get address(): string {
    return this.#database.address
  }

  /** Whether several transactions may write at the same time; otherwise they wait for each other. */
  get takesWritesSideBySide(): boolean {
    return this.#database.flavor.kind !== 'sqlite'
  }

  /** The store's clock, by which it is judged what is due. */
  async now(): Promise<Instant> {
    return this.#clock.now(() => this.#database.read((sql) => this.#database.now(sql)))
  }

  /**
   * Runs `work` in one transaction. It may run again from its start when others are in the way or the connection was
   * lost, so it must do no harm when it had been committed before.
   */
  async transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#clock.track(transactionIn(this.#database, this.#parts, work))
  }

  /**
   * Runs steps of which each is one statement that says itself what must be true; where a database needs several for one,
   * they share a transaction. Otherwise as `transaction`.
   */
  async brief<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    const query = this.#database.brief(async (sql) => work(await Tables.of(sql, this.#database, this.#parts)))
    return this.#clock.track(query)
  }

  /** Runs queries outside of any transaction. */
  async read<T>(work: (tables: TableSet) => Promise<T>): Promise<T> {
    return this.#clock.track(readIn(this.#database, this.#parts, work))
  }

  /** How many occurrences have not begun, or not ended. */
  async countOpen(): Promise<OpenCounts> {
    return this.#clock.track(this.#database.read((sql) => countOpen(sql, this.#database.flavor)))
  }

  /**
   * The store inside a transaction that the application has begun.
   *
   * @param connection the connection with that transaction
   * @throws {UnsupportedByDriverError} on SQLite
   */
  join(connection: unknown): Transactions {
    return joined(this.#database.join(connection), this.#parts)
  }

  /** The same store as somebody sees it who reaches only some of the schedules. */
  reaching(reach: Reach): Transactions {
    const parts = { ...this.#parts, reach }
    return {
      takesWritesSideBySide: this.takesWritesSideBySide,
      now: () => this.now(),
      transaction: (work) => this.#clock.track(transactionIn(this.#database, parts, work)),
      read: (work) => this.#clock.track(readIn(this.#database, parts, work)),
      announce: () => this.announce(),
      reaching: (other) => this.reaching(other),
    }
  }

  /** From now on what is written for this queue is put into it in the same transaction. */
  sendInside(queue: string, send: SendInside): void {
    this.#senders.set(queue, send)
  }

  /** Says that something may be due sooner than before; listeners in this process hear of it at once, others soon. */
  announce(): void {
    this.#call()
    this.#signals.send()
  }

  /** Calls `listener` whenever this or another process may have made something due sooner. @returns how to stop it */
  watch(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#unlisten = this.#signals.listen(() => this.#call())
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#unlisten()
    }
  }

  async close(): Promise<void> {
    if (this.#listeners.size > 0) this.#unlisten()
    this.#listeners.clear()
    await this.#database.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #parts(): Parts {
    return { clock: this.#clock, senders: this.#senders, reach: EVERYTHING }
  }

  #call(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** The store inside a transaction of the application's. */
function joined(session: ReturnType<SqlDatabase['join']>, parts: Parts): Transactions {
  return {
    takesWritesSideBySide: false,
    now: () => parts.clock.now(() => session.now()),
    transaction: (work) => transactionIn(session, parts, work, (sql) => session.signal(sql)),
    read: (work) => readIn(session, parts, work),
    // Only what is committed is news; the signal inside the transaction sees to that.
    announce: () => {},
    reaching: (reach) => joined(session, { ...parts, reach }),
  }
}

function transactionIn<T>(
  session: SqlSession,
  parts: Parts,
  work: (tables: Tables) => Promise<T>,
  atEnd: (sql: Sql) => Promise<void> = async () => {},
): Promise<T> {
  return session.transaction(async (sql) => {
    const result = await work(await Tables.of(sql, session, parts))
    await atEnd(sql)
    return result
  })
}

function readIn<T>(session: SqlSession, parts: Parts, work: (tables: TableSet) => Promise<T>): Promise<T> {
  return session.read((sql) => work(new TableSet(sql, session, parts)))
}

/** An embedded database has the clock of its machine, which costs no query. */
function embeddedClock({ flavor }: SqlDatabase): Clock | undefined {
  return flavor.kind === 'sqlite' ? new SystemClock() : undefined
}
