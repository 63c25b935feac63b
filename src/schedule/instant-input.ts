import type { Instant } from '../clock/clock.ts'
import { InvalidInputError } from '../errors.ts'
import { abbreviate } from './abbreviate.ts'
import type { InstantInput } from './schedule-input.ts'

/** The last instant that cron fields reach, 2199-12-31T23:59:59.999Z: nothing is planned beyond it. */
const LAST_INSTANT = Date.UTC(2200, 0, 1) - 1

/**
 * The epoch milliseconds of an instant as callers give it.
 *
 * @throws {InvalidInputError} when it is no instant, or text without an offset, whose meaning would depend on the server
 */
export function instantMs(value: InstantInput, path: string): Instant {
  const ms = typeof value === 'string' ? isoMs(value) : value.valueOf()
  if (Number.isFinite(ms) && Math.abs(ms) <= LAST_INSTANT) return Math.round(ms)

  throw new InvalidInputError(
    `${path} ${abbreviate(value)} is not an instant: give a Date, epoch milliseconds, or text such as "2026-03-29T02:30:00Z"`,
    path,
  )
}

function isoMs(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  if (match === null) return Number.NaN

  // Date.parse would take the 30th of February for the 2nd of March.
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number]
  const isRealDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
  return isRealDay ? Date.parse(text) : Number.NaN
}
