import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Json } from '../schedule/json.ts'
import type { OccurrenceOrigin, OccurrenceRef, OccurrenceState, SkipReason } from '../schedule/occurrence.ts'
import type { OverlapWord } from '../schedule/overlap.ts'
import type { MissedRange } from '../schedule/plan.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { OccurrencesTable } from '../sql/schema.ts'
import { refList, REF_COLUMNS, toRef } from './occurrence-refs.ts'
import { ExpectationTable, type Expectation } from './expectation-table.ts'
import { OccurrenceRows, type RefColumns } from './occurrence-rows.ts'
import { conditionsOf, isAfter, newestFirst, type OccurrenceFilter } from './occurrence-filter.ts'
import { againAt, Outbox } from './outbox.ts'
import { trySendInside, type SendInside } from './send-inside.ts'

/** An occurrence that is written for the first time. */
export interface NewOccurrence extends OccurrenceRef {
  readonly dueAt: Instant
  readonly origin: OccurrenceOrigin
  readonly queue: string
  readonly job: string
  /** What competes for workers as one, when they are behind: `flowOf` its namespace. */
  readonly flow: number
  /** How many missed ones right before it were dropped, for which it stands. */
  readonly standsFor?: number | undefined
  /** How long after it is due it is to have ended. */
  readonly expectWithinMs?: number | null | undefined
}

/** A range of occurrences that do not run, written as one row. */
export interface NewMissedRange extends MissedRange {
  readonly scheduleId: number
  readonly generation: number
  readonly queue: string
  readonly job: string
  /** `missed` by default. */
  readonly reason?: SkipReason
}

/** What went wrong in a run, as it is kept. */
export interface RunError {
  readonly code: string
  readonly message: string
  readonly stack?: string
}

/** An occurrence as the ledger has it. */
export interface OccurrenceRecord extends OccurrenceRef {
  readonly dueAt: Instant
  readonly state: OccurrenceState
  readonly reason: SkipReason | null
  readonly origin: OccurrenceOrigin
  readonly queue: string
  readonly attempt: number
  readonly owner: string | null
  readonly plannedAt: Instant
  readonly startedAt: Instant | null
  readonly finishedAt: Instant | null
  readonly error: RunError | null
  readonly result: Json
  readonly missedUntil: Instant | null
  readonly missedCount: number | null
  /** Its own overlap policy, where a backfill gave it one. */
  readonly overlap: OverlapWord | null
}

export interface HistoryFilter extends OccurrenceFilter {
  readonly scheduleIds: readonly number[]
  /** Only what comes after this occurrence in the listing: the last one of the page before. */
  readonly after?: OccurrenceRef | undefined
  readonly limit: number
}

/** The ledger: what was planned and what became of it. How runs move through it is in `run-ledger.ts`. */
export class Ledger {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #rows: OccurrenceRows
  readonly #outbox: Outbox
  readonly #expectations: ExpectationTable

  readonly #senders: ReadonlyMap<string, SendInside>

  /** @param senders the queues that take part in a transaction, by their names */
  constructor(sql: Sql, flavor: Flavor, senders: ReadonlyMap<string, SendInside>) {
    this.#senders = senders
    this.#sql = sql
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
    this.#outbox = new Outbox(sql, flavor)
    this.#expectations = new ExpectationTable(sql, flavor)
  }

