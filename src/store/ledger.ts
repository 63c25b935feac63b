import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Json } from '../schedule/json.ts'
import type { OccurrenceOrigin, OccurrenceRef, OccurrenceState, SkipReason } from '../schedule/occurrence.ts'
import type { MissedRange } from '../schedule/plan.ts'
import { rowList, type RowValue } from '../sql/row-list.ts'
import { among } from './among.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { OccurrencesTable } from '../sql/schema.ts'

/** An occurrence that is written for the first time. */
export interface NewOccurrence extends OccurrenceRef {
  readonly dueAt: Instant
  readonly origin: OccurrenceOrigin
  readonly queue: string
}

/** A range of missed occurrences, written as one row. */
export interface NewMissedRange extends MissedRange {
  readonly scheduleId: number
  readonly generation: number
  readonly queue: string
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
}

export interface HistoryFilter {
  readonly scheduleIds: readonly number[]
  readonly states?: readonly OccurrenceState[] | undefined
  /** Only nominal instants up to this one. */
  readonly until?: Instant | undefined
  /** Only what comes after this occurrence in the listing: the last one of the page before. */
  readonly after?: OccurrenceRef | undefined
  readonly limit: number
}

/** The ledger: what was planned and what became of it. How runs move through it is in `run-ledger.ts`. */
export class Ledger {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Writes planned occurrences in one statement. Their identities must be new; the primary key watches over it. */
  async insert(occurrences: readonly NewOccurrence[], now: Instant): Promise<void> {
    if (occurrences.length === 0) return

    const rows = occurrences.map((occurrence): RowValue[] => [
      occurrence.scheduleId,
      occurrence.generation,
      occurrence.nominalAt,
      occurrence.dueAt,
      occurrence.origin,
      occurrence.queue,
    ])
    await sql`
      insert into carillon_occurrences
        (schedule_id, generation, nominal_at, due_at, state, origin, queue, planned_at)
      select c0, c1, c2, c3, 'planned', c4, c5, ${now} from ${rowList(rows, 6)}`.execute(this.#sql)
  }

  /** Records what was dropped: one row a range. */
  async insertMissed(ranges: readonly NewMissedRange[], now: Instant): Promise<void> {
    if (ranges.length === 0) return

    const rows = ranges.map((range): RowValue[] => [
      range.scheduleId,
      range.generation,
      range.from,
      range.queue,
      range.until,
      range.count,
    ])
    await sql`
      insert into carillon_occurrences
        (schedule_id, generation, nominal_at, due_at, state, reason, origin, queue,
         planned_at, finished_at, missed_until, missed_count)
      select c0, c1, c2, c2, 'skipped', 'missed', 'schedule', c3, ${now}, ${now}, c4, c5
      from ${rowList(rows, 6)}`.execute(this.#sql)
  }

  /**
   * Withdraws all occurrences of a schedule that have not begun, or wait for a further attempt.
   *
   * @returns how many there were, those that were started by hand left out
   */
  async withdraw(scheduleId: number, reason: SkipReason, now: Instant): Promise<number> {
    // The identity alone comes out of the index of what is open, however long the schedule's history is.
    const open = await this.#sql
      .selectFrom('carillon_occurrences')
      .select(['schedule_id', 'generation', 'nominal_at'])
      .where('schedule_id', '=', scheduleId)
      .where('finished_at', 'is', null)
      .execute()
    const waiting = await this.#sql
      .selectFrom('carillon_occurrences as o')
      .select(['o.schedule_id', 'o.generation', 'o.nominal_at', 'o.origin'])
      .where(among(open.map(toRef)))
      .where('o.state', 'in', ['planned', 'sent'])
      .execute()
    if (waiting.length === 0) return 0

    await sql`
      update carillon_occurrences as o
      set state = 'skipped', reason = ${reason}, finished_at = ${now}, lease_until = null
      where ${among(waiting.map(toRef))}`.execute(this.#sql)
    return waiting.filter((row) => row.origin !== 'manual').length
  }

  /** The newest nominal instant that a schedule ran, runs, or is to run. */
  async lastKept(scheduleId: number): Promise<Instant | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_occurrences')
      .select('nominal_at')
      .where('schedule_id', '=', scheduleId)
      .where('state', '!=', 'skipped')
      .where('origin', '!=', 'manual')
      .orderBy('generation', 'desc')
      .orderBy('nominal_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row?.nominal_at
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

  /** One page of the occurrences of these schedules, newest nominal instant first. */
  async history({ scheduleIds, states, until, after, limit }: HistoryFilter): Promise<OccurrenceRecord[]> {
    if (scheduleIds.length === 0) return []

    let query = this.#sql
      .selectFrom('carillon_occurrences')
      .selectAll()
      .where('schedule_id', 'in', scheduleIds)
    if (states !== undefined) query = query.where('state', 'in', states)
    if (until !== undefined) query = query.where('nominal_at', '<=', until)
    if (after !== undefined) {
      const { nominalAt, scheduleId, generation } = after
      query = query.where(
        sql<boolean>`(nominal_at, schedule_id, generation) < (${nominalAt}, ${scheduleId}, ${generation})`,
      )
    }

    const rows = await query
      .orderBy('nominal_at', 'desc')
      .orderBy('schedule_id', 'desc')
      .orderBy('generation', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** Removes up to `limit` occurrences that finished before `before`. */
  async prune(before: Instant, limit: number): Promise<number> {
    const { numAffectedRows = 0n } = await sql`
      delete from carillon_occurrences where (schedule_id, generation, nominal_at) in (
        select schedule_id, generation, nominal_at from carillon_occurrences
        where finished_at < ${before} limit ${limit})`.execute(this.#sql)
    return Number(numAffectedRows)
  }
}

function toRef(row: Pick<OccurrencesTable, 'schedule_id' | 'generation' | 'nominal_at'>): OccurrenceRef {
  return { scheduleId: row.schedule_id, generation: row.generation, nominalAt: row.nominal_at }
}

function toRecord(row: Selectable<OccurrencesTable>): OccurrenceRecord {
  return {
    ...toRef(row),
    dueAt: row.due_at,
    state: row.state as OccurrenceState,
    reason: row.reason as SkipReason | null,
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
  }
}
