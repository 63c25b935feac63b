import { Catalog } from '../../../src/catalog/catalog.ts'
import { resolveCatchUp } from '../../../src/carillon/catch-up-settings.ts'
import { TelemetryHub } from '../../../src/telemetry/telemetry-hub.ts'
import { Dispatcher, type PassReport } from '../../../src/dispatch/dispatcher.ts'
import { OwedWriter } from '../../../src/dispatch/owed-writer.ts'
import type { OccurrenceRef } from '../../../src/schedule/occurrence.ts'
import { beginsAgain, type RunOutcome, type RunRef } from '../../../src/store/run-end.ts'
import type { Passed } from '../../../src/store/fence.ts'
import type { PassedGuards } from '../../../src/store/turns.ts'
import type { BegunOccurrence } from '../../../src/store/way.ts'
import type { ClaimedOccurrence, HeldRun, Reaped } from '../../../src/store/run-ledger.ts'
import { Store, type Tables } from '../../../src/store/store.ts'
import { JobRegistry } from '../../../src/task/job-registry.ts'
import { defineJob } from '../../../src/task/job.ts'
import type { ManualClock } from '../../../src/testing/index.ts'
import { Definitions, type BegunRun } from '../../../src/worker/definitions.ts'
import { RunWriter } from '../../../src/worker/run-writer.ts'
import type { DatabaseKind } from '../../support/test-databases.ts'
import { Stage } from './stage.ts'
import { stagedMysql, stagedPostgres, type StagedPool } from './staged-pool.ts'

export const MINUTE = 60_000
export const HOLD_MS = 5_000
export const LEASE_MS = 30_000
const AHEAD_MS = 10 * MINUTE

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const jobs = ['note', 'other'].map((name) => defineJob(name, { handle: () => undefined }))

export const SUCCEEDED: RunOutcome = { kind: 'succeeded', result: null }
export const FAILED: RunOutcome = {
  kind: 'failed',
  error: { code: 'ERROR', message: 'it failed' },
  result: null,
  retryInMs: MINUTE,
}

/** What a worker does to the ledger, step by step. */
class Steps {
  readonly name: string
  readonly #store: Pick<Store, 'brief' | 'read' | 'transaction'>
  readonly #definitions: Definitions

  constructor(name: string, store: Pick<Store, 'brief' | 'read' | 'transaction'>) {
    this.name = name
    this.#store = store
    this.#definitions = new Definitions(store)
  }

  /** Reads the definitions before they are wanted. */
  async prepare(refs: readonly OccurrenceRef[]): Promise<void> {
    await this.#definitions.prepare(refs.map(({ scheduleId }) => scheduleId))
  }

  /** @param aheadMs long enough for all that is planned, by default */
  async claim({ limit = 1_000, aheadMs = AHEAD_MS } = {}): Promise<ClaimedOccurrence[]> {
    const claim = {
      queue: 'default',
      jobs: ['note', 'other'],
      owner: this.name,
      aheadMs,
      holdMs: HOLD_MS,
      limit,
    }
    return this.#store.brief((tables) => tables.runs.claim(claim, tables.now))
  }

