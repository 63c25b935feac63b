import type { Duration } from '../clock/duration.ts'
import type { CronSyntax, DstRule } from '../cron/index.ts'
import type { WhenFinished } from './definition.ts'
import type { OverlapPolicy } from './overlap.ts'

/** An instant as callers give it: a `Date`, ISO 8601 text with an offset, or epoch milliseconds. */
export type InstantInput = Date | string | number

/** When a schedule runs. Exactly one of `cron`, `every` and `at` is given. */
export interface RecurrenceInput {
  /** A cron expression, read in `timezone`; or several, which together name the union of their instants. */
  readonly cron?: string | readonly string[] | undefined
  /** IANA name of the time zone in which `cron` is read; UTC by default. */
  readonly timezone?: string | undefined
  /** What happens to local times that a clock change skips or repeats; `shift` by default. */
  readonly dst?: DstRule | undefined
  /** How `cron` is read; `extended` by default. */
  readonly syntax?: CronSyntax | undefined
  /** Dates of `timezone` on which `cron` does not fire, as `2026-12-25`: holidays, say. */
  readonly except?: readonly string[] | undefined

  /** A fixed interval, of one second or more. */
  readonly every?: Duration | undefined
  /** The instant that `every` counts from; 1970-01-01T00:00:00Z by default. */
  readonly anchor?: InstantInput | undefined

  /** One single instant. */
  readonly at?: InstantInput | undefined
}

export interface CatchUpInput {
  /** How old a missed occurrence may be and still run. One that is exactly this old is too old. */
  readonly within: Duration
  /** `all` of them, oldest first (the default), or only the `latest`. */
  readonly policy?: 'all' | 'latest' | undefined
  /** How many at most, the newest ones; 10,000 by default, and never more. */
  readonly max?: number | undefined
}

export interface BackoffInput {
  /** The wait after the first failure; `10s` by default. */
  readonly initial?: Duration | undefined
  /** What each further failure multiplies it by; 2 by default. */
  readonly factor?: number | undefined
  /** The longest wait; `10m` by default. */
  readonly max?: Duration | undefined
  /**
   * From 0, the default, to 1: the part of each wait by which it may be shorter, so that what failed together does not
   * come again together. With 0.5, a wait of 10 seconds is one of 5 to 10.
   */
  readonly jitter?: number | undefined
}

/** What a schedule does besides its recurrence, its job and its key. */
export interface PolicyInput {
  readonly group?: string | undefined
  /** `false` stores the schedule paused. */
  readonly active?: boolean | undefined
  /** What happens to missed runs; 0, the default, skips them. A duration catches up all that are younger, the newest 10,000 at most. */
  readonly catchUp?: Duration | CatchUpInput | undefined
  /** No run is earlier than this. */
  readonly startsAt?: InstantInput | undefined
  /** No run is later than this. */
  readonly endsAt?: InstantInput | undefined
  /** How many runs are planned in all. */
  readonly maxRuns?: number | undefined
  /** Delays runs by a part of this that is stable for the key, so that not everything starts at minute zero. */
  readonly spread?: Duration | undefined
  /** Delays each run by a part of this that is another one each time, so that runs don't keep time with others. */
  readonly jitter?: Duration | undefined
  /** How many more attempts a failed run gets; 0 by default. */
  readonly retries?: number | undefined
  readonly backoff?: BackoffInput | undefined
  /**
   * Pauses the schedule once this many of its runs in a row have failed, each after all its attempts; never by default. A
   * resumption begins to count anew.
   */
  readonly pauseAfter?: number | undefined
  /**
   * How long after it was due a run is to have ended, with all its attempts, whatever became of it; otherwise a human is
   * told, by an alert and by `absent()`.
   */
  readonly expectWithin?: Duration | undefined
  /**
   * What happens to a run that falls due while the one before it is under way. `allow`, the default: it runs all the same.
   * `skip`: it does not run. `queue-one`: one waits, further ones don't run. `queue-all`: all wait. `replace`: the one under
   * way is aborted.
   */
  readonly overlap?: 'allow' | OverlapPolicy | undefined
  /** How many may be under way at the same time, with any `overlap` but `allow`; 1 by default. */
  readonly maxRunning?: number | undefined
  /** The name of a guard that several schedules of the namespace share, so that `overlap` counts the runs of all of them. */
  readonly mutex?: string | undefined
  /** How long after the end of a run the next one begins at the earliest; 0 by default. */
  readonly minimumBreak?: Duration | undefined
  /** How long an attempt may take; no limit by default. */
  readonly timeout?: Duration | undefined
  /** The name of the queue that delivers the runs; `default` by default. */
  readonly queue?: string | undefined
  /** `remove` deletes the schedule when no run is left and the last one has ended; `keep`, the default, keeps it. */
  readonly whenFinished?: WhenFinished | undefined
  /** Text for people. */
  readonly note?: string | undefined
}

/** A complete schedule, as callers give it. What is left out has its default, also when the key exists already. */
export interface ScheduleInput extends RecurrenceInput, PolicyInput {
  /** Unique in the namespace; a time-ordered UUID when absent. */
  readonly key?: string | undefined
  /** The name of a registered job. */
  readonly job: string
  /** JSON that the job's schema accepts. */
  readonly payload?: unknown
}

/** Every property with `null` allowed: `null` takes the property back to its default. */
type Clearable<T> = { readonly [K in keyof T]?: T[K] | null }

/** The parts of a schedule to change. What is left out stays; `null` takes a part back to its default. */
export interface SchedulePatch extends Clearable<RecurrenceInput>, Clearable<PolicyInput> {
  readonly job?: string | undefined
  readonly payload?: unknown
}
