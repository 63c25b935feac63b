import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { GenerationCause } from './schedule-record.ts'

/** The table of generations: every definition that was ever in force, from when, and why. */
export class GenerationTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async append(
    scheduleId: number,
    generation: number,
    cause: GenerationCause,
    validFrom: Instant,
    definition: Definition | string,
  ): Promise<void> {
    const text = typeof definition === 'string' ? definition : JSON.stringify(definition)
    await this.#sql
      .insertInto('carillon_generations')
      .values({ schedule_id: scheduleId, generation, cause, valid_from: validFrom, definition: text })
      .execute()
  }

  /** When a generation was opened; `undefined` when there is no such generation. */
  async openedAt(scheduleId: number, generation: number): Promise<Instant | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_generations')
      .select('valid_from')
      .where('schedule_id', '=', scheduleId)
      .where('generation', '=', generation)
      .executeTakeFirst()
    return row?.valid_from
  }
}
