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

/** What a policy is called, that included by which any number of runs may be under way. */
export const OVERLAP_WORDS = [
  'allow',
  'skip',
  'queue-one',
  'queue-all',
  'replace',
] as const satisfies readonly ('allow' | OverlapPolicy)[]
export type OverlapWord = (typeof OVERLAP_WORDS)[number]

/** How one run shares its guard: with `allow` it begins whatever runs, and is counted. */
export interface RunOverlap extends Omit<Overlap, 'policy'> {
  readonly policy: OverlapWord
}

/** The guard that a run has for itself whose schedule has none. */
const OWN_GUARD = { maxRunning: 1, mutex: null, minimumBreakMs: 0 } as const

/**
 * The policy by which an occurrence goes: that which its backfill was given, or that of its schedule, under which what is made
 * up for waits for its turn and ends nobody else's.
 *
 * @param own its own, if it has one
 * @param ofSchedule `null` while any number of runs of the schedule may be under way
 * @returns `undefined` where the same goes for this one
 */
export function overlapOf(
  { origin, own }: { readonly origin: OccurrenceOrigin; readonly own: OverlapWord | null },
  ofSchedule: Overlap | null,
): RunOverlap | undefined {
  if (ofSchedule !== null) {
    const policy = origin === 'backfill' ? 'queue-all' : ofSchedule.policy
    return { ...ofSchedule, policy: own ?? policy }
  }
  return own === null || own === 'allow' ? undefined : { ...OWN_GUARD, policy: own }
}

/** 160 bits, as much as nobody finds twice. */
const GUARD_LENGTH = 27

/** What stands for a schedule's guard in a database: 27 characters of base64url. */
export function guardOf({ namespace, key }: ScheduleIdentity, { mutex }: Pick<Overlap, 'mutex'>): string {
  const name = mutex === null ? ['schedule', namespace, key] : ['mutex', namespace, mutex]
  return hash('sha256', JSON.stringify(name), 'base64url').slice(0, GUARD_LENGTH)
}
