import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { refOf } from './occurrence-refs.ts'
import { OccurrenceRows, type LockedRow } from './occurrence-rows.ts'
import { TurnTable } from './turn-table.ts'
import {
  beginning,
  broughtTo,
  claimedBy,
  MAY_BEGIN,
  MAY_BEGIN_FREELY,
  MAY_BEGIN_IN_TURN,
  toBegun,
  valuesOf,
  waitsFor,
  type BegunOccurrence,
  type SentAttempt,
  type Way,
} from './way.ts'

/** What became of a question, and what somebody else held, so that it is to be asked again. */
export interface Passed<T> {
  readonly done: readonly T[]
  readonly held: readonly OccurrenceRef[]
}

/** What became of occurrences that were to begin. */
export interface PassedOccurrences extends Passed<BegunOccurrence> {
  /** What may begin, if its guard finds that it is its turn. */
  readonly inTurn: readonly OccurrenceRef[]
}

/** What became of messages. */
export interface PassedMessages extends PassedOccurrences {
  /** What is of other jobs than these, so that another server is to have it. */
  readonly foreign: readonly OccurrenceRef[]
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
  readonly #turns: TurnTable

  constructor(sql: Sql, flavor: Flavor) {
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
    this.#turns = new TurnTable(sql, flavor)
  }

  /**
   * The fence. Of these occurrences, lets those begin that are still to run: not begun, of the present generation of a
   * schedule that lives and is not paused (a run by hand may be of a paused one). What was claimed must be held by this
   * owner; what a message brought must not have begun since that was sent. Where a schedule has an overlap policy, its guard
   * has the last word: `Turns` asks it.
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
  ): Promise<PassedOccurrences> {
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
    const { done, held, inTurn } = await this.#begin(messages, way, now, leaseMs)
    const known = [...done, ...held, ...inTurn]
    if (known.length === messages.length) return { done, held, inTurn, foreign: [] }

    const settled = new Set(known.map(occurrenceId))
    const others = messages.filter((message) => !settled.has(occurrenceId(message)))
    const waiting = await this.#rows.find(others, waitsFor(sql`1 = 1`), valuesOf(way, others))
    return { done, held, inTurn, foreign: waiting.map(refOf) }
  }

  async #begin<Ref extends OccurrenceRef>(
    refs: readonly Ref[],
    way: Way<Ref>,
    now: Instant,
    leaseMs: number,
  ): Promise<PassedOccurrences> {
    const { waits, runs } = way
    const changed = await this.#rows.change(refs, {
      ...valuesOf(way, refs),
      condition: waits,
      and: MAY_BEGIN_FREELY,
      set: beginning(way, this.#flavor, now, leaseMs),
      passesOverHeld: true,
      extra: 'revision',
    })
    const begun = eachOnce(changed)
    const done = begun.map((row) => toBegun(row, now, false))
    if (begun.length === refs.length) return { done, held: [], inTurn: [] }

    const others = without(refs, begun)
    const before = await this.#rows.change(others, {
      ...valuesOf(way, others),
      condition: runs,
      set: { lease_until: this.#flavor.integer(now + leaseMs) },
      passesOverHeld: true,
      extra: 'revision',
    })
    await this.#endStale(others, way, now)
    const own = await this.#rows.find(others, sql`(${waits} or ${runs})`, valuesOf(way, others))
    const left = without(eachOnce(own).map(refOf), before)
    const inTurn = await this.#rows.find(left, MAY_BEGIN_IN_TURN)
    const turns = [...(await this.#turns.guardsOf(before)).values()].flat()
    const guarded = new Set(turns.map(occurrenceId))
    const again = eachOnce(before).map((row) => toBegun(row, now, guarded.has(occurrenceId(row))))
    return {
      done: [...done, ...again],
      held: without(left, inTurn),
      inTurn: inTurn.map(refOf),
    }
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

function without<Ref extends OccurrenceRef>(refs: readonly Ref[], others: readonly OccurrenceRef[]): Ref[] {
  const known = new Set(others.map(occurrenceId))
  return refs.filter((ref) => !known.has(occurrenceId(ref)))
}

/** Of two messages of an occurrence in one list, MySQL answers its row for each. */
function eachOnce(rows: readonly LockedRow[]): LockedRow[] {
  return [...new Map(rows.map((row) => [occurrenceId(row), row])).values()]
}
