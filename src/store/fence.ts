import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import { occurrenceId, type OccurrenceOrigin, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece, RowColumns, RowValue } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { refOf } from './occurrence-refs.ts'
import { OccurrenceRows, type LockedRow } from './occurrence-rows.ts'
import type { RunRef } from './run-end.ts'

/** An occurrence that the fence let through. */
export interface BegunOccurrence extends RunRef {
  readonly dueAt: Instant
  readonly plannedAt: Instant
  readonly origin: OccurrenceOrigin
  /** How many earlier attempts failed. */
  readonly failures: number
  readonly startedAt: Instant
  /** The revision of its schedule at that moment. */
  readonly revision: number | null
}

/** What became of a question, and what somebody else held, so that it is to be asked again. */
export interface Passed<T> {
  readonly done: readonly T[]
  readonly held: readonly OccurrenceRef[]
}

/** What became of messages. */
export interface PassedMessages extends Passed<BegunOccurrence> {
  /** What is of other jobs than these, so that another server is to have it. */
  readonly foreign: readonly OccurrenceRef[]
}

/** An attempt that a message brought. */
export interface SentAttempt extends OccurrenceRef {
  /** How often the occurrence had begun when the message was sent. */
  readonly attempt: number
}

/** What is particular to the way on which an occurrence came to its worker. */
interface Way<Ref> {
  /** It has not begun. */
  readonly waits: Piece
  /** It has begun here, on this delivery. */
  readonly runs: Piece
  readonly set: Readonly<Record<string, Piece>>
  readonly columns: RowColumns
  readonly valuesOf: (ref: Ref) => readonly RowValue[]
}

function claimedBy(owner: string): Way<OccurrenceRef> {
  return {
    waits: sql`o.state = 'planned' and o.owner = ${owner}`,
    runs: sql`o.state = 'running' and o.owner = ${owner}`,
    set: {},
    columns: {},
    valuesOf: () => [],
  }
}

function broughtTo(owner: string, jobs: readonly string[]): Way<SentAttempt> {
  return {
    waits: waitsFor(jobs.length === 0 ? sql`1 = 0` : sql`o.job in (${sql.join(jobs)})`),
    runs: sql`o.state = 'running' and o.owner = ${owner} and o.attempt = r.of_attempt + 1`,
    set: { owner: sql`${owner}` },
    columns: { of_attempt: 'integer' },
    valuesOf: ({ attempt }) => [attempt],
  }
}

/** Planned, when its dispatcher was gone before it could say that it had sent it. */
function waitsFor(jobs: Piece): Piece {
  return sql`o.state in ('planned', 'sent') and o.attempt = r.of_attempt and ${jobs}`
}

function valuesOf<Ref>({ columns, valuesOf: values }: Way<Ref>, refs: readonly Ref[]) {
  return { columns, valuesOf: (i: number) => values(refs[i]!) }
}

/**
 * What decides whether a run begins, whichever way its occurrence came: one conditional update of its row. No row, no
 * run.
 *
 * @see docs/design/runs.md
 */
export class Fence {
  readonly #flavor: Flavor
  readonly #rows: OccurrenceRows

  constructor(sql: Sql, flavor: Flavor) {
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
  }

  /**
   * The fence. Of these occurrences, lets those begin that are still to run: not begun, of the present generation of a
   * schedule that lives and is not paused (a run by hand may be of a paused one). What was claimed must be held by this
   * owner; what a message brought must not have begun since that was sent.
   *
   * A change of a schedule withdraws what has not begun, so the two meet on the rows of the occurrences. What another
   * transaction holds there is passed over, and to be asked for again: it would keep all others waiting.
   *
   * When it is asked a second time, since the answer to the first was lost on its way, it answers the same.
   */
  async begin(
    refs: readonly OccurrenceRef[],
    owner: string,
    now: Instant,
    leaseMs: number,
  ): Promise<Passed<BegunOccurrence>> {
    return this.#begin(refs, claimedBy(owner), now, leaseMs)
  }

