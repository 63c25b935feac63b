import type { Alarm, Clock, Instant } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'

interface Waiting {
  readonly instant: Instant
  readonly ring: () => void
}

/**
 * A clock that stands still until the test moves it. It does not rule the outside world: what another process writes to
 * the database is noticed by the machine's own clock, a fifth of a second later, so a test waits *until* it is.
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
    await settle()
    for (let due = this.#takeEarliest(target); due !== undefined; due = this.#takeEarliest(target)) {
      this.#now = Math.max(this.#now, due.instant)
      due.ring()
      await settle()
    }
    this.#now = Math.max(this.#now, target)
    await settle()
  }

  /** Sets the clock without letting waits go off on the way, as when a machine's clock is corrected. */
  jumpTo(instant: Date | Instant): void {
    this.#now = new Date(instant).getTime()
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

/** Lets promises, and short chains of calls to an embedded database, run to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
