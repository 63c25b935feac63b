import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import { waitAtMost } from '../clock/wait.ts'
import { LeaseLostError, WorkerStoppedError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Consumption, Queue } from '../queue/queue.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { FinishedRun, RunOutcome, RunRef } from '../store/run-ledger.ts'
import type { Store } from '../store/store.ts'
import type { JobRegistry } from '../task/job-registry.ts'
import { Run } from './run.ts'

export interface WorkerOptions {
  readonly store: Store
  readonly queues: readonly Queue[]
  /** The jobs that it runs. */
  readonly jobs: JobRegistry
  readonly clock: Clock
  readonly logger: Logger
  /** Names this process; no other one, and no earlier one on this machine, has the same. */
  readonly owner: string
  /** How many runs at once. */
  readonly concurrency: number
  /** How long a run stays this worker's without a heartbeat. */
  readonly leaseMs: number
}

/** How long to wait after the store failed. */
const RETRY_MS = 1_000
/** How many expired leases are taken back in one transaction. */
const REAPED_AT_ONCE = 500

/**
 * Runs what its queues deliver: through the fence, under a lease, to the end. What falls due together begins in one
 * transaction, and what has ended meanwhile is written in one.
 *
 * @see docs/design/runs.md
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #runs = new Map<string, Run>()
  readonly #begins: Loop
  readonly #finishes: Loop
  readonly #heartbeats: Loop
  readonly #reaper: Loop
  #delivered: OccurrenceRef[] = []
  /** Delivered or being passed through the fence. */
  #beginning = 0
  #finished: FinishedRun[] = []
  #consumptions: Consumption[] = []
  #aliveUntil = Infinity
  #isStarted = false
  #whenIdle: (() => void) | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    const loop = (step: () => Promise<Instant>, failure: string) =>
      new Loop(options.clock, step, (error) => {
        options.logger.error({ error }, failure)
        return options.clock.now() + RETRY_MS
      })
    this.#begins = loop(() => this.#begin(), 'runs could not begin; it is tried again')
    this.#finishes = loop(() => this.#finish(), 'ended runs could not be written; it is tried again')
    this.#heartbeats = loop(() => this.#heartbeat(), 'leases could not be extended; it is tried again')
    this.#reaper = loop(() => this.#reap(), 'expired leases could not be taken back; it is tried again')
  }

  /** How many runs are under way. */
  get running(): number {
    return this.#runs.size
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true

    const { queues, jobs, owner } = this.#options
    for (const loop of [this.#begins, this.#finishes, this.#heartbeats, this.#reaper]) loop.start()
    this.#consumptions = queues.map((queue) =>
      queue.consume({
        owner,
        jobs: jobs.names,
        capacity: () => this.#capacity(),
        deliver: (due) => this.#deliver(due),
      }),
    )
  }

  /**
   * Takes nothing more and gives back what has not begun; lets what runs end within `graceMs`, or until `hurry` is
   * aborted, then aborts it and gives it back.
   */
  async stop(graceMs: number, hurry?: AbortSignal): Promise<void> {
    if (!this.#isStarted) return
    this.#isStarted = false

    const { clock } = this.#options
    await Promise.all(this.#consumptions.map((consumption) => consumption.stop()))
    await this.#begins.stop()
    await this.#giveBackDelivered()

    if (this.#runs.size > 0) await waitAtMost(clock, clock.now() + graceMs, this.#idle(), hurry)
    for (const run of this.#runs.values()) run.abort(new WorkerStoppedError('the server that ran it stops'))
    if (this.#runs.size > 0) await this.#idle()

    await Promise.all([this.#finishes.stop(), this.#heartbeats.stop(), this.#reaper.stop()])
    await this.#finishLast()
  }

  #capacity(): number {
    return this.#isStarted ? this.#options.concurrency - this.#runs.size - this.#beginning : 0
  }

  #deliver(due: readonly OccurrenceRef[]): void {
    this.#delivered.push(...due)
    this.#beginning += due.length
    this.#begins.wake()
  }

  /** Passes what was delivered through the fence, and runs what it lets through. */
  async #begin(): Promise<Instant> {
    if (this.#delivered.length === 0) return Infinity

    const { store, owner, clock, leaseMs, jobs, logger } = this.#options
    const due = [...this.#delivered]
    const begun = await store.transaction((tables) => tables.runs.begin(due, owner, tables.now, leaseMs))
    this.#delivered = this.#delivered.slice(due.length)
    this.#beginning -= due.length

    if (this.#runs.size === 0) this.#aliveUntil = clock.now() + leaseMs
    for (const run of begun) this.#run(new Run(run, clock, jobs, logger))
    if (begun.length < due.length) this.#wakeQueues()
    return Infinity
  }

  #run(run: Run): void {
    const id = runId(run.begun)
    this.#runs.set(id, run)
    const ended = (outcome: RunOutcome) => {
      this.#runs.delete(id)
      this.#finished.push({ run: run.begun, outcome })
      this.#finishes.wake()
      this.#wakeQueues()
      if (this.#runs.size === 0) this.#whenIdle?.()
    }
    const failed = (error: unknown) => {
      this.#options.logger.error({ error, run: id }, 'a run could not be brought to its end')
      const failure = {
        code: 'INTERNAL',
        message: 'the run could not be brought to its end; the server’s log says why',
      }
      ended({ kind: 'failed', error: failure, result: null, retryAt: undefined })
    }
    void run.execute().then(ended, failed)
  }

  /** Writes what has ended. */
  async #finish(): Promise<Instant> {
    if (this.#finished.length === 0) return Infinity

    const { store, owner, logger } = this.#options
    const ended = [...this.#finished]
    const counted = await store.transaction((tables) => tables.runs.finish(ended, owner, tables.now))
    this.#finished = this.#finished.slice(ended.length)

    if (counted.length < ended.length) {
      const lost = ended.length - counted.length
      logger.warn({ lost }, 'ended runs were no longer this server’s; what became of them is not written')
    }
    if (ended.some(({ outcome }) => outcome.kind !== 'succeeded')) store.announce()
    return this.#finished.length > 0 ? this.#options.clock.now() : Infinity
  }

  /** Extends the leases of what runs here, and aborts what is no longer this worker's. */
  async #heartbeat(): Promise<Instant> {
    const { store, owner, clock, leaseMs } = this.#options
    const period = Math.floor(leaseMs / 3)
    if (!this.#holdsRuns) return clock.now() + period

    // Only what ran before the question was asked can be missed in the answer.
    const asked = [...this.#runs.values()]
    const askedAt = clock.now()
    try {
      const held = await store.transaction((tables) => tables.runs.heartbeat(owner, tables.now, leaseMs))
      this.#aliveUntil = askedAt + leaseMs
      const ids = new Set(held.map(runId))
      for (const run of asked) if (!ids.has(runId(run.begun))) this.#loseLease(run)
    } catch (error) {
      if (clock.now() >= this.#aliveUntil) for (const run of asked) this.#loseLease(run)
      throw error
    }
    return clock.now() + period
  }

  #loseLease(run: Run): void {
    // It may have ended while the question was under way, and be on its way to the ledger.
    if (this.#runs.get(runId(run.begun)) !== run) return
    run.abort(
      new LeaseLostError(
        `the lease of run ${occurrenceId(run.begun)} was lost: another server may run it now`,
      ),
    )
  }

  /** Takes back what vanished servers held. */
  async #reap(): Promise<Instant> {
    const { store, clock, leaseMs, logger, owner } = this.#options
    const period = Math.min(Math.floor(leaseMs / 3), 5_000)

    const expired = await store.read((tables) => tables.runs.nextExpiry())
    if (expired === undefined || expired > (await store.now())) return clock.now() + period

    const reaped = await store.transaction(async (tables) => {
      // What runs here is not lost, however long this process slept or could not write.
      if (this.#holdsRuns) await tables.runs.heartbeat(owner, tables.now, leaseMs)
      return tables.runs.reap(tables.now, REAPED_AT_ONCE)
    })
    if (reaped.returned + reaped.failed > 0)
      logger.warn({ ...reaped }, 'took back runs of a server that vanished')
    store.announce()
    return clock.now()
  }

  /** What was delivered before the end and has not begun. */
  async #giveBackDelivered(): Promise<void> {
    const { store, owner, logger } = this.#options
    const delivered = this.#delivered
    this.#delivered = []
    this.#beginning = 0
    if (delivered.length === 0) return

    try {
      await store.transaction((tables) => tables.runs.release(delivered, owner))
      store.announce()
    } catch (error) {
      logger.error({ error }, 'what has not begun could not be given back; it is free again in seconds')
    }
  }

  /** What the loop could not write; if it cannot be written now either, its leases run out. */
  async #finishLast(): Promise<void> {
    try {
      await this.#finish()
    } catch (error) {
      this.#options.logger.error(
        { error },
        'the last ended runs could not be written; they begin again elsewhere',
      )
    }
  }

  /** Something runs here, or has ended and is not written yet. */
  get #holdsRuns(): boolean {
    return this.#runs.size + this.#finished.length > 0
  }

  #wakeQueues(): void {
    for (const consumption of this.#consumptions) consumption.wake()
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve
    })
  }
}

function runId(run: RunRef): string {
  return `${occurrenceId(run)}-${run.attempt}`
}
