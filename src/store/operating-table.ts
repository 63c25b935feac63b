import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { isReached, type Reach } from './reach.ts'
import { scopeKey, storedPause, type Author, type Pause, type Scope } from './pause.ts'
import { COLUMNS, toRecord, type ScheduleRow } from './schedule-rows.ts'
import type { GenerationCause, ScheduleRecord, ScheduleState } from './schedule-record.ts'

/** What a pause or its end makes of a schedule. */
export interface Turn {
  readonly id: number
  readonly state: ScheduleState
  readonly generation: number
  /** Why the generation is opened, and since when it is in force; left out when it is in force already. */
  readonly opened?: { readonly cause: GenerationCause; readonly validFrom: Instant } | undefined
  readonly pause: Pause | null
}

/** Which of the schedules that a pause of many covers are meant. */
export type MemberFilter = { readonly scope: Scope } & (
  | {
      /** Those that run, and those that it has paused until another instant than its end. */
      readonly which: 'to-pause'
      readonly endsAt: Instant | null
    }
  /** Those that it has paused. */
  | { readonly which: 'paused' }
)

/** A schedule from when it was stored, and by whom, to when it was deleted. */
export interface Life {
  readonly record: ScheduleRecord
  readonly created: Author
}

/** Where a page of members begins. */
export type MemberPlace = Pick<ScheduleRecord, 'namespace' | 'key'>

/** What operators do to many schedules at once. */
export class OperatingTable {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #reach: Reach

  /** @param reach what is found by namespace and key */
  constructor(sql: Sql, flavor: Flavor, reach: Reach) {
    this.#sql = sql
    this.#flavor = flavor
    this.#reach = reach
  }

  /** The living ones of these schedules, those left out that somebody else is at work on. Held to the end of the transaction. */
  async lockFree(ids: readonly number[]): Promise<ScheduleRecord[]> {
    return this.#byIds(ids, this.#flavor.forUpdateSkipLocked)
  }

  /** The living ones of these schedules. */
  async find(ids: readonly number[]): Promise<ScheduleRecord[]> {
    return this.#byIds(ids, sql``)
  }

  async #byIds(ids: readonly number[], how: Piece): Promise<ScheduleRecord[]> {
    if (ids.length === 0) return []
    const list = this.#idList(ids)
    const { rows } = await sql<ScheduleRow>`
      select ${sql.join(COLUMNS.map((name) => sql.ref(name)))}
      from ${list} as r
      ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.id and s.deleted_at = 0
      ${this.#flavor.lookUp('carillon_cursors', 'c', 'primary')} on c.schedule_id = s.id
      ${how}`.execute(this.#sql)
    return rows.map(toRecord)
  }

