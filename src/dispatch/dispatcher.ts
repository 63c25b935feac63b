import { quoted, scheduleText, type AlertSink } from '../alert/alert.ts'
import type { Clock, Instant } from '../clock/clock.ts'
import { giveWay } from '../clock/give-way.ts'
import { Loop } from '../clock/loop.ts'
import { monotonicMs } from '../clock/monotonic.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { waitUntil } from '../clock/wait.ts'
import { DriverError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { recordPlans, type PlanToRecord } from '../store/record-plans.ts'
import { isRefusal } from '../sql/sql-error.ts'
import type { NewMissedRange } from '../store/ledger.ts'
import type { CursorRecord } from '../store/schedule-record.ts'
import type { SetAside } from '../store/schedule-table.ts'
import type { Store, Tables } from '../store/store.ts'
import type { TelemetryHub } from '../telemetry/telemetry-hub.ts'
import { BatchPlanner, TermsCache } from './batch-planner.ts'
import { PauseKeeper } from './pause-keeper.ts'
import { inLanes } from './in-lanes.ts'
import type { OwedWriter } from './owed-writer.ts'

/** What one pass did. */
export interface PassReport {
  /** Occurrences written to the ledger, caught-up ones included. */
  readonly planned: number
  /** Missed occurrences that were dropped. */
  readonly missed: number
  /** Schedules that turned out to be broken. */
  readonly broken: number
  /** Where missed runs are caught up at a rate: how many were found, which are written to the ledger one after the other. */
  readonly owed?: number
}

/** What one transaction did. */
interface Outcome extends PassReport {
  /** The schedules that it set aside, and why. */
  readonly setAside: readonly { readonly schedule: SetAside; readonly reason: string }[]
  /** What it found too late to run. */
  readonly ranges: readonly NewMissedRange[]
}

export interface DispatcherOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** Whether what is to be caught up is owed, and written at a rate. */
  readonly owes: boolean
  /** Writes what is owed. */
  readonly owed: OwedWriter
  readonly alerts: AlertSink
  readonly telemetry: TelemetryHub
  /** Told of what was found too late to run, once that is committed. */
  readonly onMissed: (ranges: readonly NewMissedRange[]) => void
  /** How far a pass looks ahead. */
  readonly aheadMs: number
  /** How long after one pass the next one follows. */
  readonly intervalMs: number
}

/** How many schedules one transaction claims, and how many occurrences it writes at most. */
const BATCH = 2_500
/** How many batches of a large pass are under way at a time. */
const LANES = 2
/** How long to wait after a pass that failed as a whole. */
const RETRY_MS = 5_000
/** How long a pass waits for what others hold, where it waits. */
const PATIENCE_MS = 10_000
const LOOK_AGAIN_MS = 20
/** How long to wait before a look at what a pass left to others. */
const LEFT_OVER_MS = 1_000
/** How long before the first of them is due what is owed is written. */
const OWED_LEAD_MS = 10_000