  /**
   * Writes planned occurrences in one statement, and puts them into their queue where that takes part in the transaction.
   * Their identities must be new; the primary key watches over it.
   */
  async insert(occurrences: readonly NewOccurrence[], now: Instant): Promise<void> {
    const rest = new Set(occurrences)
    for (const [queue, send] of this.#senders) {
      const own = occurrences.filter((occurrence) => occurrence.queue === queue)
      const entries = own.map((occurrence) => ({ ...occurrence, attempt: 0 }))
      if (own.length === 0 || !(await trySendInside(this.#sql, send, entries))) continue
      await this.#insert(own, now, 'sent')
      for (const occurrence of own) rest.delete(occurrence)
    }
    await this.#insert(rest.size === occurrences.length ? occurrences : [...rest], now, 'planned')
    const expected: Expectation[] = []
    for (const { scheduleId, generation, nominalAt, dueAt, expectWithinMs } of occurrences) {
      if (expectWithinMs === null || expectWithinMs === undefined) continue
      expected.push({ scheduleId, generation, nominalAt, expectedAt: Math.max(dueAt, now) + expectWithinMs })
    }
    await this.#expectations.insert(expected)
  }

  async #insert(
    occurrences: readonly NewOccurrence[],
    now: Instant,
    state: 'planned' | 'sent',
  ): Promise<void> {
    if (occurrences.length === 0) return

    const columns = {
      due_at: 'integer',
      origin: 'text',
      queue: 'text',
      job: 'text',
      missed_count: 'integer',
      flow: 'integer',
    } as const
    const rows = refList(this.#flavor, occurrences, columns, (i) => {
      const { dueAt, origin, queue, job, standsFor = null, flow } = occurrences[i]!
      return [dueAt, origin, queue, job, standsFor, flow]
    })
    await sql`
      insert into ${OCCURRENCES}
        (schedule_id, generation, nominal_at, due_at, state, origin, queue, job, missed_count, flow, planned_at,
         lease_until)
      select r.schedule_id, r.generation, r.nominal_at, r.due_at, ${this.#flavor.text(state)}, r.origin, r.queue, r.job,
        r.missed_count, r.flow, ${this.#flavor.integer(now)}, ${state === 'sent' ? againAt(this.#flavor, sql`r.due_at`, now) : this.#flavor.integer(null)}
      from ${rows} as r`.execute(this.#sql)
  }

  /** Records what does not run: one row a range. */
  async insertMissed(ranges: readonly NewMissedRange[], now: Instant): Promise<void> {
    if (ranges.length === 0) return

    const rows = this.#flavor.rowList(
      {
        ...REF_COLUMNS,
        reason: 'text',
        queue: 'text',
        job: 'text',
        missed_until: 'integer',
        missed_count: 'integer',
      },
      ranges.map(({ scheduleId, generation, from, reason = 'missed', queue, job, until, count }) => [
        scheduleId,
        generation,
        from,
        reason,
        queue,
        job,
        until,
        count,
      ]),
    )
    const at = this.#flavor.integer(now)
    await sql`
      insert into ${OCCURRENCES}
        (schedule_id, generation, nominal_at, due_at, state, reason, origin, queue, job,
         planned_at, finished_at, missed_until, missed_count)
      select r.schedule_id, r.generation, r.nominal_at, r.nominal_at, 'skipped', r.reason, 'schedule', r.queue, r.job,
        ${at}, ${at}, r.missed_until, r.missed_count
      from ${rows} as r`.execute(this.#sql)
  }

  /**
   * Withdraws all occurrences of schedules that have not begun, or wait for a further attempt.
   *
   * @returns how many there were of each schedule that had any, those that were started by hand left out
   */
  async withdraw(
    scheduleIds: readonly number[],
    reason: SkipReason,
    now: Instant,
  ): Promise<Map<number, number>> {
    const held = await this.#rows.lock(await this.#waiting(scheduleIds), WAITS)
    const sent = held.filter(({ state }) => state === 'sent')
    await this.#outbox.withdraw(sent)
    const withdrawn = await this.#rows.change(held, {
      condition: WAITS,
      set: {
        state: sql`'skipped'`,
        reason: sql`${reason}`,
        finished_at: this.#flavor.integer(now),
        lease_until: sql`null`,
      },
    })
    const counts = new Map<number, number>()
    for (const { origin, scheduleId } of withdrawn) {
      if (origin !== 'manual' && origin !== 'backfill')
        counts.set(scheduleId, (counts.get(scheduleId) ?? 0) + 1)
    }
    return counts
  }

