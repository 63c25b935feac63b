import { sql, type RawBuilder } from 'kysely'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece, RowColumns, RowValue } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { IS_REF, REF_COLUMNS, refList, toRef } from './occurrence-refs.ts'

interface LockedColumns {
  readonly schedule_id: number
  readonly generation: number
  readonly nominal_at: number
  readonly state: string
  readonly due_at: number
  readonly planned_at: number
  readonly origin: string
  readonly attempt: number
  readonly failures: number
  readonly lost: number
  readonly missed_count: number | null
  /** The revision of its schedule, where it was asked for. */
  readonly revision?: number | null
  /** Where it was asked for. */
  readonly job?: string
  /** Where it was asked for. */
  readonly reason?: string | null
  /** Where what a message says was asked for. */
  readonly waits?: number
  /** Where it was asked for. */
  readonly overlap?: string | null
}

/** An occurrence as it is while it is held. */
export type LockedRow = LockedColumns & OccurrenceRef

/** What the fence needs to know of a schedule. */
export interface ScheduleRow {
  readonly id: number
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly state: string
  readonly generation: number
  readonly revision: number
  readonly definition: string
  /** Its overlap policy, as stored. */
  readonly overlap: string | null
}

/** A change of many occurrences. */
export interface RowChange {
  /** What must be true of the occurrence `o`; the row of the list is `r`. */
  readonly condition: Piece
  /** What must be true besides, in other tables. */
  readonly and?: Piece
  readonly set: Readonly<Record<string, Piece>>
  /** Columns of the list besides the identity, and their values for each occurrence. */
  readonly columns?: RowColumns
  readonly valuesOf?: (index: number) => readonly RowValue[]
  /** Whether a crash of the database may undo it. */
  readonly isRelaxed?: boolean
  /** Whether it passes over those that somebody else holds, instead of waiting for them. */
  readonly passesOverHeld?: boolean
  /** What is asked for besides the usual. */
  readonly extra?: Extra
}

/** The identity of an occurrence, as it is in the database. */
export type RefColumns = Pick<LockedColumns, 'schedule_id' | 'generation' | 'nominal_at'>

const TABLE = 'carillon_occurrences'
/** One row an attempt; its key begins with that of the occurrence. */
const DETAILS = 'carillon_run_details'
const COLUMNS = [
  'schedule_id',
  'generation',
  'nominal_at',
  'state',
  'due_at',
  'planned_at',
  'origin',
  'attempt',
  'failures',
  'lost',
  'missed_count',
] as const satisfies readonly (keyof LockedColumns)[]

/** What is answered of an occurrence besides the usual: `message` is all that one says. */
type Extra = 'revision' | 'job' | 'reason' | 'overlap' | 'message'

/** @param column how a column of the occurrence is named */
function answerOf(column: (name: string) => Piece, extra: Extra | undefined): Piece {
  const columns = COLUMNS.map(column)
  if (extra === undefined) return sql.join(columns)
  if (extra === 'message') return sql.join([...columns, column('job'), column('waits')])
  if (extra !== 'revision') return sql.join([...columns, column(extra)])
  return sql.join([
    ...columns,
    sql`(select s.revision from ${sql.table('carillon_schedules')} as s where s.id = ${column('schedule_id')}) as revision`,
  ])
}

/** Many occurrences at once: held, changed in one statement, looked up with their schedules. */
export class OccurrenceRows {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** Holds those of the occurrences for which the condition is true, to the end of the transaction. */
  async lock(
    refs: readonly OccurrenceRef[],
    condition: Piece,
    how = this.#flavor.forUpdate,
  ): Promise<LockedRow[]> {
    const own = this.#flavor.afterwards(condition)
    return refs.length === 0 ? [] : this.#select(refList(this.#flavor, refs), own, how)
  }

