import { hash } from 'node:crypto'
import type { OccurrenceOrigin } from './occurrence.ts'
import type { ScheduleIdentity } from './schedule-identity.ts'

/** What happens to a run that falls due while there is no room for it. */
export type OverlapPolicy =
  /** It does not run. */
  | 'skip'
  /** One of the schedule waits until there is room; any further one does not run. */
  | 'queue-one'
  /** All wait, and run in order. */
  | 'queue-all'
  /** The oldest that runs is aborted; the new one starts when it has gone. */
  | 'replace'

/** How runs share a guard, which lets only some of them run at the same time. */
export interface Overlap {
  readonly policy: OverlapPolicy
  /** How many runs of the guard may be under way, so that another one begins. */
  readonly maxRunning: number
  /** The name of a guard that schedules of one namespace share; `null` for one of the schedule's own. */
  readonly mutex: string | null
  /** How long after the end of a run the next one begins at the earliest, in milliseconds. */
  readonly minimumBreakMs: number
}

/** The policy by which an occurrence goes, by that of its schedule: what is made up for waits for its turn, and ends nobody else's. */
export function overlapOf({ origin }: { readonly origin: OccurrenceOrigin }, overlap: Overlap): Overlap {
  return origin === 'backfill' ? { ...overlap, policy: 'queue-all' } : overlap
}

/** 160 bits, as much as nobody finds twice. */
const GUARD_LENGTH = 27

/** What stands for a schedule's guard in a database: 27 characters of base64url. */
export function guardOf({ namespace, key }: ScheduleIdentity, { mutex }: Overlap): string {
  const name = mutex === null ? ['schedule', namespace, key] : ['mutex', namespace, mutex]
  return hash('sha256', JSON.stringify(name), 'base64url').slice(0, GUARD_LENGTH)
}
