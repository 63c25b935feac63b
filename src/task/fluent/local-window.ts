import type { Instant } from '../../clock/clock.ts'
import { zoneTable } from '../../cron/zone.ts'
import { ConfigError } from '../../errors.ts'
import type { ClockChange, Recurrence } from '../../schedule/recurrence.ts'

/** A time of day by the wall clock. */
export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

const DAY_MS = 86_400_000
/** Where none of so many instants lies within, none does: the times of day of a frequency come again and again. */
const MOST_STEPS = 20_000
/** How many days of them are looked through besides, however many there are in one. */
const DAYS = 3
/** A day like any other. */
const SOME_DAY: Instant = Date.UTC(2026, 0, 14)

/**
 * The instants of a recurrence that fall between two times of day by the wall clock of a zone, both included; or those that
 * do not. A window whose end comes first in the day spans midnight.
 */
export class LocalWindow implements Recurrence {
  readonly #recurrence: Recurrence
  readonly #offsetAt: (instant: Instant) => number
  readonly #from: number
  readonly #until: number
  readonly #isInside: boolean
  readonly #mostSteps: number

  constructor(
    recurrence: Recurrence,
    [from, until]: readonly [TimeOfDay, TimeOfDay],
    timezone: string,
    isInside: boolean,
  ) {
    const zone = zoneTable(timezone)
    this.#recurrence = recurrence
    this.#offsetAt = (instant) => {
      const span = zone.spanAt(instant)
      return span.offset(span.segmentAt(instant))
    }
    this.#from = millisecondsOf(from)
    this.#until = millisecondsOf(until)
    this.#isInside = isInside
    this.#mostSteps = MOST_STEPS + DAYS * instantsADay(recurrence)
  }

  nextMs(after: Instant, until = Infinity): Instant | undefined {
    let next = this.#recurrence.nextMs(after, until)
    for (let steps = 0; next !== undefined && !this.#passes(next); steps++)
      next = steps < this.#mostSteps ? this.#recurrence.nextMs(next, until) : undefined
    return next
  }

  previousMs(before: Instant, since = -Infinity): Instant | undefined {
    let previous = this.#recurrence.previousMs(before, since)
    for (let steps = 0; previous !== undefined && !this.#passes(previous); steps++)
      previous = steps < this.#mostSteps ? this.#recurrence.previousMs(previous, since) : undefined
    return previous
  }

  clockChangeAt(instant: Instant): ClockChange | undefined {
    return this.#recurrence.clockChangeAt?.(instant)
  }

  #passes(instant: Instant): boolean {
    const local = instant + this.#offsetAt(instant)
    const time = local - Math.floor(local / DAY_MS) * DAY_MS
    const isWithin =
      this.#from <= this.#until
        ? time >= this.#from && time <= this.#until
        : time >= this.#from || time <= this.#until
    return isWithin === this.#isInside
  }
}

function instantsADay(recurrence: Recurrence): number {
  let count = 0
  let next = recurrence.nextMs(SOME_DAY, SOME_DAY + DAY_MS)
  while (next !== undefined) {
    count++
    next = recurrence.nextMs(next, SOME_DAY + DAY_MS)
  }
  return count
}

function millisecondsOf({ hour, minute }: TimeOfDay): number {
  return (hour * 60 + minute) * 60_000
}

/**
 * Reads `13:00`, `8:05` or `13`.
 *
 * @throws {ConfigError} when it is not a time of day
 */
export function timeOfDay(text: string, call: string): TimeOfDay {
  const match = /^(\d{1,2})(?::(\d{2}))?$/.exec(text)
  const hour = Number(match?.[1])
  const minute = Number(match?.[2] ?? 0)
  if (match !== null && hour < 24 && minute < 60) return { hour, minute }
  throw new ConfigError(`${call}: ${JSON.stringify(text)} is not a time of day, as 13:00`)
}
