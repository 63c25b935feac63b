import { zonedTime } from '../../clock/time-text.ts'
import type { Style } from './style.ts'
import { columns } from './table.ts'
import { relativeTime, weekday } from './time.ts'

/** Instants in a time zone, one a line, with the weekday and how far away they are. */
export function instantsText(instants: readonly Date[], timezone: string, now: number, style: Style): string {
  return columns(
    instants.map((instant) => [
      `${weekday(instant, timezone)} ${zonedTime(instant, timezone)}`,
      style.dim(relativeTime(instant, now)),
    ]),
  )
}
