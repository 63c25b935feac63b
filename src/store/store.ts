import type { Alarm, Clock, Instant } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { migrate } from '../sql/migrate.ts'
import { SqlDatabase, type Sql } from '../sql/sql-database.ts'
import { GenerationTable } from './generation-table.ts'
import { LeaseTable } from './lease-table.ts'
import { Ledger } from './ledger.ts'
import { RunLedger } from './run-ledger.ts'
import { ScheduleTable } from './schedule-table.ts'

/** The tables, and what time it is for them. */
export class Tables {
  /** The store's clock when the transaction began, with the write lock held: no later transaction is earlier. */
  readonly now: Instant
  readonly schedules: ScheduleTable
  readonly generations: GenerationTable
  readonly ledger: Ledger
  readonly runs: RunLedger
  readonly leases: LeaseTable

  constructor(sql: Sql, now: Instant) {
    this.now = now
    this.schedules = new ScheduleTable(sql)
    this.generations = new GenerationTable(sql)
    this.ledger = new Ledger(sql)
    this.runs = new RunLedger(sql)
    this.leases = new LeaseTable(sql)
  }
}

/** How often another process's writes are looked for. A look costs microseconds and reads no table. */
const FOREIGN_WRITES_EVERY_MS = 200

/**
 * Everything that Carillon remembers: schedules, generations, the ledger, leases. All changes go through
 * `transaction`, all clocks through `now`.
 *
 * @see docs/design/storage.md
 */
export class Store implements AsyncDisposable {
  readonly #database: SqlDatabase
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #watch: Alarm | undefined
  #seenWrites = 0

  private constructor(database: SqlDatabase, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /**
   * Opens a store and brings its tables up to date.
   *
   * @throws {ConfigError} when the address is not one
   * @throws {DriverError} when the database cannot be opened or written
   * @throws {SchemaTooNewError} when a newer version of Carillon has written it
   */
  static async open(address: string, clock: Clock): Promise<Store> {
    const database = new SqlDatabase(address)
    try {
      await database.prepare()
      await migrate(database)
    } catch (error) {
      await database.close()
      throw error
    }
    return new Store(database, clock)
  }

  get address(): string {
    return this.#database.address
  }

  /** The store's clock, by which it is judged what is due. An embedded database has that of its machine. */
  async now(): Promise<Instant> {
    return this.#clock.now()
  }

  /** Runs `work` in one transaction; it may run again from its start when others are in the way. */
  async transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#database.transaction((sql) => work(new Tables(sql, this.#clock.now())))
  }

  /** Runs queries outside of any transaction. */
  async read<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#database.read((sql) => work(new Tables(sql, this.#clock.now())))
  }

  /** Says that something may be due sooner than before; this process's listeners hear of it at once. */
  announce(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Calls `listener` whenever this or another process may have made something due sooner. @returns how to stop it */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#watch ??= this.#watchForeignWrites()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#watch?.cancel()
      this.#watch = undefined
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#watch?.cancel()
    this.#watch = undefined
    await this.#database.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Thrown out of a timer, an error would end the process; the loops meet the same fault, and tell of it. */
  #foreignWrites(): number {
    try {
      return this.#database.foreignWrites()
    } catch {
      return this.#seenWrites
    }
  }

  /** By the machine's clock, since it is about the outside world, which a test's clock does not rule. */
  #watchForeignWrites(): Alarm {
    const clock = new SystemClock()
    this.#seenWrites = this.#foreignWrites()

    const look = () => {
      this.#watch = clock.alarmAt(clock.now() + FOREIGN_WRITES_EVERY_MS, look)
      const writes = this.#foreignWrites()
      if (writes === this.#seenWrites) return
      this.#seenWrites = writes
      this.announce()
    }
    return clock.alarmAt(clock.now() + FOREIGN_WRITES_EVERY_MS, look)
  }
}
