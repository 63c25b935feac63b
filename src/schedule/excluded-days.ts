import type { Instant } from '../clock/clock.ts'
import { CronExpression } from '../cron/index.ts'
import type { ClockChange, Recurrence } from './recurrence.ts'

const DAY_MS = 86_400_000

/** A recurrence without the instants that fall on certain days of a time zone, whole days at a time. */
export class ExcludedDays implements Recurrence {
  readonly #recurrence: Recurrence
  /** First instants of the excluded days, rising, and at the same places of `#ends` those of the days after them. */
  readonly #starts: readonly Instant[]
  readonly #ends: readonly Instant[]

  /**
   * @param dates as `2026-12-25`, rising; a date that the zone skipped excludes nothing
   * @throws {UnknownZoneError} when the runtime does not know the zone
   */
  constructor(recurrence: Recurrence, dates: readonly string[], timezone: string) {
    this.#recurrence = recurrence

    // The first instant of each day: midnight, or the end of the gap that swallowed it.
    const days = new CronExpression('0 0 * * *', timezone, { dst: { gap: 'after', overlap: 'first' } })
    const localDate = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' })
    const startOf = (date: string) => {
      // Nowhere is local time further than a day from UTC.
      const near = Array.from(days.between(Date.parse(date) - DAY_MS, Date.parse(date) + DAY_MS), Number)
      return near.filter((instant) => localDate.format(instant) === date)
    }
    this.#starts = dates.flatMap(startOf)
    this.#ends = this.#starts.map((start) => days.nextMs(start) ?? Infinity)
  }

  nextMs(after: Instant, until = Infinity): Instant | undefined {
    let next = this.#recurrence.nextMs(after, until)
    while (next !== undefined) {
      const day = this.#dayOf(next)
      if (day === -1) return next
      next = this.#recurrence.nextMs(this.#ends[day]! - 1, until)
    }
    return undefined
  }

  previousMs(before: Instant, since = -Infinity): Instant | undefined {
    let previous = this.#recurrence.previousMs(before, since)
    while (previous !== undefined) {
      const day = this.#dayOf(previous)
      if (day === -1) return previous
      previous = this.#recurrence.previousMs(this.#starts[day]!, since)
    }
    return undefined
  }

  clockChangeAt(instant: Instant): ClockChange | undefined {
    return this.#recurrence.clockChangeAt?.(instant)
  }

  /** The place of the excluded day that an instant falls on; -1 when it falls on none. */
  #dayOf(instant: Instant): number {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#starts[middle]! <= instant) low = middle + 1
      else high = middle
    }
    return instant < (this.#ends[low - 1] ?? -Infinity) ? low - 1 : -1
  }
}
