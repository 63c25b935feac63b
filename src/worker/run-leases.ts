import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import { LeaseLostError, RunReplacedError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import type { FinishedRun, GuardMark, RunRef } from '../store/run-end.ts'
import type { HeldRun } from '../store/run-ledger.ts'
import type { Store, Tables } from '../store/store.ts'
import type { Run } from './run.ts'

export interface RunLeasesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly owner: string
  readonly leaseMs: number
}

/** How long to wait after the store failed. */
const RETRY_MS = 1_000
/** How long it is between two looks whether runs are to be replaced; news of it comes sooner. */
const LOOK_MS = 2_000

/** Keeps the leases of runs, and aborts runs that lost theirs or are replaced. */
export class RunLeases {
  readonly #options: RunLeasesOptions
  readonly #runs: ReadonlyMap<string, Run>
  readonly #ended: () => readonly FinishedRun[]
  readonly #heartbeats: Loop
  readonly #expiries: Loop
  readonly #replacements: Loop
  /** Whether it looks for what is replaced, now and then. */
  #looksForReplaced = false
  /** Whether the next look is also at runs that are not known to have a guard. */
  #looksAtAll = false
  #unwatch = () => {}

  /**
   * @param runs what runs here, by occurrence
   * @param ended what has ended and is not written yet, whose leases must hold until it is
   */
  constructor(
    options: RunLeasesOptions,
    runs: ReadonlyMap<string, Run>,
    ended: () => readonly FinishedRun[],
  ) {
    this.#options = options
    this.#runs = runs
    this.#ended = ended
    const loop = (step: () => Promise<Instant>, failure: string) =>
      new Loop(options.clock, step, (error) => {
        options.logger.error({ error }, failure)
        return options.clock.now() + RETRY_MS
      })
    this.#heartbeats = loop(() => this.#heartbeat(), 'leases could not be extended; it is tried again')
    this.#expiries = loop(() => this.#expire(), 'leases could not be watched; it is tried again')
    this.#replacements = loop(
      () => this.#replace(),
      'it could not be seen which runs are replaced; it is tried again',
    )
  }

  start(): void {
    for (const loop of [this.#heartbeats, this.#expiries, this.#replacements]) loop.start()
    this.#unwatch = this.#options.store.watch(() => {
      if (this.#looksForReplaced) this.#replacements.wake()
    })
  }

  /** Says that a run has begun. */
  watch(run: Run): void {
    if (this.#runs.size === 1) this.#expiries.wake()
    if (run.isGuarded && !this.#looksForReplaced) this.#replacements.wake()
  }

  /** Says that runs were told to end, perhaps here; a run that is not known to have a guard hears of it by its heartbeat otherwise. */
  lookAtAll(): void {
    this.#looksAtAll = true
    this.#replacements.wake()
  }

  async stop(): Promise<void> {
    this.#unwatch()
    await Promise.all([this.#heartbeats.stop(), this.#expiries.stop(), this.#replacements.stop()])
  }

  /** Extends all leases now. */
  async keep(): Promise<void> {
    if (this.#holdsAny) await this.#options.store.brief((tables) => this.#extend(tables))
  }

  /** Extends the leases of what runs here, and aborts what is no longer this worker's. */
  async #heartbeat(): Promise<Instant> {
    const { store, clock, leaseMs } = this.#options
    const period = Math.floor(leaseMs / 3)
    if (!this.#holdsAny) return clock.now() + period

    // Only what ran before the question was asked can be missed in the answer.
    const asked = [...this.#runs.values()]
    let askedAt = clock.now()
    const held = await store.brief((tables) => {
      askedAt = clock.now()
      return this.#extend(tables)
    })
    const attempts = new Map(held.map((ref) => [occurrenceId(ref), ref.attempt]))
    for (const run of asked) {
      if (attempts.get(run.id) === run.begun.attempt) run.heldUntil = askedAt + leaseMs
      else this.#loseLease(run)
    }
    for (const { mark, ...ref } of held) if (mark !== undefined) this.#heed(ref, mark)
    await this.#keepTold(asked.filter((run) => attempts.get(run.id) === run.begun.attempt))
    return clock.now() + period
  }

  /** Writes what handlers have told since. That it cannot be written must not cost them their leases. */
  async #keepTold(held: readonly Run[]): Promise<void> {
    const { store, owner, logger } = this.#options
    const news = held.flatMap((run) => {
      const told = run.report.isNew ? run.report.take() : undefined
      return told === undefined ? [] : [{ run, told }]
    })
    if (news.length === 0) return

    try {
      const writes = news.map(({ run, told }) => ({ run: run.begun, told }))
      await store.brief(({ details, now }) => details.write(writes, owner, now))
      for (const { run, told } of news) run.report.written(told)
    } catch (error) {
      logger.error({ error }, 'what runs told could not be kept; it is tried again')
    }
  }

  /** Aborts what the store has not confirmed for the length of a lease. A heartbeat may wait for longer than that. */
  async #expire(): Promise<Instant> {
    if (this.#runs.size === 0) return Infinity

    const { clock, leaseMs } = this.#options
    const now = clock.now()
    let next = now + leaseMs
    for (const run of this.#runs.values()) {
      if (run.heldUntil <= now) this.#loseLease(run)
      else next = Math.min(next, run.heldUntil)
    }
    return next
  }

  /** Aborts what others take the place of. */
  async #replace(): Promise<Instant> {
    const { store, clock } = this.#options
    const looked = this.#looksAtAll ? [...this.#runs.values()] : this.#guarded
    this.#looksAtAll = false
    this.#looksForReplaced = looked.length > 0
    if (!this.#looksForReplaced) return Infinity

    const begun = looked.map((run) => run.begun)
    for (const { mark, ...ref } of await store.read((tables) => tables.turns.markedAmong(begun)))
      this.#heed(ref, mark)
    return clock.now() + LOOK_MS
  }

  /** Does what a guard's mark says: the run ends, or at least its end is told to the guard. */
  #heed(ref: RunRef, mark: GuardMark): void {
    const run = this.#runs.get(occurrenceId(ref))
    if (run?.begun.attempt !== ref.attempt) return
    const isNew = run.mark !== mark
    run.mark = mark
    if (mark === 'overlap')
      run.abort(new RunReplacedError(`run ${run.id} was replaced by a later one of its guard`))
    else if (isNew && !this.#looksForReplaced) this.#replacements.wake()
  }

  /** Extends the leases of what this worker knows that it holds; what it does not know of must run out. */
  async #extend({ runs, now }: Tables): Promise<HeldRun[]> {
    const { owner, leaseMs } = this.#options
    const known = [
      ...[...this.#runs.values()].map((run) => run.begun),
      ...this.#ended().map(({ run }) => run),
    ]
    return runs.heartbeat(known, owner, now, leaseMs)
  }

  #loseLease(run: Run): void {
    // It may have ended while the question was under way, and be on its way to the ledger.
    if (this.#runs.get(run.id) !== run) return
    run.abort(new LeaseLostError(`the lease of run ${run.id} was lost: another server may run it now`))
  }

  get #guarded(): Run[] {
    return [...this.#runs.values()].filter((run) => run.isGuarded)
  }

  /** Something runs here, or has ended and is not written yet. */
  get #holdsAny(): boolean {
    return this.#runs.size + this.#ended().length > 0
  }
}
