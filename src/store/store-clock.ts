import type { Clock, Instant } from '../clock/clock.ts'
import { monotonicMs } from '../clock/monotonic.ts'

/** How long an answer of the database's clock is carried on by this process. */
const FRESH_MS = 10_000

/** The clock by which it is judged what is due: the database's, or one that the user has given. */
export class StoreClock {
  readonly #given: Clock | undefined
  /** The database's clock less this process's time. */
  #offsetMs = 0
  #readAt = -Infinity

  constructor(given: Clock | undefined) {
    this.#given = given
  }

  /** What time it is now. @param ask asks the database */
  async now(ask: () => Promise<Instant>): Promise<Instant> {
    if (this.#given !== undefined) return this.#given.now()

    const now = await ask()
    this.#readAt = monotonicMs()
    this.#offsetMs = now - this.#readAt
    return now
  }

  /** Lets a given clock know of a query. */
  track<T>(query: Promise<T>): Promise<T> {
    this.#given?.hold?.(query)
    return query
  }

  /**
   * What time it is, to a few milliseconds: the last answer carried on, where that is recent. For stamps and leases, which
   * nothing hangs on to the millisecond; it saves a query.
   */
  async recent(ask: () => Promise<Instant>): Promise<Instant> {
    if (this.#given !== undefined) return this.#given.now()

    const at = monotonicMs()
    return at - this.#readAt > FRESH_MS ? this.now(ask) : Math.floor(at + this.#offsetMs)
  }
}