  /** Has a run that failed for good begin again, due now and with all its retries. */
  async retry(ref: OccurrenceRef, now: Instant): Promise<void> {
    await this.#rows.change([ref], {
      condition: sql`o.state = 'failed'`,
      set: {
        state: sql`'planned'`,
        due_at: this.#flavor.integer(now),
        failures: this.#flavor.integer(0),
        lost: this.#flavor.integer(0),
        finished_at: sql`null`,
        owner: sql`null`,
      },
    })
  }

  /** Has these go by an overlap policy of their own. */
  async setOverlap(refs: readonly OccurrenceRef[], overlap: OverlapWord): Promise<void> {
    await this.#rows.update(refs, { overlap: sql`${overlap}` })
  }

  /** Gives what has not begun to another job. */
  async setJob(scheduleId: number, job: string): Promise<void> {
    await this.#rows.change(await this.#waiting([scheduleId]), {
      condition: WAITS,
      set: { job: sql`${job}` },
    })
  }

  /**
   * What of schedules has not begun. It is found in the index of what is open, however long a schedule's history is,
   * and only then held: what MySQL comes across in that index it holds to the end of the transaction, and the heartbeats
   * of runs would wait for it.
   */
  async #waiting(scheduleIds: readonly number[]): Promise<OccurrenceRef[]> {
    if (scheduleIds.length === 0) return []
    const ids = this.#flavor.rowList(
      { id: 'integer' },
      scheduleIds.map((id) => [id]),
    )
    const inOpen = this.#flavor.lookUp(
      'carillon_occurrences',
      'o',
      'carillon_occurrences_finished',
      'carillon_occurrences_open',
    )
    const { rows } = await sql<RefColumns>`
      select o.schedule_id, o.generation, o.nominal_at
      from ${ids} as r ${inOpen} on o.schedule_id = r.id and o.finished_at is null
      where o.state in ('planned', 'sent')`.execute(this.#sql)
    return rows.map(toRef)
  }

  /** Whether anything of a schedule is planned or under way. */
  async hasOpen(scheduleId: number): Promise<boolean> {
    const open = this.#flavor.byIndex('carillon_occurrences_open', 'carillon_occurrences_finished')
    const { rows } = await sql`
      select schedule_id from ${OCCURRENCES} ${open}
      where schedule_id = ${scheduleId} and finished_at is null limit 1`.execute(this.#sql)
    return rows.length > 0
  }

  /** The newest nominal instants that schedules ran, run, or are to run, by their ids; `null` where there is none. */
  async lastKept(scheduleIds: readonly number[]): Promise<Map<number, Instant | null>> {
    if (scheduleIds.length === 0) return new Map()
    const ids = this.#flavor.rowList(
      { id: 'integer' },
      scheduleIds.map((id) => [id]),
    )
    const { rows } = await sql<{ id: number; last_at: Instant | null }>`
      select r.id, (
        select o.nominal_at from ${OCCURRENCES} as o
        where o.schedule_id = r.id and o.state <> 'skipped' and o.origin not in ('manual', 'backfill')
        order by o.nominal_at desc limit 1) as last_at
      from ${ids} as r`.execute(this.#sql)
    return new Map(rows.map(({ id, last_at }) => [id, last_at]))
  }

  async find({ scheduleId, generation, nominalAt }: OccurrenceRef): Promise<OccurrenceRecord | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_occurrences')
      .selectAll()
      .where('schedule_id', '=', scheduleId)
      .where('generation', '=', generation)
      .where('nominal_at', '=', nominalAt)
      .executeTakeFirst()
    return row && toRecord(row)
  }

  /** What these schedules have at a nominal instant: its occurrences, and ranges of missed ones that it lies in. */
  async at(scheduleIds: readonly number[], nominalAt: Instant): Promise<OccurrenceRecord[]> {
    const found: OccurrenceRecord[] = []
    for (const id of scheduleIds) {
      const of = this.#sql.selectFrom('carillon_occurrences').selectAll().where('schedule_id', '=', id)
      const exact = await of.where('nominal_at', '=', nominalAt).execute()
      const ranges = await of
        .where('nominal_at', '<', nominalAt)
        .where('missed_until', '>=', nominalAt)
        .orderBy('nominal_at', 'desc')
        .limit(1)
        .execute()
      found.push(...[...exact, ...ranges].map(toRecord))
    }
    return found
  }

  /** What a schedule has from one nominal instant to another, ranges that reach into that time included. */
  async between(scheduleId: number, from: Instant, until: Instant): Promise<OccurrenceRecord[]> {
    const of = this.#sql.selectFrom('carillon_occurrences').selectAll().where('schedule_id', '=', scheduleId)
    const own = await of.where('nominal_at', '>=', from).where('nominal_at', '<=', until).execute()
    const ranges = await of.where('nominal_at', '<', from).where('missed_until', '>=', from).execute()
    return [...ranges, ...own].map(toRecord)
  }

  /** Removes occurrences that are skipped, to make room for others in their place. */
  async remove(refs: readonly OccurrenceRef[]): Promise<void> {
    await this.#rows.delete(refs)
  }

  /** One page of the occurrences of these schedules, newest nominal instant first. */
  async history(filter: HistoryFilter): Promise<OccurrenceRecord[]> {
    const { scheduleIds, limit } = filter
    const pages: OccurrenceRecord[] = []
    // A key seldom had more than one schedule; each is read along the primary key.
    for (const id of scheduleIds) pages.push(...(await this.#historyOf(id, filter)))
    return pages.sort(newestFirst).slice(0, limit)
  }

  async #historyOf(id: number, filter: HistoryFilter): Promise<OccurrenceRecord[]> {
    const { after, limit } = filter
    const conditions = conditionsOf(filter)
    if (conditions === undefined) return []
    if (after !== undefined) conditions.push(isAfter(after))
    const { rows } = await sql<Selectable<OccurrencesTable>>`
      select o.* from ${OCCURRENCES} as o where ${sql.join([sql`o.schedule_id = ${id}`, ...conditions], sql` and `)}
      order by o.nominal_at desc, o.generation desc limit ${limit}`.execute(this.#sql)
    return rows.map(toRecord)
  }

  /**
   * Removes up to `limit` occurrences that finished before `before`, the oldest first. They are held first, without waiting: a claim on MySQL
   * may hold the oldest of them, since it comes next in its index.
   */
  async prune(before: Instant, limit: number): Promise<number> {
    const index = this.#flavor.byIndex('carillon_occurrences_finished', 'carillon_occurrences_finished')
    const { rows } = await sql<RefColumns>`
      select schedule_id, generation, nominal_at from ${OCCURRENCES} ${index}
      where finished_at < ${before} order by finished_at limit ${limit} ${this.#flavor.forUpdateSkipLocked}`.execute(
      this.#sql,
    )
    await this.#rows.delete(rows.map(toRef))
    return rows.length
  }
}

const OCCURRENCES = sql.table('carillon_occurrences')
const WAITS = sql`o.state in ('planned', 'sent')`

export function toRecord(row: Selectable<OccurrencesTable>): OccurrenceRecord {
  return {
    ...toRef(row),
    dueAt: row.due_at,
    state: row.state as OccurrenceState,
    // What stands there of a run is a guard's mark.
    reason: row.state === 'skipped' ? (row.reason as SkipReason | null) : null,
    origin: row.origin as OccurrenceOrigin,
    queue: row.queue,
    attempt: row.attempt,
    owner: row.owner,
    plannedAt: row.planned_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    error: row.error === null ? null : (JSON.parse(row.error) as RunError),
    result: row.result === null ? null : (JSON.parse(row.result) as Json),
    missedUntil: row.missed_until,
    missedCount: row.missed_count,
    overlap: row.overlap as OverlapWord | null,
  }
}
