import { sql, type Selectable } from 'kysely'
import type { OccurrenceRef, OccurrenceState } from '../schedule/occurrence.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { OccurrencesTable } from '../sql/schema.ts'
import type { Sql } from '../sql/sql-database.ts'
import { toRecord, type OccurrenceRecord } from './ledger.ts'
import { conditionsOf, instantsOf, isAfter, newestFirst, type OccurrenceFilter } from './occurrence-filter.ts'
import { IS_REF, refOf, toRef } from './occurrence-refs.ts'
import type { RefColumns } from './occurrence-rows.ts'
import { isReached, type Reach } from './reach.ts'

/** An occurrence with what is known of its schedule. */
export interface ListedRecord extends OccurrenceRecord {
  readonly key: string
  readonly group: string | null
  readonly job: string
}

export interface ListingFilter extends OccurrenceFilter {
  readonly namespace: string
  readonly group?: string | undefined
  /** Only runs of this job. */
  readonly job?: string | undefined
}

/** What a step of a listing found, and from where the next one goes on; `undefined` when there is nothing more. */
export interface ListingStep {
  readonly found: readonly ListedRecord[]
  readonly next: OccurrenceRef | undefined
}

/** Up to so many schedules are read one by one. */
const FEW_SCHEDULES = 20
/** How many occurrences a step looks at: as many of each schedule, or of each state. */
const LOOKED_AT = 1_000
const ENDED: readonly OccurrenceState[] = ['succeeded', 'failed', 'skipped']
const OPEN: readonly OccurrenceState[] = ['planned', 'sent', 'running']

/**
 * Lists the occurrences of many schedules, newest nominal instant first. A step looks at a bounded number of rows by an
 * index: of each schedule where there are few, otherwise of each state, whatever namespace they belong to. So it may find
 * less than was asked for and still not be at the end.
 *
 * @see docs/design/storage.md
 */
export class RunListing {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #reach: Reach

  /** @param reach of which schedules occurrences are found */
  constructor(sql: Sql, flavor: Flavor, reach: Reach) {
    this.#sql = sql
    this.#flavor = flavor
    this.#reach = reach
  }

