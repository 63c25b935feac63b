import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import type { Sql } from '../sql/sql-database.ts'
import { parseDefinition, type GenerationCause, type GenerationRecord } from './schedule-record.ts'

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

  /** All generations of a schedule, oldest first. */
  async list(scheduleId: number): Promise<GenerationRecord[]> {
    const rows = await this.#sql
      .selectFrom('carillon_generations')
      .selectAll()
      .where('schedule_id', '=', scheduleId)
      .orderBy('generation')
      .execute()
    return rows.map((row) => ({
      scheduleId: row.schedule_id,
      generation: row.generation,
      cause: row.cause as GenerationCause,
      validFrom: row.valid_from,
      definition: parseDefinition(row.definition),
    }))
  }
}
