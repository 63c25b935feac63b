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
  const match = /^(?<date>\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  return isDate(match?.groups?.date ?? '') ? Date.parse(text) : Number.NaN
}

/** Whether the text is a date of the calendar, as `2026-12-25`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false

  // Date.parse would take the 30th of February for the 2nd of March.
  const midnight = Date.parse(text)
  return Number.isFinite(midnight) && new Date(midnight).toISOString().startsWith(text)
}
