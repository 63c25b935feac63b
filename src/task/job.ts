import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Logger } from '../logger.ts'
import type { OccurrenceOrigin } from '../schedule/occurrence.ts'

/** What a handler learns of the occurrence it runs for. */
export interface OccurrenceInfo {
  /** Stable and unique: the same for every attempt at one occurrence. Fit as an idempotency key. */
  readonly id: string
  readonly key: string
  readonly group: string | undefined
  readonly namespace: string
  /** The instant that the recurrence names. */
  readonly nominalAt: Date
  /** When this attempt was due: the nominal instant, later by the spread, or the end of a backoff. */
  readonly dueAt: Date
  /** When the occurrence was written to the ledger. */
  readonly dispatchedAt: Date
  /** 1 for the first. Rises with each beginning, so it also serves as a fencing token. */
  readonly attempt: number
  /** How long after `dueAt` this attempt began, in milliseconds; of one that is caught up, after `nominalAt`. */
  readonly lateMs: number
  /** Of one that is caught up: how many missed ones right before it were dropped, for which it stands; otherwise 0. */
  readonly missed: number
  readonly origin: OccurrenceOrigin
  /** How much later than its expression names it is, because a clock change skipped its local time; otherwise 0. */
  readonly shiftedMs: number
  /** Whether it is the second of two passes through a local time that a clock change repeated. */
  readonly secondPass: boolean
  /** The nominal instants before and after, by the definition now in force. */
  readonly previousAt: Date | undefined
  readonly nextAt: Date | undefined
}

/** What a handler is given. */
export interface JobContext<Payload = unknown> {
  /** The schedule's present payload, as the job's schema gives it out. */
  readonly payload: Payload
  readonly occurrence: OccurrenceInfo
  /**
   * Aborted when the run takes too long, when its lease is lost, or when the server stops; `signal.reason` says which:
   * `RunTimeoutError`, `LeaseLostError`, `WorkerStoppedError`.
   */
  readonly signal: AbortSignal
  /** Writes lines that carry the occurrence's id, the first and the last of which are kept with the run. */
  readonly log: Logger
  /**
   * Says how far the run has come: a part from 0 to 1, or how much is done of how much. It is kept with the run, and those
   * who look see it within seconds.
   */
  readonly progress: (progress: ProgressInput) => void
}

/** How far a run has come: `0.5`, `{ done: 3, total: 10 }`, `{ done: 3, total: 10, note: 'users' }`. */
export type ProgressInput =
  number | { readonly done?: number; readonly total?: number; readonly note?: string }

/**
 * A named handler. What it returns is kept with the run, if it is JSON; what it throws makes the run fail.
 */
export interface Job<Payload = unknown, Input = Payload> {
  readonly name: string
  /** Any Standard Schema: zod, valibot, arktype … Checked when a schedule is stored, and again before each run. */
  readonly payload?: StandardSchemaV1<Input, Payload> | undefined
  /** How many runs of it one process has at once; as many as of all jobs by default. */
  readonly concurrency?: number | undefined
  /**
   * Of runs that are due and wait, those of jobs with a higher one come first, in queues that can do that: 0 to 9, 0 by
   * default. What sends them to the queue must know the job.
   */
  readonly priority?: number | undefined
  readonly handle: (context: JobContext<Payload>) => unknown
}

/** A job whose payload type does not matter here. */
// oxlint-disable-next-line typescript/no-explicit-any -- a handler takes its payload, so no other type holds all jobs
export type AnyJob = Job<any, any>

/**
 * Defines a job. The payload's type follows from the schema.
 *
 * ```ts
 * const sendReport = defineJob('send-report', {
 *   payload: z.object({ user: z.number() }),
 *   handle: async ({ payload, signal }) => send(payload.user, signal),
 * })
 * ```
 */
export function defineJob<Payload = unknown, Input = Payload>(
  name: string,
  job: Omit<Job<Payload, Input>, 'name'>,
): Job<Payload, Input> {
  return { name, ...job }
}
