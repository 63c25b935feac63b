import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef, OccurrenceState } from '../schedule/occurrence.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { toRef } from './occurrence-refs.ts'
import type { RefColumns } from './occurrence-rows.ts'
import type { ScheduleState } from './schedule-record.ts'

/** What a piece of news is about. */
interface Subject {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly job: string
}

/** A schedule that was stored, changed or deleted. */
export interface ScheduleNews extends Subject {
  readonly id: number
  readonly revision: number
  readonly state: ScheduleState
  readonly isDeleted: boolean
  readonly at: Instant
}

/** A run that has begun, or has come to an end. */
export interface RunNews extends Subject, OccurrenceRef {
  readonly state: OccurrenceState
  readonly attempt: number
  readonly at: Instant
}

interface RunColumns extends RefColumns {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly job: string
  readonly state: string
  readonly attempt: number
  readonly at: number
}

const SUBJECT = sql`s.namespace, s.${sql.ref('key')}, s.${sql.ref('group')}, s.job`

/** What has happened since an instant, of all namespaces, oldest first; each answered by an index. */
export class NewsTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  async schedules(since: Instant, limit: number): Promise<ScheduleNews[]> {
    const index = 'carillon_schedules_updated'
    const { rows } = await sql<
      Subject & { id: number; revision: number; state: string; deleted_at: number; updated_at: number }
    >`
      select s.id, ${SUBJECT}, s.revision, s.state, s.deleted_at, s.updated_at
      from ${sql.table('carillon_schedules')} as s ${this.#flavor.byIndex(index, index)}
      where s.updated_at >= ${since} order by s.updated_at limit ${limit}`.execute(this.#sql)
    return rows.map(({ deleted_at, updated_at: at, state, ...news }) => ({
      ...news,
      state: state as ScheduleState,
      isDeleted: deleted_at > 0,
      at,
    }))
  }

  async begun(since: Instant, limit: number): Promise<RunNews[]> {
    const index = 'carillon_occurrences_leased'
    // There are no more of them than runs under way.
    const where = sql`o.lease_until is not null and o.state = 'running' and o.started_at >= ${since}`
    return this.#runs(this.#flavor.byIndex(index, index), where, sql`o.started_at`, limit)
  }

  async ended(since: Instant, limit: number): Promise<RunNews[]> {
    const index = 'carillon_occurrences_finished'
    const where = sql`o.finished_at is not null and o.finished_at >= ${since}`
    return this.#runs(this.#flavor.byIndex(index, index), where, sql`o.finished_at`, limit)
  }

  async #runs(index: Piece, where: Piece, at: Piece, limit: number): Promise<RunNews[]> {
    const { rows } = await sql<RunColumns>`
      select ${SUBJECT}, r.schedule_id, r.generation, r.nominal_at, r.state, r.attempt, r.at
      from (
        select o.schedule_id, o.generation, o.nominal_at, o.state, o.attempt, ${at} as at
        from ${sql.table('carillon_occurrences')} as o ${index} where ${where} order by ${at} limit ${limit}
      ) as r ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.schedule_id
      order by r.at`.execute(this.#sql)
    return rows.map(({ namespace, key, group, job, state, attempt, at: then, ...row }) => {
      return { ...toRef(row), namespace, key, group, job, state: state as OccurrenceState, attempt, at: then }
    })
  }
}
