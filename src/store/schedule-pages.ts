import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Sql } from '../sql/sql-database.ts'
import { isReached, type Reach } from './reach.ts'

/** What a look at all active schedules needs of one. */
export interface ActiveSchedule {
  readonly id: number
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly validFrom: Instant
  readonly nextAt: Instant | null
  readonly lastAt: Instant | null
  readonly planned: number
  /** Stands for the schedule's terms, and for equal ones of others. */
  readonly termsKey: string
}

/** Reads active schedules page by page: those of one namespace by key, those of all by id, each along an index. */
export class SchedulePages {
  readonly #sql: Sql
  readonly #reach: Reach

  constructor(sql: Sql, reach: Reach) {
    this.#sql = sql
    this.#reach = reach
  }

  /** @param last the last one of the page before */
  async active(
    namespace: string | undefined,
    last: ActiveSchedule | undefined,
    limit: number,
  ): Promise<ActiveSchedule[]> {
    const all = this.#sql
      .selectFrom('carillon_schedules as s')
      .innerJoin('carillon_cursors as c', 'c.schedule_id', 's.id')
      .select(['s.id', 's.namespace', 's.key', 's.group', 's.valid_from'])
      .select(['c.next_at', 'c.last_at', 'c.planned', 'c.terms_key'])
      .where('s.deleted_at', '=', 0)
      .where('s.state', '=', sql.lit('active'))
      .where(isReached(this.#reach, 's'))
      .limit(limit)
    const page =
      namespace === undefined
        ? all.where('s.id', '>', last?.id ?? 0).orderBy('s.id')
        : all
            .where('s.namespace', '=', namespace)
            .where('s.key', '>', last?.key ?? '')
            .orderBy('s.key')
    const rows = await page.execute()
    return rows.map((row) => ({
      id: row.id,
      namespace: row.namespace,
      key: row.key,
      group: row.group,
      validFrom: row.valid_from,
      nextAt: row.next_at,
      lastAt: row.last_at === 0 ? null : row.last_at,
      planned: row.planned,
      termsKey: row.terms_key,
    }))
  }
}
