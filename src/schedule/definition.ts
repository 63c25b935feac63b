import type { Json } from './json.ts'
import type { Overlap } from './overlap.ts'
import type { Timing } from './timing.ts'

/** What happens to occurrences that were due while no dispatcher ran. */
export interface CatchUp {
  /** How old a missed occurrence may be and still run, in milliseconds; 0 never runs one. */
  readonly withinMs: number
  /** Whether all of them run, oldest first, or only the newest. */
  readonly policy: 'all' | 'latest'
  /** How many of them run at most: the newest ones. */
  readonly max: number
}

/** How many missed occurrences one schedule catches up at most, so that a long absence does not end in a flood. */
export const MAX_CAUGHT_UP = 10_000

/** How long a failed run waits before its next attempt: `initialMs`, then `factor` times as long each time. */
export interface Backoff {
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
}

/** A schedule's definition as it is stored: JSON, complete, every default written out. */
export interface Definition extends Timing {
  readonly job: string
  readonly payload: Json
  readonly catchUp: CatchUp
  /** How many more attempts a failed run gets. */
  readonly retries: number
  readonly backoff: Backoff
  /** What happens when a run falls due while others run; `null` when each begins, whatever else runs. */
  readonly overlap: Overlap | null
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs: number | null
  readonly note: string | null
}

/** The wait before the attempt that follows the `failures`-th failure, in milliseconds. */
export function backoffMs(backoff: Backoff, failures: number): number {
  return Math.round(Math.min(backoff.initialMs * backoff.factor ** (failures - 1), backoff.maxMs))
}