  /** Those of the occurrences for which the condition is true. */
  async find(
    refs: readonly OccurrenceRef[],
    condition: Piece,
    { columns, valuesOf, extra }: Pick<RowChange, 'columns' | 'valuesOf' | 'extra'> = {},
  ): Promise<LockedRow[]> {
    if (refs.length === 0) return []
    const list = refList(this.#flavor, refs, columns, valuesOf)
    return this.#select(list, this.#flavor.afterwards(condition), sql``, extra)
  }

  /** Changes these occurrences, which the transaction holds. */
  async update(
    refs: readonly OccurrenceRef[],
    set: RowChange['set'],
    columns: RowColumns = {},
    valuesOf?: RowChange['valuesOf'],
  ): Promise<void> {
    if (refs.length === 0) return
    const rows = refList(this.#flavor, refs, columns, valuesOf)
    await this.#flavor.update({ table: TABLE, rows, where: IS_REF, set }).execute(this.#sql)
  }

  /** Removes these occurrences, which the transaction holds, and what was told of their runs. */
  async delete(refs: readonly OccurrenceRef[]): Promise<void> {
    if (refs.length === 0) return
    const rows = refList(this.#flavor, refs)
    for (const table of [DETAILS, TABLE])
      await this.#flavor.delete({ table, primaryKey: Object.keys(REF_COLUMNS), rows }).execute(this.#sql)
  }

  /**
   * Changes those of the occurrences for which the condition is true: one statement, or where the database cannot answer
   * what it has changed, several, which must be in a transaction.
   *
   * @returns them as they are after it
   */
  async change(refs: readonly OccurrenceRef[], change: RowChange): Promise<LockedRow[]> {
    if (refs.length === 0) return []
    const { set, columns = {}, valuesOf, and, isRelaxed = false, passesOverHeld = false, extra } = change
    const own = this.#flavor.afterwards(change.condition)
    const condition = and === undefined ? own : sql`${own} and ${and}`
    const list = refList(this.#flavor, refs, columns, valuesOf)
    if (this.#flavor.returns) {
      if (!passesOverHeld)
        return this.#updated(list, sql`${IS_REF} and ${condition}`, set, { isRelaxed, extra })
      const locked = sql`(
        select r.* from ${this.#joined(list)} where ${condition} ${this.#flavor.forUpdateSkipLocked})`
      return this.#updated(once(locked), IS_REF, set, { isRelaxed, extra })
    }
    const how = passesOverHeld ? this.#flavor.forUpdateSkipLocked : this.#flavor.forUpdate
    const held = new Set((await this.#select(list, condition, how)).map(keyOf))
    const indexes = [...refs.keys()].filter((i) => held.has(keyOf(refs[i]!)))
    const changed = indexes.map((i) => refs[i]!)
    await this.update(changed, set, columns, (i) => valuesOf?.(indexes[i]!) ?? [])
    return changed.length === 0 ? [] : this.#select(refList(this.#flavor, changed), sql`1 = 1`, sql``, extra)
  }

  /**
   * Changes the occurrences that a query finds, passing over those that somebody else holds: in one statement, or several,
   * as above.
   *
   * @param found selects their identities, without a lock
   */
  async changeFound(
    found: RawBuilder<RefColumns>,
    set: RowChange['set'],
    extra?: Extra,
  ): Promise<LockedRow[]> {
    const locked = sql<RefColumns>`${found} ${this.#flavor.forUpdateSkipLocked}`
    if (this.#flavor.returns)
      return this.#updated(once(sql`(${locked})`), IS_REF, set, { isRelaxed: true, extra })

    const refs = (await locked.execute(this.#sql)).rows.map(toRef)
    if (refs.length === 0) return []
    await this.update(refs, set)
    return this.#select(refList(this.#flavor, refs), sql`1 = 1`, sql``, extra)
  }

  async #updated(
    rows: Piece,
    where: Piece,
    set: RowChange['set'],
    { isRelaxed = false, extra }: { isRelaxed?: boolean; extra?: Extra | undefined },
  ): Promise<LockedRow[]> {
    const returning = (column: (name: string) => Piece) => answerOf(column, extra)
    const update = this.#flavor.update({ table: TABLE, rows, where, set, returning, isRelaxed })
    const result = await (update as RawBuilder<LockedColumns>).execute(this.#sql)
    return result.rows.map((row) => ({ ...row, ...toRef(row) }))
  }

  async #select(list: Piece, condition: Piece, how: Piece = sql``, extra?: Extra): Promise<LockedRow[]> {
    const columns = answerOf((name) => sql.ref(`o.${name}`), extra)
    const { rows } = await sql<LockedColumns>`
      select ${columns} from ${this.#joined(list)} where ${condition} ${how}`.execute(this.#sql)
    return rows.map((row) => ({ ...row, ...toRef(row) }))
  }

  #joined(list: Piece): Piece {
    return sql`${list} as r ${this.#flavor.lookUp(TABLE, 'o', 'primary')} on ${IS_REF}`
  }

  /** The living schedules of these occurrences, by id; on demand also those that were deleted. */
  async schedulesOf(
    refs: readonly Pick<OccurrenceRef, 'scheduleId'>[],
    how: Piece = sql``,
    { withDeleted = false } = {},
  ): Promise<Map<number, ScheduleRow>> {
    if (refs.length === 0) return new Map()
    const ids = [...new Set(refs.map(({ scheduleId }) => scheduleId))].sort((a, b) => a - b)
    const list = this.#flavor.rowList(
      { id: 'integer' },
      ids.map((id) => [id]),
    )
    const { rows } = await sql<ScheduleRow>`
      select s.id, s.namespace, s.${sql.ref('key')}, s.${sql.ref('group')}, s.state, s.generation, s.revision,
        s.definition, s.overlap
      from ${list} as r ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.id
      where ${withDeleted ? sql`1 = 1` : sql`s.deleted_at = 0`} ${how}`.execute(this.#sql)
    return new Map(rows.map((row) => [row.id, row]))
  }
}

/**
 * The rows of a query in parentheses that holds them, asked for once. As a mere subquery of an update PostgreSQL may carry it out again for
 * each row of the table, and past the rows that it holds by then find others: many times its limit.
 */
function once(query: Piece): Piece {
  return sql`(with found as materialized (select * from ${query} as q) select * from found)`
}

function keyOf({ scheduleId, generation, nominalAt }: OccurrenceRef): string {
  return `${scheduleId}-${generation}-${nominalAt}`
}
