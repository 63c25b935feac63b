import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OwedRange } from '../schedule/plan.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** A range that is written for the first time. */
export interface NewOwed extends OwedRange {
  readonly scheduleId: number
  readonly generation: number
}

/** A range of missed occurrences that are to run and are not written yet. */
export interface Owed extends NewOwed {
  readonly namespace: string
}

/** What a range has left. */
export interface OwedRest {
  readonly owed: Owed
  /** Its first occurrence that is not written yet; `undefined` when all of them are. */
  readonly from: Instant | undefined
  /** How many were written. */
  readonly written: number
}

/** What is owed to the schedules of a namespace. */
export interface OwedTotal {
  readonly namespace: string
  readonly schedules: number
  readonly runs: number
  /** How many of the runs an operator has let go. */
  readonly released: number
  /** The nominal instant of the oldest one. */
  readonly oldestAt: Instant
}

interface OwedColumns {
  readonly schedule_id: number
  readonly generation: number
  readonly from_at: Instant
  readonly until_at: Instant
  readonly runs: number
  readonly stands_for: number
  readonly namespace: string
}

const OWED = sql.table('carillon_owed')
const COLUMNS = sql`o.schedule_id, o.generation, o.from_at, o.until_at, o.runs, o.stands_for, o.namespace`
const KEY = ['schedule_id', 'until_at', 'generation'] as const
const KEY_COLUMNS = { schedule_id: 'integer', until_at: 'integer', generation: 'integer' } as const
const IS_SAME = sql`o.schedule_id = r.schedule_id and o.until_at = r.until_at and o.generation = r.generation`

/**
 * What is to be caught up at a rate. A schedule's ranges are changed by who holds its cursor; and only who holds the pace
 * writes occurrences out of them.
 *
 * @see docs/design/catch-up.md
 */
export class OwedTable {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  async insert(ranges: readonly NewOwed[]): Promise<void> {
    if (ranges.length === 0) return
    const rows = this.#flavor.rowList(
      { ...KEY_COLUMNS, from_at: 'integer', runs: 'integer', stands_for: 'integer' },
      ranges.map(({ scheduleId, until, generation, from, count, standsFor }) => [
        scheduleId,
        until,
        generation,
        from,
        count,
        standsFor,
      ]),
    )
    await sql`
      insert into ${OWED} (schedule_id, until_at, generation, from_at, runs, stands_for, namespace)
      select r.schedule_id, r.until_at, r.generation, r.from_at, r.runs, r.stands_for, s.namespace from ${rows} as r
      ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.schedule_id`.execute(this.#sql)
  }

  /** Whether anything is owed at all. */
  async isAny(): Promise<boolean> {
    const row = await this.#sql.selectFrom('carillon_owed').select('schedule_id').limit(1).executeTakeFirst()
    return row !== undefined
  }

