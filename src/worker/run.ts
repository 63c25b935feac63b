import type { Alarm, Clock, Instant } from '../clock/clock.ts'
import { formatDuration } from '../clock/duration.ts'
import { waitAtMost, waitUntil } from '../clock/wait.ts'
import { RunTimeoutError, WorkerStoppedError } from '../errors.ts'
import { withFields, type Logger } from '../logger.ts'
import type { Definition } from '../schedule/definition.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import { seedOf } from '../schedule/schedule-identity.ts'
import { compileTiming } from '../schedule/timing.ts'
import type { GuardMark, RunOutcome } from '../store/run-end.ts'
import type { JobContext, OccurrenceInfo } from '../task/job.ts'
import type { JobRegistry } from '../task/job-registry.ts'
import type { MeasuredRun, RunResult } from '../telemetry/telemetry.ts'
import type { TelemetryHub } from '../telemetry/telemetry-hub.ts'
import type { BegunRun } from './definitions.ts'
import { outcomeOf, type Settled } from './outcome.ts'
import { RunReport } from './run-report.ts'

/** How long a handler may take to end after its signal was aborted, before it is no longer waited for. */
const ABORT_GRACE_MS = 5_000

/** What is logged when a run begins and ends, with its key, its occurrence and its attempt. */
export const RUN_MESSAGE = {
  begins: 'a run begins',
  succeeded: 'a run succeeded',
  failed: 'a run failed',
  givenBack: 'a run is given back',
} as const

/** What a run works with. */
export interface RunParts {
  readonly clock: Clock
  readonly jobs: JobRegistry
  readonly logger: Logger
  readonly telemetry: TelemetryHub
}

/** One run under way: the handler at work, and the ways to break it off. */
export class Run {
  readonly begun: BegunRun
  /** The id of its occurrence. */
  readonly id: string
  /** What its handler tells of it. */
  readonly report: RunReport
  /** Until when the store has confirmed its lease, by this process's clock. */
  heldUntil: Instant
  /** The mark that a guard was seen to have left on its row. */
  mark: GuardMark | undefined
  readonly #clock: Clock
  readonly #jobs: JobRegistry
  readonly #logger: Logger
  readonly #telemetry: TelemetryHub
  /** What is told of it to those who measure, once it has begun; `undefined` while nobody does. */
  #measured: MeasuredRun | undefined
  readonly #abort = new AbortController()
  /** Called once it is aborted, while the handler is waited for. */
  #onAbort = () => {}
  #timeout: Alarm | undefined

