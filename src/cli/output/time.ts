import type { Instant } from '../../clock/clock.ts'
import { absoluteTime as timeIn, formatter } from '../../clock/time-text.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** From this distance on, the next larger unit tells it well enough. */
const UNITS = [
  { unit: 'year', ms: 365 * DAY, from: 730 * DAY },
  { unit: 'month', ms: 30 * DAY, from: 60 * DAY },
  { unit: 'day', ms: DAY, from: 48 * HOUR },
  { unit: 'hour', ms: HOUR, from: 120 * MINUTE },
  { unit: 'minute', ms: MINUTE, from: 120 * SECOND },
  { unit: 'second', ms: SECOND, from: SECOND },
] as const

/** `in 4 minutes`, `2 hours ago`, `now`. */
export function relativeTime(at: Date | Instant, now: Instant): string {
  const distance = Math.round((Number(at) - now) / SECOND) * SECOND
  const found = UNITS.find(({ from }) => Math.abs(distance) >= from)
  if (found === undefined) return 'now'

  const amount = Math.floor(Math.abs(distance) / found.ms)
  const words = `${amount} ${found.unit}${amount === 1 ? '' : 's'}`
  return distance > 0 ? `in ${words}` : `${words} ago`
}

/** The time zone of this machine. */
export function localZone(): string {
  return formatter('sv-SE', {}).resolvedOptions().timeZone
}

/** `2026-03-29 03:30:00`, in a time zone; that of this machine by default. */
export function absoluteTime(at: Date | Instant, timeZone = localZone()): string {
  return timeIn(at, timeZone)
}

/** The weekday in a time zone: `Sun`. */
export function weekday(at: Date | Instant, timeZone: string): string {
  return formatter('en', { timeZone, weekday: 'short' }).format(at)
}

/** The time of day on this machine: `03:30:00`. */
export function timeOfDay(at: Date | Instant): string {
  return absoluteTime(at).slice('2026-03-29 '.length)
}
