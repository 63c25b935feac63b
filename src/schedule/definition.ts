import { createHash } from 'node:crypto'
import type { Json } from './json.ts'
import { occurrenceId, type OccurrenceRef } from './occurrence.ts'
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
  /** The part of a wait, from 0 to 1, by which it may be shorter: so much of it is drawn for each. */
  readonly jitter: number
}

/** A schedule's definition as it is stored: JSON, complete, every default written out. */
export interface Definition extends Timing {
  readonly job: string
  readonly payload: Json
  readonly catchUp: CatchUp
  /** How many more attempts a failed run gets. */
  readonly retries: number
  readonly backoff: Backoff
  /** After how many failed runs in a row the schedule is paused; `null` for never. */
  readonly pauseAfter: number | null
  /** How long after it is due a run is to have ended, or a human is told; `null` where none has asked for that. */
  readonly expectWithinMs: number | null
  /** What happens when a run falls due while others run; `null` when each begins, whatever else runs. */
  readonly overlap: Overlap | null
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs: number | null
  /** What becomes of the schedule when nothing is left to plan and its last occurrence has ended. */
  readonly whenFinished: WhenFinished
  readonly note: string | null
}

export type WhenFinished = 'keep' | 'remove'

/**
 * The wait before the attempt that follows the `failures`-th failure of an occurrence, in milliseconds. With jitter it is
 * shorter by a part that is drawn from the occurrence and the failure, the same whoever asks: what failed together, since
 * what all of it needs was down, does not come again together.
 */
export function backoffMs(backoff: Backoff, failures: number, occurrence: OccurrenceRef): number {
  const { initialMs, factor, maxMs, jitter } = backoff
  const wholeMs = Math.min(initialMs * factor ** (failures - 1), maxMs)
  if (jitter === 0) return Math.round(wholeMs)
  return Math.round(wholeMs * (1 - jitter * drawn(`${occurrenceId(occurrence)} ${failures}`)))
}

/** A number from 0 to 1, 1 excluded, that is the same for the same text and even over many. */
function drawn(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}