  /** What is owed, by namespace; with one given, only of that. */
  async totals(namespace?: string): Promise<OwedTotal[]> {
    const { rows } = await sql<{
      namespace: string
      schedules: number | string
      runs: number | string
      released: number | string
      oldest_at: Instant
    }>`
      select namespace, count(distinct schedule_id) as schedules, sum(runs) as runs,
        sum(runs * is_released) as released, min(from_at) as oldest_at
      from ${OWED} ${namespace === undefined ? sql`` : sql`where namespace = ${namespace}`}
      group by namespace order by namespace`.execute(this.#sql)
    // A sum is a decimal to some databases, and comes as text.
    return rows.map(({ oldest_at: oldestAt, ...row }) => ({
      namespace: row.namespace,
      schedules: Number(row.schedules),
      runs: Number(row.runs),
      released: Number(row.released),
      oldestAt,
    }))
  }

  /** The ranges of a namespace that begin first. */
  async oldest(namespace: string, limit: number, { onlyReleased = false } = {}): Promise<Owed[]> {
    const index = 'carillon_owed_namespace'
    const { rows } = await sql<OwedColumns>`
      select ${COLUMNS} from (select * from ${OWED} ${this.#flavor.byIndex(index, index)}
        where namespace = ${namespace} ${onlyReleased ? sql`and is_released = 1` : sql``}
        order by from_at limit ${limit}) as o`.execute(this.#sql)
    return rows.map(toOwed)
  }

  /** These ranges as they are now, those left out that are gone. */
  async again(ranges: readonly Owed[]): Promise<Owed[]> {
    if (ranges.length === 0) return []
    const { rows } = await sql<OwedColumns>`
      select ${COLUMNS} from ${this.#keys(ranges)} as r
      ${this.#flavor.lookUp('carillon_owed', 'o', 'primary')} on ${IS_SAME}`.execute(this.#sql)
    return rows.map(toOwed)
  }

  /** The range that an instant of one of these schedules lies in. */
  async at(scheduleIds: readonly number[], instant: Instant): Promise<Owed | undefined> {
    if (scheduleIds.length === 0) return undefined
    const { rows } = await sql<OwedColumns>`
      select ${COLUMNS} from ${OWED} as o where o.schedule_id in (${sql.join(scheduleIds)})
        and o.until_at >= ${instant} and o.from_at <= ${instant} limit 1`.execute(this.#sql)
    return rows.map(toOwed)[0]
  }

  /** What is owed to schedules. */
  async of(scheduleIds: readonly number[]): Promise<Owed[]> {
    if (scheduleIds.length === 0) return []
    const ids = this.#flavor.rowList(
      { id: 'integer' },
      scheduleIds.map((id) => [id]),
    )
    const { rows } = await sql<OwedColumns>`
      select ${COLUMNS} from ${ids} as r
      ${this.#flavor.lookUp('carillon_owed', 'o', 'primary')} on o.schedule_id = r.id`.execute(this.#sql)
    return rows.map(toOwed)
  }

  /** Takes away what is owed to schedules. */
  async take(scheduleIds: readonly number[]): Promise<Owed[]> {
    const taken = await this.of(scheduleIds)
    await this.remove(taken)
    return taken
  }

  async remove(ranges: readonly Owed[]): Promise<void> {
    if (ranges.length === 0) return
    const rows = this.#keys(ranges)
    await this.#flavor.delete({ table: 'carillon_owed', primaryKey: [...KEY], rows }).execute(this.#sql)
  }

  /** Says what was written out of ranges. */
  async settle(rests: readonly OwedRest[]): Promise<void> {
    await this.remove(rests.filter(({ from }) => from === undefined).map(({ owed }) => owed))
    const left = rests.filter(({ from, written }) => from !== undefined && written > 0)
    if (left.length === 0) return
    const rows = this.#flavor.rowList(
      { ...KEY_COLUMNS, new_from: 'integer', written: 'integer' },
      left.map(({ owed, from, written }) => [...keyOf(owed), from!, written]),
    )
    const set = { from_at: sql`r.new_from`, runs: sql`o.runs - r.written`, stands_for: sql`0` }
    await this.#flavor.update({ table: 'carillon_owed', rows, where: IS_SAME, set }).execute(this.#sql)
  }

  /** Lets what is owed now go, however much it is. @returns how many runs */
  async release(namespace?: string): Promise<number> {
    const held = (await this.totals(namespace)).reduce((sum, { runs, released }) => sum + runs - released, 0)
    let query = this.#sql.updateTable('carillon_owed').set({ is_released: 1 }).where('is_released', '=', 0)
    if (namespace !== undefined) query = query.where('namespace', '=', namespace)
    await query.execute()
    return held
  }

  #keys(ranges: readonly Owed[]): Piece {
    return this.#flavor.rowList(KEY_COLUMNS, ranges.map(keyOf))
  }
}

function keyOf({ scheduleId, until, generation }: Owed): number[] {
  return [scheduleId, until, generation]
}

function toOwed(row: OwedColumns): Owed {
  return {
    scheduleId: row.schedule_id,
    generation: row.generation,
    from: row.from_at,
    until: row.until_at,
    count: row.runs,
    standsFor: row.stands_for,
    namespace: row.namespace,
  }
}
