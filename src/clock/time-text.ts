import type { Instant } from './clock.ts'
import { formatDuration } from './duration.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** `2026-03-29 03:30:00`, in a time zone. */
export function absoluteTime(at: Date | Instant, timeZone: string): string {
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

/** A measured length of time: `12 ms`, `1.5 s`, `2m10s`. */
export function lengthOfTime(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`
  return formatDuration(Math.round(ms / SECOND) * SECOND)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Building one takes longer than formatting a hundred times. */
export function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${locale} ${JSON.stringify(options)}`
  const known = formatters.get(name)
  if (known !== undefined) return known

  const built = new Intl.DateTimeFormat(locale, options)
  formatters.set(name, built)
  return built
}
