import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { CursorsTable } from '../sql/schema.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { CursorRecord } from './schedule-record.ts'

/** Where a pass leaves the cursor of one schedule. */
export interface CursorMove {
  readonly id: number
  readonly nextAt: Instant | null
  /** The newest nominal instant that was planned, if any was. */
  readonly lastAt: Instant | null
  /** How many occurrences were planned. */
  readonly planned: number
}

/** The cursor of a schedule that is stored for the first time. */
export interface NewCursor extends CursorMove {
  readonly generation: number
  readonly termsKey: string
  readonly flow: number
}

/** A schedule that is due, and how it is called. */
export interface DueSchedule extends CursorRecord, ScheduleIdentity {}

/**
 * The table of cursors: all that a dispatch pass reads and writes of schedules. Whoever holds the row of a cursor has its
 * schedule to themselves.
 */
export class CursorTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Writes the cursors of new schedules in one statement. */
  async insert(cursors: readonly NewCursor[]): Promise<void> {
    const rows = this.#flavor.rowList(
      {
        schedule_id: 'integer',
        generation: 'integer',
        next_at: 'integer',
        last_at: 'integer',
        planned: 'integer',
        terms_key: 'text',
        flow: 'integer',
      },
      cursors.map(({ id, generation, nextAt, lastAt, planned, termsKey, flow }) => [
        id,
        generation,
        nextAt,
        lastAt ?? 0,
        planned,
        termsKey,
        flow,
      ]),
    )
    await sql`
      insert into ${sql.table('carillon_cursors')} (schedule_id, generation, next_at, last_at, planned, terms_key, flow)
      select r.schedule_id, r.generation, r.next_at, r.last_at, r.planned, r.terms_key, r.flow from ${rows} as r`.execute(
      this.#sql,
    )
  }

  /**
   * Active schedules whose cursor is at `horizon` or before it, most urgent first, without those that somebody else is at
   * work on. Until the end of the transaction nobody else changes them or plans from them.
   */
  async due(horizon: Instant, limit: number): Promise<CursorRecord[]> {
    const index = 'carillon_cursors_due'
    const { rows } = await sql<CursorRow>`
      select ${sql.join(CURSOR.map((name) => sql.ref(name)))}
      from ${sql.table('carillon_cursors')} ${this.#flavor.byIndex(index, index)}
      where is_broken = 0 and next_at <= ${horizon}
      order by next_at limit ${limit} ${this.#flavor.forUpdateSkipLocked}`.execute(this.#sql)
    return rows.map(toCursor)
  }

  /** The cursor of one schedule, locked in the same way, but waited for. */
  async lock(id: number): Promise<(CursorRecord & { isBroken: boolean }) | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_cursors')
      .select([...CURSOR, 'is_broken'])
      .where('schedule_id', '=', id)
      .modifyEnd(this.#flavor.forUpdate)
      .executeTakeFirst()
    return row && { ...toCursor(row), isBroken: row.is_broken === 1 }
  }

  /** The cursors of these schedules, held in the same way, without those that somebody else is at work on. */
  async lockFree(ids: readonly number[]): Promise<Map<number, CursorRecord>> {
    if (ids.length === 0) return new Map()
    const list = this.#flavor.rowList(
      { id: 'integer' },
      ids.toSorted((a, b) => a - b).map((id) => [id]),
    )
    const { rows } = await sql<CursorRow>`
      select ${sql.join(CURSOR.map((name) => sql.ref(`c.${name}`)))} from ${list} as r
      ${this.#flavor.lookUp('carillon_cursors', 'c', 'primary')} on c.schedule_id = r.id
      ${this.#flavor.forUpdateSkipLocked}`.execute(this.#sql)
    return new Map(rows.map((row) => [row.schedule_id, toCursor(row)]))
  }

  /**
   * One page of the active schedules whose cursor is at `horizon` or before it, by cursor and id, with their names; holds
   * nothing.
   *
   * @param after the last one of the page before
   */
  async pageOfDue(
    horizon: Instant,
    after: { readonly nextAt: Instant; readonly id: number } | undefined,
    limit: number,
  ): Promise<DueSchedule[]> {
    const behind =
      after === undefined
        ? sql``
        : sql`and next_at >= ${after.nextAt} and (next_at > ${after.nextAt} or schedule_id > ${after.id})`
    const index = 'carillon_cursors_due'
    const { rows } = await sql<CursorRow & ScheduleIdentity>`
      select ${sql.join(CURSOR.map((name) => sql.ref(`c.${name}`)))}, s.namespace, s.${sql.ref('key')}
      from (select * from ${sql.table('carillon_cursors')} ${this.#flavor.byIndex(index, index)}
        where is_broken = 0 and next_at <= ${horizon} ${behind}
        order by next_at, schedule_id limit ${limit}) as c
      join ${sql.table('carillon_schedules')} as s on s.id = c.schedule_id
      order by c.next_at, c.schedule_id`.execute(this.#sql)
    return rows.map((row) => ({ ...toCursor(row), namespace: row.namespace, key: row.key }))
  }

  /** The earliest cursor of all active schedules. */
  async earliest(): Promise<Instant | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_cursors')
      .select('next_at')
      .where('is_broken', '=', sql.lit(0))
      .where('next_at', 'is not', null)
      .orderBy('next_at')
      .limit(1)
      .executeTakeFirst()
    return row?.next_at ?? undefined
  }

  /** Corrects what is remembered of planned occurrences, after some of them were withdrawn. */
  async forgetPlanned(
    schedules: readonly {
      readonly id: number
      readonly withdrawn: number
      readonly lastAt: Instant | null
    }[],
  ): Promise<void> {
    if (schedules.length === 0) return
    const rows = this.#flavor.rowList(
      { schedule_id: 'integer', withdrawn: 'integer', last_at: 'integer' },
      schedules.map(({ id, withdrawn, lastAt }) => [id, withdrawn, lastAt ?? 0]),
    )
    const set = { last_at: sql`r.last_at`, planned: sql`o.planned - r.withdrawn` }
    await this.#flavor
      .update({ table: 'carillon_cursors', rows, where: sql`o.schedule_id = r.schedule_id`, set })
      .execute(this.#sql)
  }

  /** Moves many cursors in one statement. */
  async move(moves: readonly CursorMove[]): Promise<void> {
    if (moves.length === 0) return

    const rows = this.#flavor.rowList(
      { schedule_id: 'integer', next_at: 'integer', last_at: 'integer', planned: 'integer' },
      moves.map(({ id, nextAt, lastAt, planned }) => [id, nextAt, lastAt ?? 0, planned]),
    )
    const update = this.#flavor.update({
      table: 'carillon_cursors',
      rows,
      where: sql`o.schedule_id = r.schedule_id`,
      set: {
        next_at: sql`r.next_at`,
        last_at: this.#flavor.greater(sql`o.last_at`, sql`r.last_at`),
        planned: sql`o.planned + r.planned`,
      },
    })
    await update.execute(this.#sql)
  }
}

const CURSOR = ['schedule_id', 'generation', 'next_at', 'planned', 'terms_key', 'flow'] as const

type CursorRow = Pick<Selectable<CursorsTable>, (typeof CURSOR)[number]>

function toCursor(row: CursorRow): CursorRecord {
  return {
    id: row.schedule_id,
    generation: row.generation,
    nextAt: row.next_at,
    planned: row.planned,
    termsKey: row.terms_key,
    flow: row.flow,
  }
}