  /** @param after goes on behind this one */
  async step(filter: ListingFilter, after: OccurrenceRef | undefined, limit: number): Promise<ListingStep> {
    const conditions = conditionsOf(filter)
    const ids = await this.#fewSchedules(filter)
    if (conditions === undefined || ids?.length === 0) return { found: [], next: undefined }

    const range = instantsOf(filter)
    if (after !== undefined) range.push(isAfter(after))
    const walks =
      ids === undefined
        ? this.#walksOfStates(filter, range)
        : ids.map((id) => this.#walk(sql``, sql`o.schedule_id = ${id}`, range))
    const floor = await this.#floorOf(walks)
    const own = filter.job === undefined ? conditions : [...conditions, sql`o.job = ${filter.job}`]
    const rows = await this.#read(walks, filter, own, limit)

    // What is older than the floor is not complete: there, some of the walks have not been.
    const found = floor === undefined ? rows : rows.filter((row) => newestFirst(row, floor) <= 0)
    return { found, next: found.length === limit ? refOf(found.at(-1)!) : floor }
  }

  /** One of them, if it is in this namespace. */
  async find(
    namespace: string,
    { scheduleId, generation, nominalAt }: OccurrenceRef,
  ): Promise<ListedRecord | undefined> {
    const { rows } = await sql<ListedRow>`
      select o.*, s.${sql.ref('key')}, s.${sql.ref('group')}
      from ${sql.table('carillon_schedules')} as s
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on o.schedule_id = s.id
      where s.id = ${scheduleId} and s.namespace = ${namespace} and ${isReached(this.#reach, 's')}
        and o.nominal_at = ${nominalAt} and o.generation = ${generation}`.execute(this.#sql)
    return rows[0] && toListed(rows[0])
  }

  /** The schedules that the filter is about, deleted ones among them; `undefined` when they are many. */
  async #fewSchedules({ namespace, group }: ListingFilter): Promise<number[] | undefined> {
    const all = this.#sql
      .selectFrom('carillon_schedules as s')
      .select('id')
      .where('namespace', '=', namespace)
      .where(isReached(this.#reach, 's'))
    const own = group === undefined ? all : all.where('group', '=', group)
    // By key, which is the order of an index.
    const rows = await own
      .orderBy('key')
      .limit(FEW_SCHEDULES + 1)
      .execute()
    return rows.length > FEW_SCHEDULES ? undefined : rows.map(({ id }) => id)
  }

  #walksOfStates(filter: ListingFilter, range: readonly Piece[]): Piece[] {
    const states = statesOf(filter)
    const ended = ENDED.filter((state) => states.has(state)).map((state) => {
      const index = this.#flavor.byIndex('carillon_occurrences_listed', 'carillon_occurrences_listed')
      return this.#walk(index, sql`o.state = ${sql.lit(state)} and o.finished_at is not null`, range)
    })
    if (!OPEN.some((state) => states.has(state))) return ended

    // In no order; but what is open is little beside what has ended.
    const index = this.#flavor.byIndex('carillon_occurrences_open', 'carillon_occurrences_finished')
    return [...ended, this.#walk(index, sql`o.finished_at is null`, range)]
  }

  /** Occurrences of one kind, newest first. */
  #walk(index: Piece, kind: Piece, range: readonly Piece[]): Piece {
    return sql`
      select o.schedule_id, o.generation, o.nominal_at from ${sql.table('carillon_occurrences')} as o ${index}
      where ${sql.join([kind, ...range], sql` and `)}
      order by o.nominal_at desc, o.schedule_id desc, o.generation desc`
  }

  /** Where the first of the walks comes to its end, if it is not that of all there is. */
  async #floorOf(walks: readonly Piece[]): Promise<OccurrenceRef | undefined> {
    if (walks.length === 0) return undefined
    const lasts = walks.map((walk) => sql`${walk} limit 1 offset ${sql.lit(share(walks) - 1)}`)
    const { rows } = await sql<RefColumns>`${union(lasts)}`.execute(this.#sql)
    return rows.map(toRef).sort(newestFirst)[0]
  }

  async #read(
    walks: readonly Piece[],
    { namespace, group }: ListingFilter,
    own: readonly Piece[],
    limit: number,
  ): Promise<ListedRecord[]> {
    if (walks.length === 0) return []
    const of = [sql`s.namespace = ${namespace}`, isReached(this.#reach, 's')]
    if (group !== undefined) of.push(sql`s.${sql.ref('group')} = ${group}`)
    const conditions = [...of, ...own].map((condition) => this.#flavor.afterwards(condition))
    const walked = union(walks.map((walk) => sql`${walk} limit ${sql.lit(share(walks))}`))
    const { rows } = await sql<ListedRow>`
      select o.*, s.${sql.ref('key')}, s.${sql.ref('group')}
      from (${walked}) as r
      ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.schedule_id
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on ${IS_REF}
      where ${sql.join(conditions, sql` and `)}
      order by r.nominal_at desc, r.schedule_id desc, r.generation desc limit ${limit}`.execute(this.#sql)
    return rows.map(toListed)
  }
}

type ListedRow = Selectable<OccurrencesTable> & { readonly key: string; readonly group: string | null }

function toListed(row: ListedRow): ListedRecord {
  return { ...toRecord(row), key: row.key, group: row.group, job: row.job }
}

/** The states in which something can be that the filter lets through. */
function statesOf({ states, reasons, errorCodes }: ListingFilter): ReadonlySet<OccurrenceState> {
  const can = new Set(states ?? [...OPEN, ...ENDED])
  // Only what was skipped has a reason, and an attempt that succeeds takes the error away.
  if (reasons !== undefined) for (const state of can) if (state !== 'skipped') can.delete(state)
  if (errorCodes !== undefined) can.delete('succeeded')
  return can
}

/** How many occurrences each of the walks comes past. */
function share(walks: readonly Piece[]): number {
  return Math.floor(LOOKED_AT / walks.length)
}

/** The rows of several queries, of which each has an order and a limit of its own. */
function union(queries: readonly Piece[]): Piece {
  const parts = queries.map((query, i) => sql`select * from (${query}) as ${sql.ref(`w${i}`)}`)
  return sql.join(parts, sql` union all `)
}
