import type { SkipReason } from '../../schedule/occurrence.ts'
import type { GenerationCause } from '../../store/schedule-record.ts'
import type { Occurrence } from '../occurrence-view.ts'

/** Why an instant has the run that it has, or none. */
export type ExplanationCode =
  /** There is a run: how it ended, or how it stands. */
  | 'succeeded'
  | 'failed'
  | 'running'
  | 'retrying'
  | 'waiting'
  /** There was to be one, or would have been: why it did not begin. */
  | SkipReason
  /** It was missed, is to be caught up, and waits until the rate allows it. */
  | 'owed'
  /** It lies further ahead than dispatchers look. */
  | 'to-be-planned'
  /** It is due, and no dispatcher has passed since. */
  | 'not-dispatched'
  /** The schedule did not exist yet. */
  | 'not-stored'
  /** The definition cannot be read or planned. */
  | 'broken'
  /** The definition then in force names no such instant, since: */
  | 'before-start'
  | 'after-end'
  | 'max-runs'
  | 'excluded-date'
  | 'clock-change'
  | 'not-due'
  /** It is so long ago that its row may have been pruned. */
  | 'forgotten'
  /** It should be in the ledger, and is not. Please report it. */
  | 'unaccounted'

/** The answer to "why did it (not) run?". */
export interface Explanation {
  readonly key: string
  readonly namespace: string
  readonly instant: Date
  /** Whether it ran or runs, is still to run, or not. */
  readonly verdict: 'ran' | 'runs' | 'will-run' | 'did-not-run' | 'will-not-run' | 'unknown'
  readonly code: ExplanationCode
  /** The same in sentences. */
  readonly text: string
  /** The occurrence that stands for the instant; of a range of missed ones, the whole range. */
  readonly occurrence: Occurrence | undefined
  /** What else the ledger has at this instant: of earlier generations, or begun by hand. */
  readonly others: readonly Occurrence[]
  /** The definition that was, or is, in force at the instant. */
  readonly inForce: GenerationInForce | undefined
  /** The last instant before it and the next one after it that this definition names. */
  readonly previousAt: Date | undefined
  readonly nextAt: Date | undefined
}

/** The heart of an explanation. */
export type Told = Pick<Explanation, 'verdict' | 'code' | 'text'>

export interface GenerationInForce {
  readonly generation: number
  readonly cause: GenerationCause
  readonly from: Date
  /** When another one was opened. */
  readonly until: Date | undefined
  /** Who opened it, and what they said about it. */
  readonly by: string | undefined
  readonly note: string | undefined
  /** When it runs, as in `*\/5 * * * * in Europe/Berlin`. */
  readonly recurrence: string
}
