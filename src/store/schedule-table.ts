import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { termsOf } from '../schedule/terms.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { isReached, type Reach } from './reach.ts'
import { storedTerms, type StoredTerms } from './stored-terms.ts'
import { NO_PAUSE, storedPause, type Author, type Pause } from './pause.ts'
import { COLUMNS, toRecord, type ScheduleRow } from './schedule-rows.ts'
import { livesOf, type ScheduleLife } from './schedule-lives.ts'
import type { GenerationCause, ScheduleOrigin, ScheduleRecord, ScheduleState } from './schedule-record.ts'

/** What decides how a schedule's row looks after it was written. */
export interface ScheduleWrite {
  readonly group: string | null
  readonly state: ScheduleState
  readonly generation: number
  /** Why the generation is opened; left out when it is in force already. */
  readonly cause?: GenerationCause | undefined
  readonly nextAt: Instant | null
  readonly definition: Definition
  /** An operator's, where there is one. */
  readonly pause: Pause | null
}

/** A schedule that is stored for the first time, in its first generation. */
export interface NewSchedule extends Pick<ScheduleWrite, 'group' | 'state' | 'pause'> {
  readonly key: string
  readonly job: string
  /** The definition as it is stored. */
  readonly definitionText: string
  readonly terms: StoredTerms
  /** Its overlap policy, as it is stored. */
  readonly overlap: string | null
}

/** A schedule that was set aside. */
export interface SetAside extends ScheduleIdentity {
  readonly group: string | null
  readonly job: string
}

export interface ScheduleFilter {
  readonly namespace: string
  readonly group?: string | undefined
  readonly states?: readonly ScheduleState[] | undefined
  readonly job?: string | undefined
  /** Only those with this text in key or group; the letters A to Z in either case. */
  readonly text?: string | undefined
  /** Only keys after this one. */
  readonly afterKey?: string | undefined
  readonly limit: number
}

/** The table of schedules, seen from inside a transaction or for reading alone. */
export class ScheduleTable {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #reach: Reach

  /** @param reach what is found by namespace and key */
  constructor(sql: Sql, flavor: Flavor, reach: Reach) {
    this.#sql = sql
    this.#flavor = flavor
    this.#reach = reach
  }

  /** The living schedule with this key. */
  async find(namespace: string, key: string): Promise<ScheduleRecord | undefined> {
    const row = await this.#living(namespace).where('s.key', '=', key).executeTakeFirst()
    return row && toRecord(row)
  }

  /** The living schedules with these keys; until the end of the transaction nobody else changes or plans them. */
  async lockMany(namespace: string, keys: readonly string[]): Promise<ScheduleRecord[]> {
    return this.#byKeys(namespace, keys, this.#flavor.forUpdate)
  }

  /** The living schedules with these keys. */
  async findMany(namespace: string, keys: readonly string[]): Promise<ScheduleRecord[]> {
    return this.#byKeys(namespace, keys, sql``)
  }

  async #byKeys(namespace: string, keys: readonly string[], how: Piece): Promise<ScheduleRecord[]> {
    if (keys.length === 0) return []
    const { rows } = await sql<ScheduleRow>`
      select ${sql.join(COLUMNS.map((name) => sql.ref(name)))}
      from ${this.#keyList(keys)} as r
      ${this.#flavor.lookUp('carillon_schedules', 's', BY_KEY)} on ${this.#isLiving(namespace)}
      ${this.#flavor.lookUp('carillon_cursors', 'c', 'primary')} on c.schedule_id = s.id
      ${how}`.execute(this.#sql)
    return rows.map(toRecord)
  }

