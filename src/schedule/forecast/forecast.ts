import type { Duration } from '../../clock/duration.ts'
import type { InstantInput } from '../schedule-input.ts'
import type { NamedCount } from './frequent-counts.ts'

export interface ForecastOptions {
  /** What is due at this instant is counted; now by default. */
  readonly from?: InstantInput | undefined
  /** What is due at this instant is not; an hour after `from` by default. */
  readonly until?: InstantInput | undefined
  /** Into pieces of this length the time is cut; `1m` by default, at least `1s`, and not more than 12,000 pieces. */
  readonly bucket?: Duration | undefined
  /** How many of the fullest buckets are told with what fills them; 10 by default, 0 to 100. */
  readonly top?: number | undefined
  /** Ends the work: the promise is rejected with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Called as the work goes on. */
  readonly onProgress?: ((progress: ForecastProgress) => void) | undefined
}

/** How far a forecast has come. */
export interface ForecastProgress {
  /** The schedules are gone through twice: to count, and to say what fills the fullest buckets. */
  readonly step: 'count' | 'attribute'
  /** How many schedules were gone through in this step. */
  readonly schedules: number
}

/** How many occurrences fall due, and when; data that JSON can carry. */
export interface Forecast {
  readonly from: Date
  readonly until: Date
  readonly bucketMs: number
  /** How many schedules were looked at: the active ones. */
  readonly schedules: number
  /** How many of them count for nothing, since their definition cannot be read. */
  readonly unreadable: number
  /** How many occurrences fall due in all. */
  readonly total: number
  /** All buckets in order, also those in which nothing falls due. They begin at whole multiples of their length, in UTC. */
  readonly buckets: readonly ForecastBucket[]
  /** The largest first, 1,000 at most: up to 2,000 of them all counts are exact, else those of less than a thousandth of the whole may lack. */
  readonly byNamespace: readonly NamedCount[]
  readonly byJob: readonly NamedCount[]
  readonly byQueue: readonly NamedCount[]
  /** The fullest buckets, the fullest first; of equal ones, the earliest. Empty ones are left out. */
  readonly fullest: readonly FullBucket[]
}

export interface ForecastBucket {
  readonly at: Date
  readonly count: number
}

export interface FullBucket extends ForecastBucket {
  /** What falls due in it, by namespace, group and job, the most first; ten at most. */
  readonly filledBy: readonly Filling[]
}

export interface Filling {
  readonly namespace: string
  readonly group: string | undefined
  readonly job: string
  readonly count: number
}
