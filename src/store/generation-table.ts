import { sql } from 'kysely'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** The table of generations that are over. The one in force is in the schedule's row. */
export class GenerationTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Keeps the present generations of schedules, which others are about to follow. */
  async keep(scheduleIds: readonly number[]): Promise<void> {
    if (scheduleIds.length === 0) return
    const ids = this.#flavor.rowList(
      { id: 'integer' },
      scheduleIds.map((id) => [id]),
    )
    await sql`
      insert into ${sql.table('carillon_generations')}
        (schedule_id, generation, cause, valid_from, definition, actor, note)
      select s.id, s.generation, s.cause, s.valid_from, s.definition, s.actor, s.actor_note
      from ${ids} as r ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.id`.execute(
      this.#sql,
    )
  }
}
