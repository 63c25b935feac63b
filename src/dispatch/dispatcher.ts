import type { Clock, Instant } from '../clock/clock.ts'
import { giveWay } from '../clock/give-way.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import type { Definition } from '../schedule/definition.ts'
import { plan, type Plan } from '../schedule/plan.ts'
import { plannableOf } from '../schedule/plannable.ts'
import { recordPlans, type PlanToRecord } from '../store/record-plans.ts'
import { isRefusal } from '../sql/sql-error.ts'
import { parseDefinition, type PlannableRecord, type ScheduleRecord } from '../store/schedule-record.ts'
import type { Store, Tables } from '../store/store.ts'

/** What one pass did. */
export interface PassReport {
  /** Occurrences written to the ledger, caught-up ones included. */
  readonly planned: number
  /** Missed occurrences that were dropped. */
  readonly missed: number
  /** Schedules that turned out to be broken. */
  readonly broken: number
}

export interface DispatcherOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** How far a pass looks ahead. */
  readonly aheadMs: number
  /** How long after one pass the next one follows. */
  readonly intervalMs: number
}

/** How many schedules one transaction claims, and how many occurrences it writes at most. */
const BATCH = 1_000
/** How long to wait after a pass that failed as a whole. */
const RETRY_MS = 5_000

/**
 * Moves cursors up to a horizon: every interval, and as soon as something turns out to lie within the horizon that the
 * last pass promised. Any number of dispatchers may work on one store.
 *
 * @see docs/design/dispatch.md
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #loop: Loop
  #unwatch = () => {}
  #promisedUntil = -Infinity
  #nextPassAt = -Infinity

  constructor(options: DispatcherOptions) {
    this.#options = options
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
   * @throws {DriverError} when the store fails; what was written by then stays, and the next pass goes on from there
   */
  async pass(aheadMs = this.#options.aheadMs): Promise<PassReport> {
    const now = await this.#options.store.now()
    const horizon = now + aheadMs

    const report = { planned: 0, missed: 0, broken: 0 }
    await this.#mendBroken(now, horizon, report)
    while ((await this.#earliestCursor()) <= horizon && (await this.#batch(now, horizon, report)))
      await giveWay()
    return report
  }

  /** A pass when its time has come; before that, only a look whether something lies within the promised horizon. */
  async #step(): Promise<Instant> {
    const { store, clock, intervalMs, aheadMs, logger } = this.#options
    // A clock that was set back has the next pass lie further off than one interval.
    const isRegular = clock.now() >= this.#nextPassAt || this.#nextPassAt > clock.now() + intervalMs
    if (!isRegular && (await this.#earliestCursor()) > this.#promisedUntil) return this.#nextPassAt

    const report = await this.pass()
    if (isRegular) {
      this.#promisedUntil = (await store.now()) + aheadMs
      this.#nextPassAt = clock.now() + intervalMs
    }
    if (report.planned > 0) {
      logger.info({ ...report }, 'dispatched')
      store.announce()
    }
    return this.#nextPassAt
  }

  #failed(error: unknown): Instant {
    this.#options.logger.error({ error }, 'a dispatch pass failed; it is tried again')
    return this.#options.clock.now() + RETRY_MS
  }

  /** One index probe, and all that an idle pass costs. */
  async #earliestCursor(): Promise<Instant> {
    return (await this.#options.store.read((tables) => tables.schedules.earliestCursor())) ?? Infinity
  }

  /** Plans a batch in one transaction. @returns whether there may be more */
  async #batch(now: Instant, horizon: Instant, report: Mutable<PassReport>): Promise<boolean> {
    const { store } = this.#options
    try {
      const outcome = await store.transaction(async (tables) => {
        const due = await tables.schedules.due(horizon, BATCH)
        return this.#planAll(tables, due, now, horizon)
      })
      this.#count(outcome, report)
      return outcome.isMore
    } catch (error) {
      if (!isRefusal(error)) throw error
      return this.#batchOneByOne(now, horizon, report)
    }
  }

  /** The database refused a batch for what it holds: find the schedule that is to blame, and serve the others. */
  async #batchOneByOne(now: Instant, horizon: Instant, report: Mutable<PassReport>): Promise<boolean> {
    const due = await this.#options.store.read((tables) => tables.schedules.due(horizon, BATCH))
    for (const { namespace, key, id } of due) {
      const outcome = await this.#alone({ namespace, key, id }, async (tables, record) => {
        const isStillDue = record.state === 'active' && (record.nextAt ?? Infinity) <= horizon
        return this.#planAll(tables, isStillDue ? [record] : [], now, horizon)
      })
      this.#count(outcome, report)
    }
    return due.length > 0
  }

  /** Does one schedule in a transaction of its own; if the database refuses it, it is set aside. */
  async #alone(
    schedule: Pick<PlannableRecord, 'namespace' | 'key' | 'id'>,
    work: (tables: Tables, record: ScheduleRecord) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { store } = this.#options
    try {
      return await store.transaction(async (tables) => {
        const record = await tables.schedules.find(schedule.namespace, schedule.key)
        return record?.id === schedule.id ? work(tables, record) : NOTHING
      })
    } catch (error) {
      if (!isRefusal(error)) throw error
      await store.transaction((tables) => this.#setAside(tables, schedule, (error as Error).message))
      return { ...NOTHING, broken: 1 }
    }
  }

  async #planAll(
    tables: Tables,
    due: readonly PlannableRecord[],
    now: Instant,
    horizon: Instant,
  ): Promise<Outcome> {
    const outcome = { planned: 0, missed: 0, broken: 0, isMore: due.length === BATCH }
    const toRecord: PlanToRecord[] = []
    for (const record of due) {
      if (outcome.planned >= BATCH) {
        outcome.isMore = true
        break
      }
      const decided = decide(record, now, horizon, BATCH)
      if (typeof decided === 'string') {
        await this.#setAside(tables, record, decided)
        outcome.broken++
        continue
      }
      toRecord.push(decided)
      outcome.planned += decided.plan.occurrences.length
      outcome.missed += decided.plan.missed?.count ?? 0
      outcome.isMore ||= (decided.plan.nextAt ?? Infinity) <= horizon
    }
    if (toRecord.length > 0) await recordPlans(tables, toRecord)
    return outcome
  }

  /** Tries again what was broken at an earlier pass: another release, or newer time zone data, may know better. */
  async #mendBroken(now: Instant, horizon: Instant, report: Mutable<PassReport>): Promise<void> {
    const { store, intervalMs } = this.#options
    const broken = await store.read((tables) => tables.schedules.broken(now - intervalMs, BATCH))
    for (const schedule of broken) {
      const outcome = await this.#alone(schedule, async (tables, record) => {
        if (record.state !== 'broken') return NOTHING
        // One that turns out to be broken still is set aside once more, which also puts off its next try.
        await tables.schedules.markMended([record.id])
        return this.#planAll(tables, [record], now, horizon)
      })
      this.#count({ ...outcome, broken: 0 }, report)
    }
  }

  async #setAside(
    tables: Tables,
    { namespace, key, id }: Pick<PlannableRecord, 'namespace' | 'key' | 'id'>,
    reason: string,
  ) {
    await tables.schedules.markBroken(id, reason, tables.now)
    this.#options.logger.error({ namespace, key, reason }, 'a schedule is broken and was set aside')
  }

  #count(outcome: Outcome, report: Mutable<PassReport>): void {
    report.planned += outcome.planned
    report.missed += outcome.missed
    report.broken += outcome.broken
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Outcome extends PassReport {
  /** Whether something may be left within the horizon. */
  readonly isMore: boolean
}

const NOTHING: Outcome = { planned: 0, missed: 0, broken: 0, isMore: false }

/** What to write for one schedule, or why nothing can be. */
function decide(
  record: PlannableRecord,
  now: Instant,
  horizon: Instant,
  limit: number,
): PlanToRecord | string {
  let definition: Definition
  let decided: Plan
  try {
    definition = parseDefinition(record.definitionText)
    decided = plan(
      plannableOf(definition, record, record.nextAt ?? now + 1, record.planned),
      now,
      horizon,
      limit,
    )
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return { scheduleId: record.id, generation: record.generation, queue: definition.queue, plan: decided }
}
