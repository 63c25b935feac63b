import type { Sql } from '../sql/sql-database.ts'

/** The table of generations that are over. The one in force is in the schedule's row. */
export class GenerationTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Keeps the present generation of a schedule, which another is about to follow. */
  async keep(scheduleId: number): Promise<void> {
    await this.#sql
      .insertInto('carillon_generations')
      .columns(COLUMNS)
      .expression((eb) =>
        eb
          .selectFrom('carillon_schedules')
          .select(['id', 'generation', 'cause', 'valid_from', 'definition'])
          .where('id', '=', scheduleId),
      )
      .execute()
  }
}

const COLUMNS = ['schedule_id', 'generation', 'cause', 'valid_from', 'definition'] as const