  /** What is remembered of a key, deleted ones too, newest first. */
  async lives(namespace: string, key: string): Promise<Life[]> {
    const rows = await this.#sql
      .selectFrom('carillon_schedules as s')
      .innerJoin('carillon_cursors as c', 'c.schedule_id', 's.id')
      .select(COLUMNS)
      .select(['s.created_by', 's.created_note'])
      .where('s.namespace', '=', namespace)
      .where('s.key', '=', key)
      .where(isReached(this.#reach, 's'))
      .orderBy('s.id', 'desc')
      .execute()
    return rows.map((row) => ({
      record: toRecord(row),
      created: { actor: row.created_by, note: row.created_note },
    }))
  }

  /** Up to `limit` schedules whose pause is to have ended by itself, longest ago first. */
  async ended(now: Instant, limit: number): Promise<number[]> {
    const rows = await this.#sql
      .selectFrom('carillon_schedules')
      .select('id')
      .where('paused_until', 'is not', null)
      .where('paused_until', '<=', now)
      .orderBy('paused_until')
      .limit(limit)
      .execute()
    return rows.map(({ id }) => id)
  }

  /** One page of the schedules that a pause covers. */
  async members(
    filter: MemberFilter,
    after: MemberPlace | undefined,
    limit: number,
  ): Promise<(MemberPlace & { id: number })[]> {
    let query = this.#members(filter).select(['id', 'namespace', 'key'])
    if (after !== undefined)
      query = query
        .where('namespace', '>=', after.namespace)
        .where((eb) => eb.or([eb('namespace', '>', after.namespace), eb('key', '>', after.key)]))
    return query.orderBy('namespace').orderBy('key').limit(limit).execute()
  }

  /** How many there are. @param except those left out that one of these covers */
  async count(filter: MemberFilter, except: readonly Scope[] = []): Promise<number> {
    let query = this.#members(filter).select((eb) => eb.fn.countAll<number>().as('count'))
    for (const { namespace, group } of except)
      query = query.where((eb) =>
        eb.or([
          ...(namespace === null ? [] : [eb('namespace', '!=', namespace)]),
          ...(group === null ? [] : [eb('group', '!=', group), eb('group', 'is', null)]),
          eb.lit(false),
        ]),
      )
    return (await query.executeTakeFirstOrThrow()).count
  }

  #members(filter: MemberFilter) {
    const { namespace, group } = filter.scope
    let query = this.#sql.selectFrom('carillon_schedules').where('deleted_at', '=', 0)
    if (namespace !== null) query = query.where('namespace', '=', namespace)
    if (group !== null) query = query.where('group', '=', group)
    const scope = scopeKey(filter.scope)
    if (filter.which === 'paused') return query.where('pause_scope', '=', scope)

    const { endsAt } = filter
    return query.where((eb) =>
      eb.or([
        eb('state', '!=', 'paused'),
        eb.and([
          eb('pause_scope', '=', scope),
          endsAt === null
            ? eb('paused_until', 'is not', null)
            : eb.or([eb('paused_until', 'is', null), eb('paused_until', '!=', endsAt)]),
        ]),
      ]),
    )
  }

  /** Pauses or resumes schedules, which are held; each counts its revision up. */
  async turn(turns: readonly Turn[], { actor, note }: Author, now: Instant): Promise<void> {
    if (turns.length === 0) return
    const rows = this.#flavor.rowList(
      {
        id: 'integer',
        state: 'text',
        generation: 'integer',
        cause: 'text',
        valid_from: 'integer',
        pause: 'text',
        pause_scope: 'text',
        paused_until: 'integer',
        is_opened: 'integer',
      },
      turns.map(({ id, state, generation, opened, pause: own }) => {
        const { pause, pause_scope, paused_until } = storedPause(own)
        const of = opened === undefined ? [null, null] : [opened.cause, opened.validFrom]
        return [id, state, generation, ...of, pause, pause_scope, paused_until, opened === undefined ? 0 : 1]
      }),
    )
    const by = (value: string | null) => (value === null ? sql`null` : this.#flavor.text(value))
    const update = this.#flavor.update({
      table: 'carillon_schedules',
      rows,
      where: sql`o.id = r.id`,
      set: {
        state: sql`r.state`,
        generation: sql`r.generation`,
        cause: sql`coalesce(r.cause, o.cause)`,
        valid_from: sql`coalesce(r.valid_from, o.valid_from)`,
        pause: sql`r.pause`,
        pause_scope: sql`r.pause_scope`,
        paused_until: sql`r.paused_until`,
        actor: sql`case when r.is_opened = 1 then ${by(actor)} else o.actor end`,
        actor_note: sql`case when r.is_opened = 1 then ${by(note)} else o.actor_note end`,
        reason: sql`null`,
        updated_at: this.#flavor.integer(now),
        revision: sql`o.revision + 1`,
      },
    })
    await update.execute(this.#sql)
    await this.#turnCursors(turns)
  }

  async #turnCursors(turns: readonly Turn[]): Promise<void> {
    const opened = turns.filter((turn) => turn.opened !== undefined)
    if (opened.length === 0) return
    const rows = this.#flavor.rowList(
      { schedule_id: 'integer', generation: 'integer' },
      opened.map(({ id, generation }) => [id, generation]),
    )
    const update = this.#flavor.update({
      table: 'carillon_cursors',
      rows,
      where: sql`o.schedule_id = r.schedule_id`,
      set: { generation: sql`r.generation`, next_at: sql`null`, is_broken: this.#flavor.integer(0) },
    })
    await update.execute(this.#sql)
  }

  #idList(ids: readonly number[]): Piece {
    return this.#flavor.rowList(
      { id: 'integer' },
      ids.map((id) => [id]),
    )
  }
}