  /** As the fence answers: what has begun, and what it passed over since somebody else held it. */
  async tryBegin(refs: readonly OccurrenceRef[]): Promise<Passed<BegunOccurrence>> {
    const passed = await this.#store.brief((tables) =>
      tables.fence.begin(refs, this.name, tables.now, LEASE_MS),
    )
    // None of these schedules has a guard.
    const { inTurn, ...known } = passed
    if (inTurn.length > 0) throw new Error('a guard was to be asked')
    return known
  }

  /** Asks the guards of what was claimed. */
  async ask(refs: readonly OccurrenceRef[]): Promise<PassedGuards> {
    const beginner = { owner: this.name, jobs: ['note', 'other'], leaseMs: LEASE_MS }
    return this.#store.transaction((tables) => tables.turns.begin(refs, beginner, () => tables.exactNow()))
  }

  /** Writes that runs succeeded, as a worker does. @returns how many counted */
  async end(runs: readonly BegunOccurrence[]): Promise<number> {
    const defined = await this.#definitions.define(runs)
    const ended = defined.map((run) => ({ run, isGuarded: run.isGuarded, outcome: SUCCEEDED }))
    return (await new RunWriter(this.#store, this.name, silent).write(ended)).counted
  }

  /** What has begun, with the definitions as a worker then reads them. */
  async begin(refs: readonly OccurrenceRef[]): Promise<BegunRun[]> {
    const { done } = await this.tryBegin(refs)
    return this.#definitions.define(done)
  }

  /** Claims and begins what is planned. */
  async run(): Promise<BegunRun[]> {
    return this.begin(await this.claim())
  }

  async tryFinish(runs: readonly RunRef[], outcome = SUCCEEDED): Promise<Passed<RunRef>> {
    const finished = runs.map((run) => ({ run, isGuarded: false, outcome }))
    const write = (tables: Tables) => tables.runs.finish(finished, this.name, tables.now)
    return finished.some(beginsAgain) ? this.#store.transaction(write) : this.#store.brief(write)
  }

  /** The runs whose end counted. */
  async finish(runs: readonly RunRef[], outcome = SUCCEEDED): Promise<readonly RunRef[]> {
    return (await this.tryFinish(runs, outcome)).done
  }

  async heartbeat(runs: readonly RunRef[]): Promise<HeldRun[]> {
    return this.#store.brief((tables) => tables.runs.heartbeat(runs, this.name, tables.now, LEASE_MS))
  }

  async release(refs: readonly OccurrenceRef[]): Promise<void> {
    return this.#store.brief((tables) => tables.runs.release(refs, this.name))
  }

  async reap(): Promise<Reaped> {
    return this.#store.transaction((tables) => tables.runs.reap(tables.now, 500))
  }
}

/** A process with connections of its own, whose steps the test calls one by one. */
export class Actor extends Steps implements AsyncDisposable {
  /** The same steps, each in a transaction, so that there is a commit to be stopped at. */
  readonly slow: Steps
  readonly stage: Stage
  readonly store: Store
  readonly catalog: Catalog
  readonly #pool: StagedPool | undefined
  readonly #dispatcher: Dispatcher

  private constructor(name: string, clock: ManualClock, store: Store, stage: Stage, pool?: StagedPool) {
    super(name, store)
    const transaction: Store['transaction'] = (work) => store.transaction(work)
    this.slow = new Steps(name, { brief: transaction, transaction, read: (work) => store.read(work) })
    this.stage = stage
    this.store = store
    this.#pool = pool
    this.catalog = this.catalogAhead(AHEAD_MS)
    const options = {
      store,
      clock,
      logger: silent,
      alerts: { raise: () => {} },
      onMissed: () => {},
      aheadMs: AHEAD_MS,
      intervalMs: AHEAD_MS / 2,
    }
    const catchUp = resolveCatchUp(undefined)
    const owed = new OwedWriter({ ...options, ...catchUp })
    this.#dispatcher = new Dispatcher({
      ...options,
      ...catchUp,
      owed,
      telemetry: new TelemetryHub([], silent),
    })
  }

  static async open(name: string, kind: DatabaseKind, address: string, clock: ManualClock): Promise<Actor> {
    const stage = new Stage()
    if (kind === 'sqlite') return new Actor(name, clock, await Store.open(address, clock), stage)

    const pool = (kind === 'postgres' ? stagedPostgres : stagedMysql)(address, stage)
    return new Actor(name, clock, await Store.open(pool.input, clock), stage, pool)
  }

  /** The catalog of a process that plans so far ahead when it stores a schedule. */
  catalogAhead(aheadMs: number): Catalog {
    const { store } = this
    const parts = {
      store,
      aheadMs,
      jobs: new JobRegistry(jobs),
      queues: ['default'],
      maxPayloadBytes: 1_000,
      keepMs: 0,
    }
    return new Catalog(parts, 'default')
  }

  /** @param waits whether for schedules that others are at work on */
  async pass({ waits = false } = {}): Promise<PassReport> {
    return this.#dispatcher.pass(AHEAD_MS, { waits })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stage.clear()
    await this.store.close()
    await this.#pool?.end()
  }
}
