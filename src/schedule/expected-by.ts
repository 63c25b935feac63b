import type { Instant } from '../clock/clock.ts'
import type { OccurrenceState } from './occurrence.ts'

/** An occurrence that has not ended. */
export interface OpenOccurrence {
  readonly state: Extract<OccurrenceState, 'planned' | 'sent' | 'running'>
  readonly dueAt: Instant
  /** When it was written to the ledger: what was made up for was not expected before. */
  readonly plannedAt: Instant
}

/**
 * By when something is to have become of an occurrence: by when it is to have ended, where its schedule says so; by when it
 * is to have begun otherwise.
 *
 * @param withinMs how long after it was due its schedule expects the end of a run
 * @param beginWithinMs how long after it was due a run of any other schedule is to begin; 0 for no limit
 * @returns `undefined` when nothing is expected of it
 */
export function expectedBy(
  { state, dueAt, plannedAt }: OpenOccurrence,
  withinMs: number | null,
  beginWithinMs: number,
): Instant | undefined {
  const from = Math.max(dueAt, plannedAt)
  if (withinMs !== null) return from + withinMs
  return state === 'running' || beginWithinMs === 0 ? undefined : from + beginWithinMs
}
