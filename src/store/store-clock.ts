import type { Clock, Instant } from '../clock/clock.ts'
import { monotonicMs } from '../clock/monotonic.ts'
import { SystemClock } from '../clock/system-clock.ts'

/** How long an answer of the database's clock is carried on by this process. */
const FRESH_MS = 10_000
/** How far off it may be then. */
const PROMPT_MS = 100

/** The clock by which it is judged what is due: the database's, or one that the user has given. */
export class StoreClock {
  readonly #given: Clock | undefined
  /** The database's clock less this process's time. */
  #offsetMs = 0
  #readAt = -Infinity
  /** This machine's clock less this process's time, at the same moment. */
  #wallOffsetMs = 0
  readonly #wall = new SystemClock()

  constructor(given: Clock | undefined) {
    this.#given = given
  }

  /** What time it is now. @param ask asks the database */
  async now(ask: () => Promise<Instant>): Promise<Instant> {
    if (this.#given !== undefined) return this.#given.now()

    const askedAt = monotonicMs()
    const now = await ask()
    const at = monotonicMs()
    // What took long was perhaps read at its beginning: carried on, it would be late by as much.
    const isPrompt = at - askedAt <= PROMPT_MS
    this.#readAt = isPrompt ? at : -Infinity
    this.#offsetMs = now - at
    this.#wallOffsetMs = this.#wall.now() - at
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
    // A machine that was suspended has counted nothing meanwhile.
    const isSteady = Math.abs(this.#wall.now() - at - this.#wallOffsetMs) <= PROMPT_MS
    return isSteady && at - this.#readAt <= FRESH_MS ? Math.floor(at + this.#offsetMs) : this.now(ask)
  }
}
