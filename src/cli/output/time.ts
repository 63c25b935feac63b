import { formatDuration } from '../../clock/duration.ts'
import type { Instant } from '../../clock/clock.ts'

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
  // Sweden writes dates as ISO 8601 does.
  return formatter('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(at)
}

/** `2026-03-29 03:30:00 +02:00`: what stands beside clock changes has to say which side it is on. */
export function zonedTime(at: Date | Instant, timeZone: string): string {
  const name = formatter('en', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')?.value
  const offset = name === undefined || name === 'GMT' ? '+00:00' : name.slice('GMT'.length)
  return `${absoluteTime(at, timeZone)} ${offset}`
}

/** The weekday in a time zone: `Sun`. */
export function weekday(at: Date | Instant, timeZone: string): string {
  return formatter('en', { timeZone, weekday: 'short' }).format(at)
}

/** The time of day on this machine: `03:30:00`. */
export function timeOfDay(at: Date | Instant): string {
  return absoluteTime(at).slice('2026-03-29 '.length)
}

/** A measured length of time: `12 ms`, `1.5 s`, `2m10s`. */
export function lengthOfTime(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`
  return formatDuration(Math.round(ms / SECOND) * SECOND)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Building one takes longer than formatting a hundred times. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale} ${JSON.stringify(options)}`
  const known = formatters.get(name)
  if (known !== undefined) return known

  const built = new Intl.DateTimeFormat(locale, options)
  formatters.set(name, built)
  return built
}
