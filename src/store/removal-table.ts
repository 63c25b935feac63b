import { sql } from 'kysely'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** A schedule that may be over, and is to be removed then. */
export interface Removal extends ScheduleIdentity {
  readonly scheduleId: number
}

/**
 * The table of schedules that have nothing left to plan, and are to be removed when their last occurrence has ended. A row
 * says no more than where to look: what became of the schedule since is in its own.
 */
export class RemovalTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  async add(scheduleIds: readonly number[]): Promise<void> {
    if (scheduleIds.length === 0) return

    const rows = this.#flavor.rowList(
      { schedule_id: 'integer' },
      scheduleIds.map((id) => [id]),
    )
    const ids = sql`select r.schedule_id from ${rows} as r`
    await this.#flavor.insertMissing('carillon_removals', ['schedule_id'], ids).execute(this.#sql)
  }

  /** One page, by id; those whose schedule is not there any more are among them. */
  async page(afterId: number, limit: number): Promise<Removal[]> {
    const rows = await this.#sql
      .selectFrom('carillon_removals as t')
      .leftJoin('carillon_schedules as s', 's.id', 't.schedule_id')
      .select(['t.schedule_id', 's.namespace', 's.key'])
      .where('t.schedule_id', '>', afterId)
      .orderBy('t.schedule_id')
      .limit(limit)
      .execute()
    return rows.map(({ schedule_id, namespace, key }) => ({
      scheduleId: schedule_id,
      namespace: namespace ?? '',
      key: key ?? '',
    }))
  }

  async drop(scheduleId: number): Promise<void> {
    await this.#sql.deleteFrom('carillon_removals').where('schedule_id', '=', scheduleId).execute()
  }
}