  /** The same for what messages brought, of which only these jobs can be run here. */
  async beginSent(
    messages: readonly SentAttempt[],
    jobs: readonly string[],
    owner: string,
    now: Instant,
    leaseMs: number,
  ): Promise<PassedMessages> {
    const way = broughtTo(owner, jobs)
    const { done, held } = await this.#begin(messages, way, now, leaseMs)
    if (done.length + held.length === messages.length) return { done, held, foreign: [] }

    const settled = new Set([...done, ...held].map(occurrenceId))
    const others = messages.filter((message) => !settled.has(occurrenceId(message)))
    const waiting = await this.#rows.find(others, waitsFor(sql`1 = 1`), valuesOf(way, others))
    return { done, held, foreign: waiting.map(refOf) }
  }

  async #begin<Ref extends OccurrenceRef>(
    refs: readonly Ref[],
    way: Way<Ref>,
    now: Instant,
    leaseMs: number,
  ): Promise<Passed<BegunOccurrence>> {
    const { waits, runs } = way
    const lease = { lease_until: this.#flavor.integer(now + leaseMs) }
    const changed = await this.#rows.change(refs, {
      ...valuesOf(way, refs),
      condition: waits,
      and: MAY_BEGIN,
      set: {
        ...lease,
        ...way.set,
        state: sql`'running'`,
        attempt: sql`o.attempt + 1`,
        started_at: this.#flavor.greater(sql`o.due_at`, this.#flavor.integer(now)),
        error: NULL,
        result: NULL,
      },
      passesOverHeld: true,
      extra: 'revision',
    })
    const begun = eachOnce(changed)
    const toBegun = (row: LockedRow): BegunOccurrence => ({
      ...refOf(row),
      attempt: row.attempt,
      dueAt: row.due_at,
      plannedAt: row.planned_at,
      origin: row.origin as OccurrenceOrigin,
      failures: row.failures,
      startedAt: Math.max(row.due_at, now),
      revision: row.revision ?? null,
    })
    if (begun.length === refs.length) return { done: begun.map(toBegun), held: [] }

    const known = new Set(begun.map(occurrenceId))
    const others = refs.filter((ref) => !known.has(occurrenceId(ref)))
    const before = await this.#rows.change(others, {
      ...valuesOf(way, others),
      condition: runs,
      set: lease,
      passesOverHeld: true,
      extra: 'revision',
    })
    await this.#endStale(others, way, now)
    const found = new Set(before.map(occurrenceId))
    const own = await this.#rows.find(others, sql`(${waits} or ${runs})`, valuesOf(way, others))
    const held = own.filter((row) => !found.has(occurrenceId(row)))
    return { done: eachOnce([...begun, ...before]).map(toBegun), held: eachOnce(held).map(refOf) }
  }

  /** Ends what waits for a generation that is no longer in force: it would be claimed again and again. */
  async #endStale<Ref extends OccurrenceRef>(
    refs: readonly Ref[],
    way: Way<Ref>,
    now: Instant,
  ): Promise<void> {
    await this.#rows.change(refs, {
      ...valuesOf(way, refs),
      condition: way.waits,
      and: sql`not ${MAY_BEGIN}`,
      set: {
        state: sql`'skipped'`,
        reason: sql`'superseded'`,
        finished_at: this.#flavor.integer(now),
        lease_until: NULL,
      },
      passesOverHeld: true,
    })
  }
}

const NULL = sql`null`

/** Of two messages of an occurrence in one list, MySQL answers its row for each. */
function eachOnce(rows: readonly LockedRow[]): LockedRow[] {
  return [...new Map(rows.map((row) => [occurrenceId(row), row])).values()]
}

/**
 * The occurrence `o` is of the generation in force of a schedule that lives, and may run. As a value rather than with
 * `exists`, which PostgreSQL makes a join: without statistics it would begin that with all schedules there are.
 */
const MAY_BEGIN = sql`o.generation = coalesce((
  select s.generation from ${sql.table('carillon_schedules')} as s
  where s.id = o.schedule_id and s.deleted_at = 0 and (s.state <> 'paused' or o.origin = 'manual')), -1)`
