import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import { waitAtMost } from '../clock/wait.ts'
import { WorkerStoppedError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { Inbox } from '../queue/inbox.ts'
import type { Message } from '../queue/message.ts'
import type { Consumer, Consumption, Delivery, Queue } from '../queue/queue.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { RunOutcome } from '../store/run-end.ts'
import type { Store } from '../store/store.ts'
import type { JobRegistry } from '../task/job-registry.ts'
import type { TelemetryHub } from '../telemetry/telemetry-hub.ts'
import { Definitions } from './definitions.ts'
import { failedRun, type OnFailed } from './failed-run.ts'
import { JobLimits } from './job-limits.ts'
import { Lead } from './lead.ts'
import { deliveriesOf, eachOnce, isBrought, isClaimed, passFence, settle } from './pass-fence.ts'
import { PastAttempts } from './past-attempts.ts'
import { RunLeases } from './run-leases.ts'
import { Run } from './run.ts'
import { RunWriter, type OwnRun } from './run-writer.ts'

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
  readonly onFailed: OnFailed
  readonly telemetry: TelemetryHub
}

/** How long to wait after the store failed. */
const RETRY_MS = 1_000
/** How many times at once it asks for what is due to begin. */
const LANES = 4
/** How many pass the fence in one transaction. */
const BEGUN_AT_ONCE = 5_000
/** How long a queue may take to let go of what has ended, which it does by itself otherwise. */
const END_MS = 5_000
/** How long to wait before what another transaction holds is asked for again. */
const HELD_MS = 100
/**
 * Runs what its queues deliver: through the fence, under a lease, to the end. What falls due together begins in one
 * transaction, and what has ended meanwhile is written in one.
 *
 * @see docs/design/runs.md
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #writer: RunWriter
  readonly #definitions: Definitions
  /** What runs here, by occurrence. */
  readonly #runs = new Map<string, Run>()
  /** The occurrences that are being let through here, run here, or have ended and are not written yet. */
  readonly #busy = new Set<string>()
  /** Several, so that what falls due while others begin need not wait for those. */
  readonly #begins: readonly Loop[]
  readonly #finishes: Loop
  readonly #leases: RunLeases
  #delivered: Delivery[] = []
  readonly #lead = new Lead()
  /** Delivered or being passed through the fence. */
  #beginning = 0
  #finished: OwnRun[] = []
  #consumptions: Consumption[] = []
  readonly #limits: JobLimits
  readonly #past = new PastAttempts()
  /** Claimed, while as many of their jobs run as may. */
  #parked: Delivery[] = []
  /** For messages that the application takes itself, while it is started. */
  #own: Inbox | undefined
  #isStarted = false
  #whenIdle: (() => void) | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#writer = new RunWriter(options.store, options.owner, options.logger)
    this.#definitions = new Definitions(options.store)
    this.#limits = new JobLimits(options.jobs)
    const loop = (step: () => Promise<Instant>, failure: string) =>
      new Loop(options.clock, step, (error) => {
        options.logger.error({ error }, failure)
        return options.clock.now() + RETRY_MS
      })
    this.#begins = Array.from({ length: LANES }, () =>
      loop(() => this.#begin(), 'runs could not begin; it is tried again'),
    )
    this.#finishes = loop(() => this.#finish(), 'ended runs could not be written; it is tried again')
    this.#leases = new RunLeases(options, this.#runs, () => this.#finished)
  }

  /** How many runs are under way. */
  get running(): number {
    return this.#runs.size
  }

  /** Starts to run what is handed to it, and, unless it is told not to, takes what its queues have. */
  start({ consumes = true }: { consumes?: boolean } = {}): void {
    if (!this.#isStarted) this.#startLoops()
    if (!consumes || this.#consumptions.length > 0) return
    this.#consumptions = this.#options.queues.map((queue) => queue.consume(this.#consumer()))
  }

  #startLoops(): void {
    this.#isStarted = true
    for (const loop of [...this.#begins, this.#finishes]) loop.start()
    this.#leases.start()
    this.#own = new Inbox(this.#consumer(), this.#options.clock, () => this.#options.store.now())
  }

  /**
   * Runs what a message is about that the application has taken from a queue itself; it waits for the due instant and for
   * room.
   *
   * @returns `done` when the run has ended or must not begin, `again` when another server is to have the message
   */
  async handle(message: Message): Promise<'done' | 'again'> {
    return this.#own?.handle(message) ?? 'again'
  }

  #consumer(): Consumer {
    const { owner, concurrency } = this.#options
    const limits = this.#limits
    return {
      owner,
      get jobs() {
        return limits.open
      },
      concurrency,
      capacity: () => this.#capacity(),
      leadMs: () => this.#lead.ms,
      prepare: (refs) => this.#prepare(refs),
      deliver: (due) => this.#deliver(due),
    }
  }

  /**
   * Takes nothing more and gives back what has not begun; lets what runs end within `graceMs`, or until `hurry` is
   * aborted, then aborts it and gives it back.
   */
  async stop(graceMs: number, hurry?: AbortSignal): Promise<void> {
    if (!this.#isStarted) return
    this.#isStarted = false

    const { clock } = this.#options
    this.#own?.close()
    this.#own = undefined
    await Promise.all(this.#consumptions.map((consumption) => consumption.stop()))
    await Promise.all(this.#begins.map((lane) => lane.stop()))
    await this.#giveBackDelivered()

    if (this.#runs.size > 0) await waitAtMost(clock, clock.now() + graceMs, this.#idle(), hurry)
    for (const run of this.#runs.values()) run.abort(new WorkerStoppedError('the server that ran it stops'))
    if (this.#runs.size > 0) await this.#idle()

    await Promise.all([this.#finishes.stop(), this.#leases.stop()])
    await this.#finishLast()
    const ends = Promise.all(this.#consumptions.map((consumption) => consumption.end()))
    await waitAtMost(clock, clock.now() + END_MS, ends)
    this.#consumptions = []
  }

  #capacity(): number {
    return this.#isStarted ? this.#options.concurrency - this.#runs.size - this.#beginning : 0
  }

  /** What cannot be read now is read at the beginning, where it matters. */
  #prepare(refs: readonly OccurrenceRef[]): void {
    void this.#definitions.prepare(refs.map((ref) => ref.scheduleId)).catch(() => {})
  }

  #deliver(due: readonly Delivery[]): void {
    const begins = due.filter((delivery) => {
      if (!this.#past.has(delivery)) return this.#limits.enter(delivery.job) || this.#park(delivery)
      settle(delivery, 'done')
      return false
    })
    this.#delivered.push(...begins)
    this.#beginning += begins.length
    for (const lane of this.#begins) lane.wake()
  }

  /** Keeps what was claimed until there is room for its job; a message waits in its queue. */
  #park(delivery: Delivery): false {
    if (isClaimed(delivery)) this.#parked.push(delivery)
    else settle(delivery, 'again')
    return false
  }

  /** Says that nothing is to be done for a delivery any more, and makes room for another of its job. */
  #leave(delivery: Delivery, end: 'done' | 'again'): void {
    settle(delivery, end)
    this.#limits.leave(delivery.job)
    const next = this.#parked.findIndex(({ job }) => job === delivery.job)
    if (next !== -1) this.#deliver(this.#parked.splice(next, 1))
  }

  /** Passes what was delivered through the fence, and runs what it lets through. */
  async #begin(): Promise<Instant> {
    const delivered = this.#delivered.splice(0, BEGUN_AT_ONCE)
    if (delivered.length === 0) return Infinity
    const isMore = this.#delivered.length > 0

    const { clock, leaseMs } = this.#options
    const { passing, copies } = eachOnce(delivered, this.#busy)
    for (const id of passing.keys()) this.#busy.add(id)
    try {
      const { done, held, foreign, askedAt, hasReplaced } = await passFence(this.#options, [
        ...passing.values(),
      ])
      if (hasReplaced) this.#leases.lookAtAll()
      const begun = await this.#definitions.define(done)
      this.#lead.learn(clock.now() - askedAt)
      // An answer that took longer than a lease is worth nothing: others may have taken back what it let through.
      const isLate = clock.now() >= askedAt + leaseMs
      const again = isLate ? [...passing.values()] : deliveriesOf(held, passing)
      this.#beginning -= delivered.length - again.length
      this.#delivered.push(...again)
      for (const one of isLate ? [] : begun) {
        const run = new Run(one, askedAt + leaseMs, this.#options)
        const delivery = passing.get(run.id)!
        passing.delete(run.id)
        if (isBrought(delivery)) this.#past.add(delivery)
        this.#run(run, delivery)
      }
      const open = new Set(again)
      const stranger = new Set(deliveriesOf(foreign, passing))
      // A copy of what has begun here is void; that of a later attempt is to come again.
      for (const copy of copies) this.#leave(copy, this.#past.has(copy) ? 'done' : 'again')
      for (const delivery of passing.values())
        if (!open.has(delivery)) this.#leave(delivery, stranger.has(delivery) ? 'again' : 'done')
      if (begun.length < delivered.length) this.#wakeQueues()
      if (isMore) return clock.now()
      return again.length > 0 ? clock.now() + HELD_MS : Infinity
    } catch (error) {
      this.#delivered = [...delivered, ...this.#delivered]
      throw error
    } finally {
      for (const id of passing.keys()) this.#busy.delete(id)
    }
  }

  #run(run: Run, delivery: Delivery): void {
    const { id } = run
    this.#runs.set(id, run)
    this.#leases.watch(run)
    const ended = (outcome: RunOutcome) => {
      this.#runs.delete(id)
      const { begun, isGuarded, mark, report } = run
      this.#finished.push({ run: begun, isGuarded, mark, outcome, told: report.takeLast() })
      this.#leave(delivery, 'done')
      this.#finishes.wake()
      this.#wakeQueues()
      if (this.#runs.size === 0) this.#whenIdle?.()
    }
    const failed = (error: unknown) => {
      this.#options.logger.error({ error, occurrence: id }, 'a run could not be brought to its end')
      const failure = {
        code: 'INTERNAL',
        message: 'the run could not be brought to its end; the server’s log says why',
      }
      ended({ kind: 'failed', error: failure, result: null, retryInMs: undefined })
    }
    void run.execute(delivery.startAt).then(ended, failed)
  }

  /** Writes what has ended. */
  async #finish(): Promise<Instant> {
    if (this.#finished.length === 0) return Infinity

    const { store, clock, logger } = this.#options
    const ended = [...this.#finished]
    const { counted, held, failed, hasCalled } = await this.#writer.write(ended)
    this.#finished = [...held, ...this.#finished.slice(ended.length)]
    for (const { run } of ended)
      if (!held.some((other) => other.run === run)) this.#busy.delete(occurrenceId(run))

    if (failed.length > 0) this.#options.onFailed(failed.map(({ run, error }) => failedRun(run, run, error)))

    const lost = ended.length - counted - held.length
    if (lost > 0)
      logger.warn({ lost }, 'ended runs were no longer this server’s; what became of them is not written')
    // A further attempt may be due, or the turn of another run.
    if (hasCalled || ended.some(({ outcome }) => outcome.kind !== 'succeeded')) store.announce()
    if (this.#finished.length > held.length) return clock.now()
    return held.length > 0 ? clock.now() + HELD_MS : Infinity
  }

  /** What was delivered before the end and has not begun. */
  async #giveBackDelivered(): Promise<void> {
    const { store, owner, logger } = this.#options
    const delivered = [...this.#delivered.filter(isClaimed), ...this.#parked]
    for (const message of this.#delivered.filter(isBrought)) settle(message, 'again')
    for (const { job } of this.#delivered) this.#limits.leave(job)
    this.#delivered = []
    this.#parked = []
    this.#beginning = 0
    if (delivered.length === 0) return

    try {
      await store.brief((tables) => tables.runs.release(delivered, owner))
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

  /** Extends the leases of all that this worker holds. */
  async keepOwn(): Promise<void> {
    await this.#leases.keep()
  }

  #wakeQueues(): void {
    this.#own?.wake()
    for (const consumption of this.#consumptions) consumption.wake()
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve
    })
  }
}
