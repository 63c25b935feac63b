import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { GenerationCause } from './schedule-record.ts'

/** A definition that comes into force. */
export interface NewGeneration {
  readonly scheduleId: number
  readonly generation: number
  readonly cause: GenerationCause
  readonly definition: Definition | string
}

/** The table of generations: every definition that was ever in force, from when, and why. */
export class GenerationTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  async append(generations: readonly NewGeneration[], validFrom: Instant): Promise<void> {
    const rows = this.#flavor.rowList(
      { schedule_id: 'integer', generation: 'integer', cause: 'text', definition: 'text' },
      generations.map(({ scheduleId, generation, cause, definition }) => [
        scheduleId,
        generation,
        cause,
        typeof definition === 'string' ? definition : JSON.stringify(definition),
      ]),
    )
    await sql`
      insert into ${sql.table('carillon_generations')} (schedule_id, generation, cause, valid_from, definition)
      select r.schedule_id, r.generation, r.cause, ${this.#flavor.integer(validFrom)}, r.definition
      from ${rows} as r`.execute(this.#sql)
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
