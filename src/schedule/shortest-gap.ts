import type { Instant } from '../clock/clock.ts'
import type { Recurrence } from './recurrence.ts'

/** How many of its instants are looked at. */
const LOOKED_AT = 5_000

/**
 * The shortest time between two instants of a recurrence that follow each other, among its first thousands after `after`;
 * `Infinity` where there are not two.
 *
 * @param enough the search ends at a gap that is shorter
 */
export function shortestGapMs(recurrence: Recurrence, after: Instant, enough: number): number {
  let shortest = Infinity
  let previous = recurrence.nextMs(after)
  for (let i = 0; i < LOOKED_AT && previous !== undefined && shortest >= enough; i++) {
    const next = recurrence.nextMs(previous)
    if (next === undefined) break
    shortest = Math.min(shortest, next - previous)
    previous = next
  }
  return shortest
}
