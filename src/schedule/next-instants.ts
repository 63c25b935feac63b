import type { Instant } from '../clock/clock.ts'
import type { Recurrence } from './recurrence.ts'

/** The first instants of a recurrence after one, as many as there are up to `count`. */
export function nextInstants(recurrence: Recurrence, after: Instant, count: number): Date[] {
  const instants: Date[] = []
  for (let at = after; instants.length < count;) {
    const next = recurrence.nextMs(at)
    if (next === undefined) break
    instants.push(new Date(next))
    at = next
  }
  return instants
}
