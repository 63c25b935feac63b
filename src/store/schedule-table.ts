import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import { rowList } from '../sql/row-list.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { CursorsTable, SchedulesTable } from '../sql/schema.ts'
import type { PlannableRecord, ScheduleOrigin, ScheduleRecord, ScheduleState } from './schedule-record.ts'

/** What decides how a schedule's row looks after it was written. */
export interface ScheduleWrite {
  readonly group: string | null
  readonly state: ScheduleState
  readonly generation: number
  readonly nextAt: Instant | null
  readonly definition: Definition
}

/** Where a pass leaves the cursor of one schedule. */
export interface CursorMove {
  readonly id: number
  readonly nextAt: Instant | null
  /** The newest nominal instant that was planned, if any was. */
  readonly lastAt: Instant | null
  /** How many occurrences were planned. */
  readonly planned: number
}

export interface ScheduleFilter {
  readonly namespace: string
  readonly group?: string | undefined
  /** Only keys after this one. */
  readonly afterKey?: string | undefined
  readonly limit: number
}

/** The table of schedules, seen from inside a transaction or for reading alone. */
export class ScheduleTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** The living schedule with this key. */
  async find(namespace: string, key: string): Promise<ScheduleRecord | undefined> {
    const row = await this.#rows()
      .where('s.namespace', '=', namespace)
      .where('s.key', '=', key)
      .where('s.deleted_at', '=', 0)
      .executeTakeFirst()
    return row && toRecord(row)
  }

  /** The ids that a key has had, of deleted schedules too, newest first. */
  async idsOf(namespace: string, key: string): Promise<number[]> {
    const rows = await this.#sql
      .selectFrom('carillon_schedules')
      .select('id')
      .where('namespace', '=', namespace)
      .where('key', '=', key)
      .orderBy('id', 'desc')
      .execute()
    return rows.map((row) => row.id)
  }

  /** One page of living schedules, by key. */
  async list({ namespace, group, afterKey, limit }: ScheduleFilter): Promise<ScheduleRecord[]> {
    let query = this.#rows().where('s.namespace', '=', namespace).where('s.deleted_at', '=', 0)
    if (group !== undefined) query = query.where('s.group', '=', group)
    if (afterKey !== undefined) query = query.where('s.key', '>', afterKey)

    const rows = await query.orderBy('s.key').limit(limit).execute()
    return rows.map(toRecord)
  }

  /** @returns the id of the new schedule */
  async insert(
    identity: { namespace: string; key: string; origin: ScheduleOrigin },
    write: ScheduleWrite,
    now: Instant,
  ): Promise<number> {
    const { insertId } = await this.#sql
      .insertInto('carillon_schedules')
      .values({
        ...identity,
        ...columnsOf(write),
        deleted_at: 0,
        revision: 1,
        created_at: now,
        updated_at: now,
      })
      .executeTakeFirstOrThrow()
    const id = Number(insertId)

    const cursor = { schedule_id: id, next_at: write.nextAt, planned: 0, is_broken: 0 }
    await this.#sql.insertInto('carillon_cursors').values(cursor).execute()
    return id
  }

  /** Replaces what `write` covers, and counts the revision up. */
  async update(id: number, write: ScheduleWrite, now: Instant): Promise<void> {
    await this.#sql
      .updateTable('carillon_schedules')
      .set({ ...columnsOf(write), updated_at: now })
      .set((eb) => ({ revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ next_at: write.nextAt, is_broken: 0 })
      .where('schedule_id', '=', id)
      .execute()
  }

  /** Takes the key from a schedule; the row stays for its history until it is pruned. */
  async bury(id: number, now: Instant): Promise<void> {
    // The same key may have been deleted before in this very millisecond: go past its newest grave.
    const grave = await this.#sql
      .selectFrom('carillon_schedules as other')
      .innerJoin('carillon_schedules as mine', (join) =>
        join.onRef('mine.namespace', '=', 'other.namespace').onRef('mine.key', '=', 'other.key'),
      )
      .select((eb) => eb.fn.max('other.deleted_at').as('newest'))
      .where('mine.id', '=', id)
      .executeTakeFirst()

    await this.#sql
      .updateTable('carillon_schedules')
      .set({ deleted_at: Math.max(now, (grave?.newest ?? 0) + 1), updated_at: now })
      .set((eb) => ({ revision: eb('revision', '+', 1), generation: eb('generation', '+', 1) }))
      .where('id', '=', id)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ next_at: null })
      .where('schedule_id', '=', id)
      .execute()
  }

  /** Active schedules whose cursor is at `horizon` or before it, most urgent first. */
  async due(horizon: Instant, limit: number): Promise<PlannableRecord[]> {
    const rows = await this.#sql
      .selectFrom('carillon_cursors as c')
      .innerJoin('carillon_schedules as s', 's.id', 'c.schedule_id')
      .select(PLANNABLE)
      .where('c.is_broken', '=', sql.lit(0))
      .where('c.next_at', '<=', horizon)
      .orderBy('c.next_at')
      .limit(limit)
      .execute()
    return rows.map(toPlannable)
  }

  /** Broken schedules that were last tried before `before`, longest ago first. */
  async broken(before: Instant, limit: number): Promise<PlannableRecord[]> {
    const rows = await this.#sql
      .selectFrom('carillon_schedules as s')
      .innerJoin('carillon_cursors as c', 'c.schedule_id', 's.id')
      .select(PLANNABLE)
      .where('s.state', '=', sql.lit('broken'))
      .where('s.deleted_at', '=', 0)
      .where('s.updated_at', '<', before)
      .orderBy('s.updated_at')
      .limit(limit)
      .execute()
    return rows.map(toPlannable)
  }

  /** The earliest cursor of all active schedules. */
  async earliestCursor(): Promise<Instant | undefined> {
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

  /** Moves many cursors in one statement. */
  async moveCursors(moves: readonly CursorMove[]): Promise<void> {
    const rows = rowList(
      moves.map(({ id, nextAt, lastAt, planned }) => [id, nextAt, lastAt, planned]),
      4,
    )
    await sql`
      update carillon_cursors
      set next_at = moves.c1,
          last_at = case when moves.c2 > coalesce(last_at, moves.c2 - 1) then moves.c2 else last_at end,
          planned = planned + moves.c3
      from ${rows} as moves
      where schedule_id = moves.c0`.execute(this.#sql)
  }

  /** Sets a schedule aside with the reason; its cursor stays, so that nothing is lost when it is mended. */
  async markBroken(id: number, reason: string, now: Instant): Promise<void> {
    await this.#sql
      .updateTable('carillon_schedules')
      .set({ state: 'broken', reason, updated_at: now })
      .where('id', '=', id)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ is_broken: 1 })
      .where('schedule_id', '=', id)
      .execute()
  }

  /** Takes up schedules again that were set aside. */
  async markMended(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    await this.#sql
      .updateTable('carillon_schedules')
      .set({ state: 'active', reason: null })
      .where('id', 'in', ids)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ is_broken: 0 })
      .where('schedule_id', 'in', ids)
      .execute()
  }

  /** Corrects what is remembered of planned occurrences, after some of them were withdrawn. */
  async forgetPlanned(id: number, withdrawn: number, lastAt: Instant | null): Promise<void> {
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ last_at: lastAt })
      .set((eb) => ({ planned: eb('planned', '-', withdrawn) }))
      .where('schedule_id', '=', id)
      .execute()
  }

  /** Removes up to `limit` schedules that were deleted before `before`, with their generations. */
  async prune(before: Instant, limit: number): Promise<number> {
    const ids = this.#sql
      .selectFrom('carillon_schedules')
      .select('id')
      .where('deleted_at', '>', sql.lit(0))
      .where('deleted_at', '<', before)
      .limit(limit)
    const { numDeletedRows } = await this.#sql
      .deleteFrom('carillon_schedules')
      .where('id', 'in', ids)
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  }

  #rows() {
    return this.#sql
      .selectFrom('carillon_schedules as s')
      .innerJoin('carillon_cursors as c', 'c.schedule_id', 's.id')
      .selectAll('s')
      .select(['c.next_at', 'c.last_at', 'c.planned'])
  }
}

