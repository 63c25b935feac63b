import type { Json } from '../schedule/json.ts'
import {
  occurrenceId,
  type OccurrenceOrigin,
  type OccurrenceState,
  type SkipReason,
} from '../schedule/occurrence.ts'
import type { OccurrenceRecord, RunError } from '../store/ledger.ts'
import type { ListedRecord } from '../store/run-listing.ts'

/** An occurrence as the ledger tells it to users. */
export interface Occurrence {
  readonly id: string
  readonly nominalAt: Date
  readonly dueAt: Date
  readonly state: OccurrenceState
  /** Why it was skipped. */
  readonly reason: SkipReason | undefined
  readonly origin: OccurrenceOrigin
  readonly generation: number
  /** How often it has begun. */
  readonly attempt: number
  /** The server that holds it, or ran it last. */
  readonly server: string | undefined
  readonly dispatchedAt: Date
  readonly startedAt: Date | undefined
  readonly finishedAt: Date | undefined
  /** What the last failed attempt threw. */
  readonly error: RunError | undefined
  /** What the handler returned; for the job `command`, its exit status and output. */
  readonly result: Json
  /** For a row that stands for several dropped occurrences: the last of them and how many they are. */
  readonly missed: { readonly until: Date; readonly count: number } | undefined
  /** Of one that is caught up: how many missed ones right before it were dropped, for which it stands; otherwise 0. */
  readonly standsFor: number
}

/** An occurrence in a listing of many schedules. */
export interface ListedRun extends Occurrence {
  readonly key: string
  readonly group: string | undefined
  /** The job that it ran, or is to run. */
  readonly job: string
}

/** One page of `runs`. */
export interface RunsPage {
  readonly runs: readonly ListedRun[]
  /** What the next page is asked for with, as `after`; `undefined` when there is none. */
  readonly next: string | undefined
}

export function describeListed(record: ListedRecord): ListedRun {
  const { key, group, job } = record
  return { key, group: group ?? undefined, job, ...describeOccurrence(record) }
}

export function describeOccurrence(record: OccurrenceRecord): Occurrence {
  const { missedUntil, missedCount } = record
  return {
    id: occurrenceId(record),
    nominalAt: new Date(record.nominalAt),
    dueAt: new Date(record.dueAt),
    state: record.state,
    reason: record.reason ?? undefined,
    origin: record.origin,
    generation: record.generation,
    attempt: record.attempt,
    server: record.owner ?? undefined,
    dispatchedAt: new Date(record.plannedAt),
    startedAt: record.startedAt === null ? undefined : new Date(record.startedAt),
    finishedAt: record.finishedAt === null ? undefined : new Date(record.finishedAt),
    error: record.error ?? undefined,
    result: record.result,
    missed: missedUntil === null ? undefined : { until: new Date(missedUntil), count: missedCount ?? 1 },
    standsFor: missedUntil === null ? (missedCount ?? 0) : 0,
  }
}