/**
 * Moves cursors up to a horizon: every interval, and as soon as something turns out to lie within the horizon that the
 * last pass promised. Any number of dispatchers may work on one store.
 *
 * @see docs/design/dispatch.md
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #loop: Loop
  readonly #terms = new TermsCache()
  readonly #pauses: PauseKeeper
  /** Others' locks are of the outside world, which a test's clock does not rule. */
  readonly #waits = new SystemClock()
  #unwatch = () => {}
  #promisedUntil = -Infinity
  #nextPassAt = -Infinity
  /** When there is more to write of what is owed. */
  #owedAt = Infinity

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#pauses = new PauseKeeper(options)
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => this.#failed(error),
    )
  }

  start(): void {
    this.#nextPassAt = -Infinity
    this.#unwatch()
    this.#unwatch = this.#options.store.watch(() => this.#loop.wake())
    this.#loop.start()
  }

  async stop(): Promise<void> {
    this.#unwatch()
    this.#unwatch = () => {}
    await this.#loop.stop()
  }

  /**
   * One pass over what is due within `aheadMs` of now.
   *
   * @param waits whether it waits for schedules that others are at work on; otherwise it leaves them to those
   * @throws {DriverError} when the store fails, or others don't let go; what was written by then stays, and the next pass
   * goes on from there
   */
  async pass(aheadMs = this.#options.aheadMs, { waits = false } = {}): Promise<PassReport> {
    const report = { ...this.#nothing }
    const { clock, telemetry } = this.#options
    const beganAt = new Date(clock.now())
    const fromMs = monotonicMs()
    const tell = (end: { error?: unknown }) =>
      telemetry.passEnded({ beganAt, tookMs: monotonicMs() - fromMs, ...report, ...end })
    try {
      await this.#pass(aheadMs, report, waits)
    } catch (error) {
      tell({ error })
      throw error
    }
    tell({})
    return report
  }

  async #pass(aheadMs: number, report: Mutable<PassReport>, waits: boolean): Promise<void> {
    const { store } = this.#options
    const now = await store.now()
    const horizon = now + aheadMs

    this.#count({ ...NOTHING, ...(await this.#pauses.pass(now)) }, report)
    await this.#mendBroken(now, horizon, report)
    if ((await this.#earliestCursor()) > horizon) return

    const most = store.takesWritesSideBySide ? LANES : 1
    await inLanes(most, (onFull) => this.#fullBatches(now, horizon, report, onFull))
    await this.#rest(now, horizon, report, waits)
  }

  /** Batch after batch, as long as they are full: then there may be more. @param onFull told as soon as one is */
  async #fullBatches(
    now: Instant,
    horizon: Instant,
    report: Mutable<PassReport>,
    onFull: () => void,
  ): Promise<void> {
    while ((await this.#batch(now, horizon, report, onFull)) >= BATCH) await giveWay()
  }

  /** Batch after batch, until nothing is left, or nothing that others don't hold. */
  async #rest(now: Instant, horizon: Instant, report: Mutable<PassReport>, waits: boolean): Promise<void> {
    let giveUpAt = this.#waits.now() + PATIENCE_MS
    while ((await this.#earliestCursor()) <= horizon) {
      await giveWay()
      if ((await this.#batch(now, horizon, report)) > 0) {
        giveUpAt = this.#waits.now() + PATIENCE_MS
        continue
      }
      if (!waits) return
      if (this.#waits.now() >= giveUpAt)
        throw new DriverError('schedules that are due are held by other transactions', { retryable: true })
      await waitUntil(this.#waits, this.#waits.now() + LOOK_AGAIN_MS)
    }
  }

  /**
   * A pass when its time has come; before that, only a look whether something lies within the promised horizon, or a pause
   * is to be ended.
   */
  async #step(): Promise<Instant> {
    const { clock, intervalMs } = this.#options
    // A clock that was set back has the next pass lie further off than one interval.
    const isRegular = clock.now() >= this.#nextPassAt || this.#nextPassAt > clock.now() + intervalMs
    const before = isRegular ? undefined : await this.#look()
    const isDue = before === undefined || before.isDue
    if (isDue) await this.#passAsPromised(isRegular)
    if (isDue || clock.now() >= this.#owedAt) await this.#writeOwed()
    // What somebody else was at work on was left to them; if they died over it, it is still there.
    const after = isDue ? await this.#look() : before
    return after.isDue ? clock.now() + LEFT_OVER_MS : Math.min(after.nextAt, this.#owedAt)
  }

  async #passAsPromised(isRegular: boolean): Promise<void> {
    const { store, clock, intervalMs, aheadMs, logger } = this.#options
    const beganAt = await store.now()
    const report = await this.pass()
    if (isRegular) {
      this.#promisedUntil = beganAt + aheadMs
      this.#nextPassAt = clock.now() + intervalMs
    }
    if (report.planned > 0) {
      logger.info({ ...report }, 'dispatched')
      store.announce()
    }
  }

  async #writeOwed(): Promise<void> {
    const { store, clock, owed } = this.#options
    const now = await store.now()
    const { written, nextAt } = await owed.write(now + OWED_LEAD_MS)
    if (written > 0) store.announce()
    this.#owedAt = clock.now() + Math.max(nextAt - OWED_LEAD_MS - now, 0)
  }

  /** Whether there is something to do before the next pass, and when that is to be asked again. All that an idle step costs. */
  async #look(): Promise<{ isDue: boolean; nextAt: Instant }> {
    const { store, clock } = this.#options
    const { cursorAt, pauseAt } = await store.read((tables) => tables.pauses.probe())
    if (cursorAt <= this.#promisedUntil) return { isDue: true, nextAt: this.#nextPassAt }
    if (pauseAt === Infinity) return { isDue: false, nextAt: this.#nextPassAt }

    const inMs = pauseAt - (await store.now())
    return { isDue: inMs <= 0, nextAt: Math.min(this.#nextPassAt, clock.now() + Math.max(inMs, 1)) }
  }

  #failed(error: unknown): Instant {
    this.#options.logger.error({ error }, 'a dispatch pass failed; it is tried again')
    return this.#options.clock.now() + RETRY_MS
  }

  /** One index probe. */
  async #earliestCursor(): Promise<Instant> {
    return (await this.#options.store.read((tables) => tables.cursors.earliest())) ?? Infinity
  }

  /** Plans a batch in one transaction. @returns how many schedules it took up; none when others hold what is left */
  async #batch(
    now: Instant,
    horizon: Instant,
    report: Mutable<PassReport>,
    onFull = () => {},
  ): Promise<number> {
    const { store } = this.#options
    try {
      const outcome = await store.transaction(async (tables) => {
        const due = await tables.cursors.due(horizon, BATCH)
        if (due.length >= BATCH) onFull()
        return { ...(await this.#planAll(tables, due, now, horizon)), taken: due.length }
      })
      this.#count(outcome, report)
      return outcome.taken
    } catch (error) {
      if (!isRefusal(error)) throw error
      return this.#batchOneByOne(now, horizon, report)
    }
  }

  /** The database refused a batch for what it holds: find the schedule that is to blame, and serve the others. */
  async #batchOneByOne(now: Instant, horizon: Instant, report: Mutable<PassReport>): Promise<number> {
    const due = await this.#options.store.transaction((tables) => tables.cursors.due(horizon, BATCH))
    for (const { id } of due) {
      const outcome = await this.#alone(id, async (tables, cursor) => {
        const isStillDue = !cursor.isBroken && (cursor.nextAt ?? Infinity) <= horizon
        return this.#planAll(tables, isStillDue ? [cursor] : [], now, horizon)
      })
      this.#count(outcome, report)
    }
    return due.length
  }

  /** Does one schedule in a transaction of its own; if the database refuses it, it is set aside. */
  async #alone(
    id: number,
    work: (tables: Tables, cursor: CursorRecord & { isBroken: boolean }) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { store } = this.#options
    let seen: CursorRecord | undefined
    try {
      return await store.transaction(async (tables) => {
        const cursor = await tables.cursors.lock(id)
        seen = cursor
        return cursor === undefined ? NOTHING : work(tables, cursor)
      })
    } catch (error) {
      if (!isRefusal(error)) throw error
      return store.transaction(async (tables) => {
        const cursor = await tables.cursors.lock(id)
        // Changed meanwhile: then it is not this one that the database refused.
        if (cursor?.generation !== seen?.generation || cursor?.nextAt !== seen?.nextAt) return NOTHING
        return { ...NOTHING, broken: 1, setAside: await this.#setAside(tables, id, (error as Error).message) }
      })
    }
  }

  async #planAll(
    tables: Tables,
    due: readonly CursorRecord[],
    now: Instant,
    horizon: Instant,
  ): Promise<Outcome> {
    const outcome: Mutable<Outcome> & {
      setAside: Outcome['setAside'][number][]
      ranges: NewMissedRange[]
    } = {
      ...this.#nothing,
      setAside: [],
      ranges: [],
    }
    const toRecord: PlanToRecord[] = []
    const terms = await this.#terms.of(due, (ids) => tables.schedules.termsOf(ids))
    const planner = new BatchPlanner(terms, now, horizon, BATCH, this.#options.owes)
    for (const cursor of due) {
      if (outcome.planned >= BATCH) break
      const decided = planner.decide(cursor)
      if (typeof decided === 'string') {
        outcome.setAside.push(...(await this.#setAside(tables, cursor.id, decided)))
        outcome.broken++
        continue
      }
      toRecord.push(decided)
      outcome.planned += decided.plan.occurrences.length
      const { plan, ...of } = decided
      if (plan.owed !== undefined) outcome.owed = (outcome.owed ?? 0) + plan.owed.count
      if (plan.missed === undefined) continue
      outcome.missed += plan.missed.count
      outcome.ranges.push({ ...of, ...plan.missed })
    }
    if (toRecord.length > 0) await recordPlans(tables, toRecord)
    return outcome
  }

  /** Tries again what was broken at an earlier pass: another release, or newer time zone data, may know better. */
  async #mendBroken(now: Instant, horizon: Instant, report: Mutable<PassReport>): Promise<void> {
    const { store, intervalMs } = this.#options
    const broken = await store.read((tables) => tables.schedules.broken(now - intervalMs, BATCH))
    for (const id of broken) {
      const outcome = await this.#alone(id, async (tables, cursor) => {
        if (!cursor.isBroken) return NOTHING
        // One that turns out to be broken still is set aside once more, which also puts off its next try.
        await tables.schedules.markMended(id)
        return this.#planAll(tables, [cursor], now, horizon)
      })
      // That it is broken was told when it turned out.
      this.#count({ ...outcome, broken: 0, setAside: [] }, report)
    }
  }

  async #setAside(tables: Tables, id: number, reason: string): Promise<Outcome['setAside']> {
    const schedule = await tables.schedules.markBroken(id, reason, tables.now)
    this.#options.logger.error({ ...schedule, reason }, 'a schedule is broken and was set aside')
    return schedule === undefined ? [] : [{ schedule, reason }]
  }

  /** Once it is committed. */
  #count(outcome: Outcome, report: Mutable<PassReport>): void {
    report.planned += outcome.planned
    report.missed += outcome.missed
    report.broken += outcome.broken
    if (outcome.owed !== undefined) report.owed = (report.owed ?? 0) + outcome.owed
    this.#options.onMissed(outcome.ranges)
    for (const { schedule, reason } of outcome.setAside) this.#tellBroken(schedule, reason)
  }

  get #nothing(): PassReport {
    return this.#options.owes ? { ...NOTHING_DONE, owed: 0 } : NOTHING_DONE
  }

  #tellBroken({ group, ...schedule }: SetAside, reason: string): void {
    this.#options.alerts.raise({
      kind: 'schedule-broken',
      about: { ...schedule, group: group ?? undefined },
      message: `${scheduleText(schedule)} is broken and does not run: ${quoted(reason)}; store it anew, or change what is wrong`,
      details: { reason },
    })
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NOTHING_DONE: PassReport = { planned: 0, missed: 0, broken: 0 }
const NOTHING: Outcome = { ...NOTHING_DONE, setAside: [], ranges: [] }
