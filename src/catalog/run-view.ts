import type { Json } from '../schedule/json.ts'
import type { RunError } from '../store/ledger.ts'
import type { AttemptRecord } from '../store/run-details.ts'
import type { ListedRecord } from '../store/run-listing.ts'
import type { KeptLine, KeptLog, KeptProgress } from '../store/told-details.ts'
import { describeListed, type ListedRun } from './occurrence-view.ts'

/** A line that a handler has logged. */
export interface RunLogLine {
  readonly at: Date
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: { readonly [name: string]: Json }
  /** Whether it was longer. */
  readonly isCut: boolean
}

/** How far a run has come, as its handler said last. */
export interface RunProgress {
  readonly at: Date
  /** From 0 to 1, if it can be told. */
  readonly fraction: number | undefined
  readonly done: number | undefined
  readonly total: number | undefined
  readonly note: string | undefined
}

/** What a handler has told of one attempt. */
export interface ToldAttempt {
  /** The first lines that it logged, and the last ones. */
  readonly log: readonly RunLogLine[]
  /** How many lines are not kept, and behind how many of those that are. */
  readonly dropped: { readonly after: number; readonly count: number } | undefined
  readonly progress: RunProgress | undefined
}

/** An attempt of which something is kept. */
export interface RunAttempt extends ToldAttempt {
  readonly attempt: number
  readonly server: string
  readonly startedAt: Date
  /** What it failed with; `undefined` also when its server vanished. */
  readonly error: RunError | undefined
}

/** A run with what its handler has told; `log`, `dropped` and `progress` are those of the last attempt. */
export interface RunDetails extends ListedRun, ToldAttempt {
  /** The last five attempts at most, and of these those that have told something; the oldest first. */
  readonly attempts: readonly RunAttempt[]
}

export function describeRun(record: ListedRecord, kept: readonly AttemptRecord[]): RunDetails {
  const attempts = kept.map(describeAttempt)
  const { log, dropped, progress } =
    attempts.find(({ attempt }) => attempt === record.attempt) ?? toldOf({ log: null, progress: null })
  return { ...describeListed(record), log, dropped, progress, attempts }
}

function describeAttempt(record: AttemptRecord): RunAttempt {
  const { attempt, server, startedAt, error } = record
  const about = { attempt, server, startedAt: new Date(startedAt), error: error ?? undefined }
  return { ...about, ...toldOf(record) }
}

function toldOf({ log, progress }: Pick<AttemptRecord, 'log' | 'progress'>): ToldAttempt {
  const { first, dropped, last }: KeptLog = log ?? { first: [], dropped: 0, last: [] }
  return {
    log: [...first, ...last].map(describeLine),
    dropped: dropped === 0 ? undefined : { after: first.length, count: dropped },
    progress: progress === null ? undefined : describeProgress(progress),
  }
}

function describeLine({ at, level, message, fields = {}, isCut }: KeptLine): RunLogLine {
  return { at: new Date(at), level, message, fields, isCut: isCut === true }
}

function describeProgress({ at, fraction, done, total, note }: KeptProgress): RunProgress {
  return { at: new Date(at), fraction, done, total, note }
}
