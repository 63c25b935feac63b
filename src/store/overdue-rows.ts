import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OpenOccurrence } from '../schedule/expected-by.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { IS_REF, refList, toRef } from './occurrence-refs.ts'

/** An occurrence that has not ended, as those see it who look for what is late. */
export interface OverdueRow extends OccurrenceRef, OpenOccurrence {
  readonly queue: string
  readonly job: string
  /** How often it has begun. */
  readonly attempt: number
  readonly owner: string | null
}

/** A cursor that nobody moved. */
export type OverdueCursor = OccurrenceRef

interface Columns {
  readonly schedule_id: number
  readonly generation: number
  readonly nominal_at: number
  readonly state: OverdueRow['state']
  readonly due_at: number
  readonly planned_at: number
  readonly queue: string
  readonly job: string
  readonly attempt: number
  readonly owner: string | null
}

const COLUMNS = sql`o.schedule_id, o.generation, o.nominal_at, o.state, o.due_at, o.planned_at, o.queue, o.job,
  o.attempt, o.owner`
const OCCURRENCES = sql.table('carillon_occurrences')

/** What falls within a search. */
export interface OverdueSearch {
  /** Due at this instant or before it. */
  readonly dueBy: Instant
  /** Whether also what was told to be absent, or what a schedule's own expectation is kept of. */
  readonly withKnown: boolean
  readonly limit: number
}

/**
 * Finds what has not begun although it was due: by the indexes that claims, queues and passes go by, so that it costs as
 * much as there is overdue.
 */
export class OverdueRows {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** What waits in the ledger, held by nobody. What waits for its turn at a guard is not among it. */
  async waiting(search: OverdueSearch): Promise<OverdueRow[]> {
    const index = this.#flavor.byIndex(CLAIMABLE, CLAIMABLE)
    const found: OverdueRow[] = []
    for (let queue = await this.#queueAfter(''); queue !== undefined; queue = await this.#queueAfter(queue)) {
      const from = sql`${OCCURRENCES} as o ${index}
        where o.queue = ${queue} and o.state = 'planned' and o.lease_until is null`
      found.push(...(await this.#select(from, search)))
    }
    return found.sort((a, b) => a.dueAt - b.dueAt).slice(0, search.limit)
  }

  /** What is in a queue, as far as the ledger knows. */
  async sent(search: OverdueSearch): Promise<OverdueRow[]> {
    const index = this.#flavor.byIndex('carillon_occurrences_sent', CLAIMABLE)
    return this.#select(sql`${OCCURRENCES} as o ${index} where o.state = 'sent'`, search)
  }

  /** Where passes have not come for so long; the nominal instant is the first that was not planned. */
  async cursors({ dueBy, withKnown, limit }: OverdueSearch): Promise<OverdueCursor[]> {
    const index = 'carillon_cursors_due'
    const unknown = withKnown
      ? sql``
      : sql`and ${notKnown(sql`e.schedule_id = c.schedule_id and e.nominal_at = c.next_at and e.generation = c.generation`)}`
    const { rows } = await sql<{ schedule_id: number; generation: number; nominal_at: number }>`
      select c.schedule_id, c.generation, c.next_at as nominal_at
      from ${sql.table('carillon_cursors')} as c ${this.#flavor.byIndex(index, index)}
      where c.is_broken = 0 and c.next_at <= ${dueBy} ${unknown} order by c.next_at limit ${limit}`.execute(
      this.#sql,
    )
    return rows.map(toRef)
  }

  /** Those of these that have not ended. */
  async open(refs: readonly OccurrenceRef[]): Promise<OverdueRow[]> {
    if (refs.length === 0) return []
    const { rows } = await sql<Columns>`
      select ${COLUMNS} from ${refList(this.#flavor, refs)} as r
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on ${IS_REF}
      where ${this.#flavor.afterwards(sql`o.finished_at is null`)}`.execute(this.#sql)
    return rows.map(toRow)
  }

  async #select(from: Piece, { dueBy, withKnown, limit }: OverdueSearch): Promise<OverdueRow[]> {
    const unknown = withKnown
      ? sql``
      : sql`and ${notKnown(sql`e.schedule_id = o.schedule_id and e.nominal_at = o.nominal_at and e.generation = o.generation`)}`
    const { rows } = await sql<Columns>`
      select ${COLUMNS} from ${from} and o.due_at <= ${dueBy} and o.planned_at <= ${dueBy} ${unknown}
      order by o.due_at limit ${limit}`.execute(this.#sql)
    return rows.map(toRow)
  }

  /** The first queue after this one, by name, for which something waits: one probe of the index. */
  async #queueAfter(queue: string): Promise<string | undefined> {
    const { rows } = await sql<{ queue: string }>`
      select queue from ${OCCURRENCES} ${this.#flavor.byIndex(CLAIMABLE, CLAIMABLE)}
      where state = 'planned' and lease_until is null and queue > ${queue}
      order by queue limit 1`.execute(this.#sql)
    return rows[0]?.queue
  }
}

const CLAIMABLE = 'carillon_occurrences_claimable'

/** Looked up row by row: as a join, MariaDB would read the whole table first. */
function notKnown(isSame: Piece): Piece {
  return sql`(select e.told_at from ${sql.table('carillon_expectations')} as e where ${isSame}) is null`
}

function toRow(row: Columns): OverdueRow {
  const { state, queue, job, attempt, owner } = row
  return { ...toRef(row), state, dueAt: row.due_at, plannedAt: row.planned_at, queue, job, attempt, owner }
}
