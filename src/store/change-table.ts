import { sql, type Selectable } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { ChangesTable } from '../sql/schema.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { Author } from './pause.ts'
import type { ScheduleState } from './schedule-record.ts'

/** What is done to a schedule after its creation. */
export type ChangeKind = 'changed' | 'paused' | 'resumed' | 'rolled-back' | 'deleted'

/** What a schedule was before a change. */
export interface Before {
  /** The definition as stored; `null` where the change left it alone. */
  readonly definitionText: string | null
  readonly group: string | null
  readonly state: ScheduleState
}

/** A change that is written down. */
export interface NewChange extends Before {
  readonly scheduleId: number
  /** The revision that it makes. */
  readonly revision: number
  readonly kind: ChangeKind
}

/** A change as it was written down. */
export interface ChangeRecord extends NewChange, Author {
  readonly at: Instant
}

/** The table of changes: one row a revision of a schedule, from the second on, until the schedule is pruned. */
export class ChangeTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Writes changes in one statement. */
  async insert(changes: readonly NewChange[], { actor, note }: Author, now: Instant): Promise<void> {
    if (changes.length === 0) return
    const rows = this.#flavor.rowList(
      {
        schedule_id: 'integer',
        revision: 'integer',
        kind: 'text',
        definition: 'text',
        group: 'text',
        state: 'text',
        actor: 'text',
        note: 'text',
      },
      changes.map(({ scheduleId, revision, kind, definitionText, group, state }) => [
        scheduleId,
        revision,
        kind,
        definitionText,
        group,
        state,
        actor,
        note,
      ]),
    )
    await sql`
      insert into ${sql.table('carillon_changes')}
        (schedule_id, revision, kind, changed_at, definition, ${sql.ref('group')}, state, actor, note)
      select r.schedule_id, r.revision, r.kind, ${this.#flavor.integer(now)}, r.definition, ${sql.ref('r.group')}, r.state,
        r.actor, r.note
      from ${rows} as r`.execute(this.#sql)
  }

  /** Changes of a schedule, newest first. @param before only what made an older revision than this one */
  async list(scheduleId: number, before: number, limit: number): Promise<ChangeRecord[]> {
    const rows = await this.#sql
      .selectFrom('carillon_changes')
      .selectAll()
      .where('schedule_id', '=', scheduleId)
      .where('revision', '<', before)
      .orderBy('revision', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toRecord)
  }

  /** The revision that the oldest change made which is remembered. */
  async first(scheduleId: number): Promise<number | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_changes')
      .select('revision')
      .where('schedule_id', '=', scheduleId)
      .orderBy('revision')
      .limit(1)
      .executeTakeFirst()
    return row?.revision
  }

  /** The first change after a revision, and the first that changed the definition; `undefined` where there was none. */
  async after(
    scheduleId: number,
    revision: number,
  ): Promise<{ next?: ChangeRecord; definitionText?: string }> {
    const later = this.#sql
      .selectFrom('carillon_changes')
      .selectAll()
      .where('schedule_id', '=', scheduleId)
      .where('revision', '>', revision)
      .orderBy('revision')
      .limit(1)
    const next = await later.executeTakeFirst()
    const changed = await later.where('definition', 'is not', null).executeTakeFirst()
    return {
      ...(next !== undefined && { next: toRecord(next) }),
      ...(changed !== undefined && { definitionText: changed.definition! }),
    }
  }
}

function toRecord(row: Selectable<ChangesTable>): ChangeRecord {
  return {
    scheduleId: row.schedule_id,
    revision: row.revision,
    kind: row.kind as ChangeKind,
    at: row.changed_at,
    definitionText: row.definition,
    group: row.group,
    state: row.state as ScheduleState,
    actor: row.actor,
    note: row.note,
  }
}
