import type { Alarm, Clock, Instant } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'

/** How many turns of the event loop without a query count as silence. */
const QUIET_TURNS = 20

interface Waiting {
  readonly instant: Instant
  readonly ring: () => void
}

/**
 * A clock that stands still until the test moves it, on every database: what the database is asked is answered before
 * time moves on. It does not rule the outside world otherwise: what another process writes to the database is noticed by
 * the machine's own clock, a little later, so a test waits *until* it is.
 *
 * ```ts
 * const clock = new ManualClock('2026-03-29T00:00:00Z')
 * await using cron = await Carillon.open({ database: 'sqlite::memory:', clock, jobs: [report] })
 * await cron.start()
 * await clock.advance('1h')
 * ```
 */
export class ManualClock implements Clock {
  #now: Instant
  readonly #waiting = new Set<Waiting>()
  readonly #held = new Set<Promise<unknown>>()

  /** @param start where the clock begins: a `Date`, an ISO text, or epoch milliseconds */
  constructor(start: Date | string | number = '2026-01-01T00:00:00Z') {
    this.#now = new Date(start).getTime()
    if (Number.isNaN(this.#now)) throw new TypeError(`ManualClock cannot start at ${JSON.stringify(start)}`)
  }

  now(): Instant {
    return this.#now
  }

  alarmAt(instant: Instant, ring: () => void): Alarm {
    const waiting = { instant, ring }
    this.#waiting.add(waiting)
    return { cancel: () => this.#waiting.delete(waiting) }
  }

  /** The instants that something waits for, earliest first. What a test expects to end should leave none behind. */
  get pending(): readonly Instant[] {
    return [...this.#waiting].map((waiting) => waiting.instant).sort((a, b) => a - b)
  }

  /**
   * Moves time on by `duration`. Every wait that falls due on the way goes off at its own instant and in order, and
   * what it sets in motion settles before time moves further.
   */
  async advance(duration: Duration): Promise<void> {
    await this.advanceTo(this.#now + durationMs(duration))
  }

  /** As `advance`, up to an instant. */
  async advanceTo(instant: Date | Instant): Promise<void> {
    const target = new Date(instant).getTime()
    await this.#settle()
    for (let due = this.#takeEarliest(target); due !== undefined; due = this.#takeEarliest(target)) {
      this.#now = Math.max(this.#now, due.instant)
      due.ring()
      await this.#settle()
    }
    this.#now = Math.max(this.#now, target)
    await this.#settle()
  }

  /** Sets the clock without letting waits go off on the way, as when a machine's clock is corrected. */
  jumpTo(instant: Date | Instant): void {
    this.#now = new Date(instant).getTime()
  }

  hold(work: Promise<unknown>): void {
    const ended: Promise<unknown> = work.catch(() => {}).finally(() => this.#held.delete(ended))
    this.#held.add(ended)
  }

  /** Lets promises and queries run to their end, and what they set in motion. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      if (this.#held.size > 0) quiet = 0
      await Promise.all(this.#held)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #takeEarliest(target: Instant): Waiting | undefined {
    let earliest: Waiting | undefined
    for (const waiting of this.#waiting) {
      if (waiting.instant <= target && waiting.instant < (earliest?.instant ?? Infinity)) earliest = waiting
    }
    if (earliest !== undefined) this.#waiting.delete(earliest)
    return earliest
  }
}
