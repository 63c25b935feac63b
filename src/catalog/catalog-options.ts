import type { OccurrenceOrigin, OccurrenceState, SkipReason } from '../schedule/occurrence.ts'
import type { InstantInput } from '../schedule/schedule-input.ts'
import type { FieldChange } from './audit/diff-inputs.ts'
import type { Schedule } from './schedule-view.ts'
import type { ScheduleState } from '../store/schedule-record.ts'

/** Which schedules `describeAll` yields. */
export interface DescribeFilter {
  readonly group?: string | undefined
  /** Only those in one of these states. */
  readonly states?: readonly ScheduleState[] | undefined
  /** Only those of this job. */
  readonly job?: string | undefined
  /** Only those whose key or group has this text in it; the letters A to Z in either case. */
  readonly text?: string | undefined
  /** Begins after this key: the last one of an earlier listing. */
  readonly afterKey?: string | undefined
  /** How many at most; all of them by default. */
  readonly limit?: number | undefined
}

/** Which occurrences are listed. */
export interface OccurrenceOptions {
  /** How many at most; 50 by default. */
  readonly limit?: number | undefined
  /** Only occurrences in one of these states. */
  readonly states?: readonly OccurrenceState[] | undefined
  /** Only those that were skipped for one of these reasons. */
  readonly reasons?: readonly SkipReason[] | undefined
  /** Only those that came about in one of these ways. */
  readonly origins?: readonly OccurrenceOrigin[] | undefined
  /** Only those whose last failed attempt threw an error with one of these codes: `RUN_TIMEOUT`, `TypeError`. */
  readonly errorCodes?: readonly string[] | undefined
  /** Only nominal instants from this one on. */
  readonly from?: InstantInput | undefined
  /** Only nominal instants up to this one; now by default, so that planned ones ahead are left out. */
  readonly until?: InstantInput | undefined
}

/** Which occurrences `history` answers. */
export interface HistoryOptions extends OccurrenceOptions {
  /** Continues after the last occurrence of the page before, by its id. */
  readonly after?: string | undefined
}

/** Which occurrences `runs` answers. */
export interface RunsOptions extends OccurrenceOptions {
  /** Only those of schedules that are in this group now. */
  readonly group?: string | undefined
  /** Only runs of this job. */
  readonly job?: string | undefined
  /** Continues where the page before ended, by its `next`. */
  readonly after?: string | undefined
}

/** What happens to the occurrences that a pause kept from running. */
export type ResumeAnswer = 'skip' | 'latest' | 'all'

/** How a schedule is paused. */
export interface PauseOptions {
  /** When the pause ends by itself; what falls due then or later runs. */
  readonly until?: InstantInput | undefined
  /** Why; that of the handle by default. */
  readonly note?: string | undefined
}

/** Which schedules are paused or resumed together, and how. */
export interface ManyOptions {
  /** Only those of one group. */
  readonly group?: string | undefined
  /** Only tells how many there are. */
  readonly dryRun?: boolean | undefined
  /** Told after each step how many schedules were paused or resumed so far. */
  readonly onProgress?: ((progress: { readonly schedules: number }) => void) | undefined
}

/** How a pause of many is ended. */
export interface ResumeAllOptions extends ManyOptions {
  /** What happens to the occurrences of the pause; they are skipped by default. */
  readonly missed?: ResumeAnswer | undefined
  readonly note?: string | undefined
}

/** Which changes `changes` answers. */
export interface ChangesOptions {
  /** How many at most; 50 by default. */
  readonly limit?: number | undefined
  /** Continues after the last change of the page before, by its id. */
  readonly after?: string | undefined
}

/** To which revision a schedule is taken back, and how. */
export interface RollbackOptions {
  readonly revision: number
  /** Only tells what would change. */
  readonly dryRun?: boolean | undefined
  readonly note?: string | undefined
}

/** What `rollback` did, or would do. */
export interface Rollback {
  readonly fields: readonly FieldChange[]
  /** The schedule after it; for a dry run, as it is. */
  readonly schedule: Schedule
}