const PLANNABLE = [
  's.id',
  's.namespace',
  's.key',
  's.generation',
  's.definition',
  'c.next_at',
  'c.planned',
] as const

function columnsOf({ group, state, generation, definition }: ScheduleWrite) {
  return {
    group,
    state,
    generation,
    job: definition.job,
    definition: JSON.stringify(definition),
    reason: null,
  }
}

type CursorColumns = Pick<Selectable<CursorsTable>, 'next_at' | 'last_at' | 'planned'>

function toRecord(row: Selectable<SchedulesTable> & CursorColumns): ScheduleRecord {
  return {
    ...toPlannable(row),
    group: row.group,
    origin: row.origin as ScheduleOrigin,
    state: row.state as ScheduleState,
    revision: row.revision,
    lastAt: row.last_at,
    reason: row.reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

type PlannableColumns = Pick<
  Selectable<SchedulesTable>,
  'id' | 'namespace' | 'key' | 'generation' | 'definition'
>

function toPlannable(row: PlannableColumns & Omit<CursorColumns, 'last_at'>): PlannableRecord {
  return {
    id: row.id,
    namespace: row.namespace,
    key: row.key,
    generation: row.generation,
    nextAt: row.next_at,
    planned: row.planned,
    definitionText: row.definition,
  }
}
