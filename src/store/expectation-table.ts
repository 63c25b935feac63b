import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { REF_COLUMNS, refList, toRef } from './occurrence-refs.ts'
import type { RefColumns } from './occurrence-rows.ts'

/** By when an occurrence is to have ended. */
export interface Expectation extends OccurrenceRef {
  readonly expectedAt: Instant
}

const EXPECTATIONS = sql.table('carillon_expectations')
const COLUMNS = ['schedule_id', 'generation', 'nominal_at', 'expected_at', 'told_at', 'told_by']
/** The row `e` is of the row `r`. */
const IS_REF = sql`e.schedule_id = r.schedule_id and e.nominal_at = r.nominal_at and e.generation = r.generation`

/**
 * The table of expectations: a row for each occurrence of a schedule that says by when its runs are to have ended, until
 * that time; and a row for each occurrence that was told to be absent, so that it is told once.
 *
 * @see docs/design/runs.md
 */
export class ExpectationTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  async insert(expectations: readonly Expectation[]): Promise<void> {
    await this.#insert(expectations, 0, null)
  }

  /** Expects the runs of a schedule that have not ended within another time, or not at all. */
  async renew(scheduleId: number, withinMs: number | null): Promise<void> {
    await sql`delete from ${EXPECTATIONS} where schedule_id = ${scheduleId} and told_at = 0`.execute(
      this.#sql,
    )
    if (withinMs === null) return

    const open = this.#flavor.byIndex('carillon_occurrences_open', 'carillon_occurrences_finished')
    const { rows } = await sql<RefColumns & { due_at: number; planned_at: number }>`
      select schedule_id, generation, nominal_at, due_at, planned_at
      from ${sql.table('carillon_occurrences')} ${open}
      where schedule_id = ${scheduleId} and finished_at is null`.execute(this.#sql)
    await this.insert(
      rows.map((row) => ({
        ...toRef(row),
        expectedAt: Math.max(row.due_at, row.planned_at) + withinMs,
      })),
    )
  }

  /** What is to have ended by now and was not told to be absent, earliest first. */
  async due(now: Instant, limit: number): Promise<Expectation[]> {
    const index = this.#flavor.byIndex('carillon_expectations_due', 'carillon_expectations_due')
    const { rows } = await sql<RefColumns & { expected_at: number }>`
      select schedule_id, generation, nominal_at, expected_at from ${EXPECTATIONS} ${index}
      where told_at = 0 and expected_at <= ${now} order by expected_at limit ${limit}`.execute(this.#sql)
    return rows.map((row) => ({ ...toRef(row), expectedAt: row.expected_at }))
  }

  /** What was told to be absent, newest first. */
  async told(limit: number): Promise<Expectation[]> {
    const index = this.#flavor.byIndex('carillon_expectations_told', 'carillon_expectations_due')
    const { rows } = await sql<RefColumns & { expected_at: number }>`
      select schedule_id, generation, nominal_at, expected_at from ${EXPECTATIONS} ${index}
      where told_at > 0 order by told_at desc limit ${limit}`.execute(this.#sql)
    return rows.map((row) => ({ ...toRef(row), expectedAt: row.expected_at }))
  }

  /** Forgets expectations that were met. */
  async forget(refs: readonly OccurrenceRef[]): Promise<void> {
    if (refs.length === 0) return
    const rows = refList(this.#flavor, refs)
    await this.#flavor
      .delete({ table: 'carillon_expectations', primaryKey: Object.keys(REF_COLUMNS), rows })
      .execute(this.#sql)
  }

  /**
   * Notes that these are told to be absent, those of which nobody has told. Must run in a transaction, which may be
   * repeated with the same words.
   *
   * @param by names this telling; no other one has the same
   * @returns those that are told by it
   */
  async tell(absent: readonly Expectation[], by: string, now: Instant): Promise<OccurrenceRef[]> {
    if (absent.length === 0) return []
    await this.#insert(absent, now, by)
    await this.#flavor
      .update({
        table: 'carillon_expectations',
        rows: refList(this.#flavor, absent),
        where: sql`o.schedule_id = r.schedule_id and o.nominal_at = r.nominal_at and o.generation = r.generation
          and o.told_at = 0`,
        set: { told_at: this.#flavor.integer(now), told_by: this.#flavor.text(by) },
      })
      .execute(this.#sql)
    const { rows } = await sql<RefColumns>`
      select e.schedule_id, e.generation, e.nominal_at from ${refList(this.#flavor, absent)} as r
      ${this.#flavor.lookUp('carillon_expectations', 'e', 'primary')} on ${IS_REF}
      where e.told_by = ${by}`.execute(this.#sql)
    return rows.map(toRef)
  }

  /** Forgets up to `limit` of what was told before an instant. */
  async prune(toldBefore: Instant, limit: number): Promise<void> {
    const index = this.#flavor.byIndex('carillon_expectations_told', 'carillon_expectations_due')
    const { rows } = await sql<RefColumns>`
      select schedule_id, generation, nominal_at from ${EXPECTATIONS} ${index}
      where told_at > 0 and told_at < ${toldBefore} order by told_at limit ${limit}`.execute(this.#sql)
    await this.forget(rows.map(toRef))
  }

  /** Writes those that are not there. */
  async #insert(expectations: readonly Expectation[], toldAt: Instant, toldBy: string | null): Promise<void> {
    if (expectations.length === 0) return
    const columns = { expected_at: 'integer' } as const
    const rows = refList(this.#flavor, expectations, columns, (i) => [expectations[i]!.expectedAt])
    const by = toldBy === null ? sql`null` : this.#flavor.text(toldBy)
    await this.#flavor
      .insertMissing(
        'carillon_expectations',
        COLUMNS,
        sql`select r.schedule_id, r.generation, r.nominal_at, r.expected_at, ${this.#flavor.integer(toldAt)}, ${by}
          from ${rows} as r`,
      )
      .execute(this.#sql)
  }
}