  #isLiving(namespace: string): Piece {
    return sql`s.namespace = ${namespace} and s.${sql.ref('key')} = r.${sql.ref('key')} and s.deleted_at = 0
      and ${isReached(this.#reach, 's')}`
  }

  /** The terms of these schedules, as stored. */
  async termsOf(ids: readonly number[]): Promise<Map<number, string>> {
    const list = this.#flavor.rowList(
      { id: 'integer' },
      ids.map((id) => [id]),
    )
    const { rows } = await sql<{ id: number; terms: string }>`
      select s.id, s.terms from ${list} as r ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')}
      on s.id = r.id`.execute(this.#sql)
    return new Map(rows.map(({ id, terms }) => [id, terms]))
  }

  /** The ids that a key has had, of deleted schedules too, newest first. */
  async idsOf(namespace: string, key: string): Promise<number[]> {
    const rows = await this.#sql
      .selectFrom('carillon_schedules as s')
      .select('id')
      .where('namespace', '=', namespace)
      .where('key', '=', key)
      .where(isReached(this.#reach, 's'))
      .orderBy('id', 'desc')
      .execute()
    return rows.map((row) => row.id)
  }

  /** What is remembered of a key, newest first. */
  async lives(namespace: string, key: string): Promise<ScheduleLife[]> {
    return livesOf(this.#sql, this.#reach, namespace, key)
  }

  /** How many living schedules a namespace has, counted up to `most`. */
  async countUpTo(namespace: string, most: number): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from (select 1 as one from ${sql.table('carillon_schedules')}
        where namespace = ${namespace} and deleted_at = 0 limit ${most}) as s`.execute(this.#sql)
    return rows[0]!.count
  }

  /** One page of living schedules, by key. */
  async list(filter: ScheduleFilter): Promise<ScheduleRecord[]> {
    const { namespace, group, states, job, text, afterKey, limit } = filter
    let query = this.#living(namespace)
    if (group !== undefined) query = query.where('s.group', '=', group)
    if (states?.length === 0) return []
    if (states !== undefined) query = query.where('s.state', 'in', states)
    if (job !== undefined) query = query.where('s.job', '=', job)
    if (text !== undefined) {
      const [inKey, inGroup] = ['s.key', 's.group'].map((name) => this.#flavor.contains(sql.ref(name), text))
      query = query.where((eb) => eb.or([inKey!, inGroup!]))
    }
    if (afterKey !== undefined) query = query.where('s.key', '>', afterKey)

    const rows = await query.orderBy('s.key').limit(limit).execute()
    return rows.map(toRecord)
  }

  /**
   * Writes new schedules in one statement; their cursors are to follow.
   *
   * @returns their ids, in the same order
   * @throws when one of the keys is taken, as the database's refusal
   */
  async insert(
    { namespace, origin, author }: { namespace: string; origin: ScheduleOrigin; author: Author },
    schedules: readonly NewSchedule[],
    now: Instant,
  ): Promise<number[]> {
    const rows = this.#flavor.rowList(
      {
        key: 'text',
        group: 'text',
        state: 'text',
        job: 'text',
        definition: 'text',
        terms: 'text',
        overlap: 'text',
        pause: 'text',
        pause_scope: 'text',
        paused_until: 'integer',
        actor: 'text',
        actor_note: 'text',
      },
      schedules.map(({ key, group, state, job, definitionText, terms, overlap, pause: own }) => {
        const { pause, pause_scope, paused_until } = storedPause(own)
        const { actor, note } = author
        const what = [key, group, state, job, definitionText, terms.text, overlap]
        return [...what, pause, pause_scope, paused_until, actor, note]
      }),
    )
    const at = this.#flavor.integer(now)
    const written = await sql<{ id: number; key: string }>`
      insert into ${sql.table('carillon_schedules')}
        (namespace, ${sql.ref('key')}, ${sql.ref('group')}, origin, state, generation, cause, valid_from, revision, job,
         definition, terms, overlap, pause, pause_scope, paused_until, actor, actor_note, created_by, created_note,
         created_at, updated_at)
      select ${this.#flavor.text(namespace)}, ${sql.ref('r.key')}, ${sql.ref('r.group')},
        ${this.#flavor.text(origin)}, r.state, 1, 'created', ${at}, 1, r.job, r.definition, r.terms, r.overlap,
        r.pause, r.pause_scope, r.paused_until, r.actor, r.actor_note, r.actor, r.actor_note, ${at}, ${at}
      from ${rows} as r
      ${this.#flavor.returns ? sql`returning id, ${sql.ref('key')}` : sql``}`.execute(this.#sql)

    const keys = schedules.map(({ key }) => key)
    const found = this.#flavor.returns ? written.rows : await this.#idsOfLiving(namespace, keys)
    const ids = new Map(found.map(({ key, id }) => [key, id]))
    return keys.map((key) => ids.get(key)!)
  }

  async #idsOfLiving(namespace: string, keys: readonly string[]): Promise<{ id: number; key: string }[]> {
    const { rows } = await sql<{ id: number; key: string }>`
      select s.id, s.${sql.ref('key')}
      from ${this.#keyList(keys)} as r
      ${this.#flavor.lookUp('carillon_schedules', 's', BY_KEY)} on ${this.#isLiving(namespace)}`.execute(
      this.#sql,
    )
    return rows
  }

  /** Replaces what `write` covers, and counts the revision up. */
  async update(
    record: ScheduleIdentity & { id: number },
    write: ScheduleWrite,
    { actor, note }: Author,
    now: Instant,
  ): Promise<void> {
    const { group, state, generation, cause, nextAt, definition, pause } = write
    const terms = storedTerms(termsOf(definition, record))
    await this.#sql
      .updateTable('carillon_schedules')
      .set({ group, state, generation, job: definition.job })
      .set({ definition: JSON.stringify(definition), terms: terms.text, overlap: storedOverlap(definition) })
      .set(cause === undefined ? {} : { cause, valid_from: now, reason: null, actor, actor_note: note })
      .set(storedPause(pause))
      .set((eb) => ({ updated_at: now, revision: eb('revision', '+', 1) }))
      .where('id', '=', record.id)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ generation, next_at: nextAt, is_broken: 0, terms_key: terms.key })
      .where('schedule_id', '=', record.id)
      .execute()
  }

  /** Takes the key from a schedule; the row stays for its history until it is pruned. */
  async bury(id: number, { actor, note }: Author, now: Instant): Promise<void> {
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
      .set({ cause: 'deleted', valid_from: now, actor, actor_note: note, ...NO_PAUSE })
      .set((eb) => ({ revision: eb('revision', '+', 1), generation: eb('generation', '+', 1) }))
      .where('id', '=', id)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ next_at: null, is_broken: 0 })
      .where('schedule_id', '=', id)
      .execute()
  }

  /** The ids of broken schedules that were last tried before `before`, longest ago first. */
  async broken(before: Instant, limit: number): Promise<number[]> {
    const rows = await this.#sql
      .selectFrom('carillon_schedules')
      .select('id')
      .where('state', '=', sql.lit('broken'))
      .where('deleted_at', '=', 0)
      .where('updated_at', '<', before)
      .orderBy('updated_at')
      .limit(limit)
      .execute()
    return rows.map(({ id }) => id)
  }

  /**
   * Sets a schedule aside with the reason; its cursor stays, so that nothing is lost when it is mended.
   *
   * @returns which one it was
   */
  async markBroken(id: number, reason: string, now: Instant): Promise<SetAside | undefined> {
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
    return this.#sql
      .selectFrom('carillon_schedules')
      .select(['namespace', 'key', 'group', 'job'])
      .where('id', '=', id)
      .executeTakeFirst()
  }

  /** Keeps why a schedule was paused, in the transaction that paused it. */
  async giveReason(id: number, reason: string): Promise<void> {
    await this.#sql.updateTable('carillon_schedules').set({ reason }).where('id', '=', id).execute()
  }

  /** Takes up a schedule again that was set aside. */
  async markMended(id: number): Promise<void> {
    await this.#sql
      .updateTable('carillon_schedules')
      .set({ state: 'active', reason: null })
      .where('id', '=', id)
      .where('state', '=', 'broken')
      .where('deleted_at', '=', 0)
      .execute()
    await this.#sql
      .updateTable('carillon_cursors')
      .set({ is_broken: 0 })
      .where('schedule_id', '=', id)
      .execute()
  }

  /** Removes up to `limit` schedules that were deleted before `before`, with their cursors and generations. */
  async prune(before: Instant, limit: number): Promise<number> {
    const buried = await this.#sql
      .selectFrom('carillon_schedules')
      .select('id')
      .where('deleted_at', '>', sql.lit(0))
      .where('deleted_at', '<', before)
      .limit(limit)
      .modifyEnd(this.#flavor.forUpdateSkipLocked)
      .execute()
    const ids = buried.map(({ id }) => id)
    if (ids.length === 0) return 0

    // No foreign keys see to it: they cost more than the two inserts that they would watch.
    await this.#sql.deleteFrom('carillon_generations').where('schedule_id', 'in', ids).execute()
    await this.#sql.deleteFrom('carillon_changes').where('schedule_id', 'in', ids).execute()
    await this.#sql.deleteFrom('carillon_cursors').where('schedule_id', 'in', ids).execute()
    await this.#sql.deleteFrom('carillon_schedules').where('id', 'in', ids).execute()
    return ids.length
  }

  #living(namespace: string) {
    return this.#sql
      .selectFrom('carillon_schedules as s')
      .innerJoin('carillon_cursors as c', 'c.schedule_id', 's.id')
      .select(COLUMNS)
      .where('s.namespace', '=', namespace)
      .where('s.deleted_at', '=', 0)
      .where(isReached(this.#reach, 's'))
  }

  #keyList(keys: readonly string[]): Piece {
    const rows = keys.map((key) => [key])
    return this.#flavor.rowList({ key: 'name' }, rows)
  }
}

/** The overlap policy of a definition, as it is stored beside it: the fence reads it of many, and no payloads. */
export function storedOverlap({ overlap }: Pick<Definition, 'overlap'>): string | null {
  return overlap && JSON.stringify(overlap)
}

const BY_KEY = 'carillon_schedules_key'