  constructor(begun: BegunRun, heldUntil: Instant, { clock, jobs, logger, telemetry }: RunParts) {
    this.begun = begun
    this.id = occurrenceId(begun)
    this.report = new RunReport(begun.startedAt)
    this.heldUntil = heldUntil
    this.#clock = clock
    this.#jobs = jobs
    this.#telemetry = telemetry
    this.#logger = withFields(logger, {
      occurrence: this.id,
      key: begun.key,
      attempt: begun.attempt,
    })
  }

  /** Whether it is known to run under a guard, or may. */
  get isGuarded(): boolean {
    return this.begun.isGuarded || this.mark !== undefined
  }

  /** Tells the handler to end. The first reason counts. */
  abort(reason: Error): void {
    this.#abort.abort(reason)
    this.#onAbort()
  }

  /**
   * Runs the handler to its end, or for as long as it is waited for. Never throws.
   *
   * @param startAt when the handler is called, if that is still to come
   * @returns how the attempt ended
   */
  async execute(startAt: Instant): Promise<RunOutcome> {
    const { signal } = this.#abort
    if (startAt > this.#clock.now()) await waitUntil(this.#clock, startAt, signal)
    const beganAt = this.#clock.now()
    let policy: Pick<Definition, 'retries' | 'backoff'> = {
      retries: 0,
      backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: 0 },
    }
    let settled: Settled | undefined
    try {
      signal.throwIfAborted()
      const { definition } = this.begun
      if (definition instanceof Error) throw definition
      policy = definition
      this.#logger.info({ job: definition.job, lateMs: this.#lateMs }, RUN_MESSAGE.begins)
      this.#measure(definition)
      settled = await this.#waitFor(this.#handle(definition))
    } catch (error) {
      settled = { kind: 'threw', error }
    } finally {
      this.#timeout?.cancel()
    }

    const hasEnded = settled !== undefined
    if (!hasEnded)
      this.#logger.warn({ reason: signal.reason }, 'a handler did not end when its signal was aborted')

    const given = settled ?? { kind: 'threw', error: signal.reason }
    const endedAt = this.#clock.now()
    const outcome = outcomeOf(given, signal.reason, policy, this.begun)
    this.#logEnd(outcome, endedAt - beganAt)
    if (this.#measured !== undefined)
      this.#telemetry.runEnded(this.#measured, { ...resultOf(outcome), tookMs: endedAt - beganAt })
    return outcome
  }

  #measure({ job, queue }: Definition): void {
    if (this.#telemetry.isIdle) return
    const { namespace, key, group, attempt, nominalAt, dueAt } = this.begun
    this.#measured = {
      id: this.id,
      namespace,
      key,
      group: group ?? undefined,
      job,
      queue,
      attempt,
      nominalAt: new Date(nominalAt),
      dueAt: new Date(dueAt),
      lateMs: this.#lateMs,
    }
    this.#telemetry.runBegan(this.#measured)
  }

  #logEnd(outcome: RunOutcome, tookMs: number): void {
    if (outcome.kind === 'failed') {
      const { error, retryInMs } = outcome
      const retryAt = retryInMs === undefined ? undefined : this.#clock.now() + retryInMs
      this.#logger.warn({ tookMs, error, retryAt }, RUN_MESSAGE.failed)
    } else {
      const message = outcome.kind === 'succeeded' ? RUN_MESSAGE.succeeded : RUN_MESSAGE.givenBack
      this.#logger.info({ tookMs }, message)
    }
  }

  async #handle(definition: Definition): Promise<Settled> {
    if (definition.timeoutMs !== null) this.#armTimeout(definition.timeoutMs)
    try {
      const job = this.#jobs.find(definition.job)
      // The schedule was given another job since it was claimed: some other server knows that one.
      if (job === undefined) throw this.#giveBack(definition.job)

      const payload = await this.#jobs.checkPayload(job.name, definition.payload)
      const handle = async () => job.handle(this.#contextOf(payload, definition))
      const value: unknown = await (this.#measured === undefined
        ? handle()
        : this.#telemetry.aroundRun(this.#measured, handle))
      return { kind: 'returned', value }
    } catch (error) {
      return { kind: 'threw', error }
    }
  }

  #contextOf(payload: unknown, definition: Definition): JobContext {
    const now = () => this.#clock.now()
    return {
      payload,
      occurrence: this.#describe(definition),
      signal: this.#abort.signal,
      log: this.report.logger(this.#logger, now),
      progress: (progress) => this.report.progress(progress, now()),
    }
  }

  #giveBack(job: string): Error {
    const reason = new WorkerStoppedError(`this server does not know job "${job}"`)
    this.abort(reason)
    return reason
  }

  #armTimeout(timeoutMs: number): void {
    const reason = new RunTimeoutError(
      `the run took longer than its timeout of ${formatDuration(timeoutMs)}`,
      timeoutMs,
    )
    this.#timeout = this.#clock.alarmAt(this.#clock.now() + timeoutMs, () => this.abort(reason))
  }

  /** Resolves with what the work gives; with `undefined` when it goes on for too long after an abort. */
  async #waitFor(work: Promise<Settled>): Promise<Settled | undefined> {
    const aborted = new Promise<'aborted'>((resolve) => {
      this.#onAbort = () => resolve('aborted')
      if (this.#abort.signal.aborted) this.#onAbort()
    })
    const first = await Promise.race([work, aborted])
    return first === 'aborted' ? waitAtMost(this.#clock, this.#clock.now() + ABORT_GRACE_MS, work) : first
  }

  get #lateMs(): number {
    const { startedAt, nominalAt, dueAt, origin } = this.begun
    // What is caught up at a rate is due later than it should have been.
    return Math.max(startedAt - (origin === 'catch-up' ? nominalAt : dueAt), 0)
  }

  #describe(definition: Definition): OccurrenceInfo {
    const { begun } = this
    const recurrence = compileTiming(definition, seedOf(begun))
    const previousMs = recurrence.previousMs(begun.nominalAt)
    const nextMs = recurrence.nextMs(begun.nominalAt)
    const clockChange = recurrence.clockChangeAt?.(begun.nominalAt)
    return {
      id: this.id,
      key: begun.key,
      group: begun.group ?? undefined,
      namespace: begun.namespace,
      nominalAt: new Date(begun.nominalAt),
      dueAt: new Date(begun.dueAt),
      dispatchedAt: new Date(begun.plannedAt),
      attempt: begun.attempt,
      lateMs: this.#lateMs,
      missed: begun.standsFor,
      origin: begun.origin,
      shiftedMs: clockChange?.shiftedMs ?? 0,
      secondPass: clockChange?.secondPass ?? false,
      previousAt: previousMs === undefined ? undefined : new Date(previousMs),
      nextAt: nextMs === undefined ? undefined : new Date(nextMs),
    }
  }
}

/** What those who measure are told of an end. */
function resultOf(outcome: RunOutcome): { result: RunResult; error?: unknown } {
  if (outcome.kind !== 'failed') return { result: outcome.kind }
  return { result: outcome.retryInMs === undefined ? 'failed' : 'retried', error: outcome.error }
}
