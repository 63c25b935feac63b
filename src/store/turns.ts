import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import { occurrenceId, type OccurrenceOrigin, type OccurrenceRef } from '../schedule/occurrence.ts'
import { guardOf, overlapOf, type Overlap, type OverlapWord } from '../schedule/overlap.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import type { Flavor, RowColumns, RowValue } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { Passed } from './fence.ts'
import { refOf } from './occurrence-refs.ts'
import { OccurrenceRows, type LockedRow, type RowChange } from './occurrence-rows.ts'
import type { GuardMark, RunRef } from './run-end.ts'
import { TurnDecisions, type Arrived, type Decided } from './turn-decisions.ts'
import { IS_TOLD_TO_WAIT, TurnTable, type Turn, type TurnRef } from './turn-table.ts'
import {
  beginning,
  broughtTo,
  claimedBy,
  MAY_BEGIN_IN_TURN,
  toBegun,
  type BegunOccurrence,
  type SentAttempt,
  type Way,
} from './way.ts'

/** Who begins occurrences. */
export interface Beginner {
  readonly owner: string
  /** What it can run. */
  readonly jobs: readonly string[]
  readonly leaseMs: number
}

/** What became of occurrences at their guards. What is in neither list was skipped, or waits for its turn. */
export interface PassedGuards extends Passed<BegunOccurrence> {
  /** Runs were told to end, or others are due again, and servers are to hear of it. */
  readonly hasNews: boolean
  /** Runs were told to end. */
  readonly hasReplaced: boolean
}

/** A run on whose row a guard has left a mark. */
export interface MarkedRun extends RunRef {
  readonly mark: GuardMark
}

/** Changes the rows of what was decided about, and answers those that it has changed. */
type Changer<Ref> = (
  decided: readonly Decided<Ref>[] | undefined,
  set: RowChange['set'],
  columns?: RowColumns,
  valuesOf?: (one: Decided<Ref>) => readonly RowValue[],
) => Promise<[Decided<Ref>, LockedRow][]>

/** The turns of runs that end, by guard. */
export type EndingTurns = ReadonlyMap<string, readonly TurnRef[]>

/** How long what waits is left alone at first, should nobody call it; each time twice as long. */
const ASK_AGAIN_MS = 60_000

/**
 * Decides at the fence what begins, where schedules say how many runs may be under way. What is decided about a guard is
 * decided by the one transaction that holds its row; who runs under it is told by the ledger, with its leases.
 *
 * @see docs/design/overlap.md
 */
export class Turns {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #rows: OccurrenceRows
  readonly #table: TurnTable
  readonly #decisions: TurnDecisions

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
    this.#table = new TurnTable(sql, flavor)
    this.#decisions = new TurnDecisions(sql, flavor)
  }

  /**
   * Lets those of the claimed occurrences begin whose turn it is; the others are skipped or wait, by the policies of their
   * schedules. Must run in a transaction.
   *
   * @param clock is read once the guards are held: to wait for them takes time
   */
  async begin(
    refs: readonly OccurrenceRef[],
    { owner, leaseMs }: Beginner,
    clock: () => Promise<Instant>,
  ): Promise<PassedGuards> {
    return this.#begin(refs, claimedBy(owner), leaseMs, clock)
  }

  /** The same for what messages brought. */
  async beginSent(
    messages: readonly SentAttempt[],
    { owner, jobs, leaseMs }: Beginner,
    clock: () => Promise<Instant>,
  ): Promise<PassedGuards> {
    return this.#begin(messages, broughtTo(owner, jobs), leaseMs, clock)
  }

  /** Holds the guards at which these runs have turns, before their ends are written. Must run in the same transaction. */
  async holdOf(runs: readonly OccurrenceRef[]): Promise<EndingTurns> {
    const guards = await this.#table.guardsOf(runs)
    await this.#table.hold(guards.keys())
    return guards
  }

  /**
   * The same, without waiting for guards that others hold.
   *
   * @returns the runs that may end, by their guards, and those whose guards are held
   */
  async holdFreeOf(
    runs: readonly OccurrenceRef[],
  ): Promise<{ ending: EndingTurns; held: readonly OccurrenceRef[] }> {
    const guards = await this.#table.guardsOf(runs)
    const free = await this.#table.holdFree(guards.keys())
    const isFree = ([guard]: readonly [string, readonly OccurrenceRef[]]) => free.has(guard)
    const all = [...guards]
    return {
      ending: new Map(all.filter(isFree)),
      held: all.filter((one) => !isFree(one)).flatMap(([, refs]) => refs),
    }
  }

  /**
   * Ends the turns of runs, and calls as many that wait.
   *
   * @param ended those of them that have ended
   */
  async end(ending: EndingTurns, ended: readonly OccurrenceRef[], now: Instant): Promise<void> {
    const isOver = new Set(ended.map(occurrenceId))
    const over: TurnRef[] = []
    const counts = new Map<string, number>()
    for (const [guard, refs] of ending) {
      const own = refs.filter((ref) => isOver.has(occurrenceId(ref)))
      if (own.length > 0) counts.set(guard, own.length)
      over.push(...own)
    }
    await this.#table.forget(over)
    await this.#table.end(new Map([...counts.keys()].map((guard) => [guard, now])))
    await this.#table.call(counts)
  }

  /** Those of the runs on whose rows a guard has left a mark. */
  async markedAmong(runs: readonly OccurrenceRef[]): Promise<MarkedRun[]> {
    const marked = sql`o.state = 'running' and o.reason is not null`
    const rows = await this.#rows.find(runs, marked, { extra: 'reason' })
    return rows.map((row) => ({ ...refOf(row), attempt: row.attempt, mark: row.reason as GuardMark }))
  }

  /** Forgets what is over. */
  async prune(endedBefore: Instant, limit: number): Promise<void> {
    await this.#table.prune(endedBefore, limit)
  }

  async #begin<Ref extends OccurrenceRef>(
    refs: readonly Ref[],
    way: Way<Ref>,
    leaseMs: number,
    clock: () => Promise<Instant>,
  ): Promise<PassedGuards> {
    const byGuard = await this.#arrivals(refs, way)
    if (byGuard.size === 0) return { done: [], held: refs, hasNews: false, hasReplaced: false }

    const guards = await this.#table.hold(byGuard.keys())
    const now = await clock()
    const decided = await this.#decisions.decide(byGuard, guards, now)
    const { begin, skip, wait } = Object.groupBy(decided, ({ decision }) => decision.kind)

    const change = this.#changer(way)
    const begun = await change(begin, beginning(way, this.#flavor, now, leaseMs))
    const skipped = await change(skip, this.#skipping(now))
    const waiting = await this.#wait(wait, change, now)
    await this.#skipOutdated([...begun, ...waiting], now)

    await this.#table.keep([...turnsOf(begun, true), ...turnsOf(waiting, false)])
    // Who was called to take a turn that is no longer wanted leaves it to the next.
    const called = await this.#table.call(new Map(skipped.map(([{ guard }]) => [guard, 1])))
    const replaced = await this.#replace(waiting)
    const isPutOff = waiting.some(
      ([{ decision }]) => decision.kind === 'wait' && decision.until !== undefined,
    )
    const known = new Set([...begun, ...skipped, ...waiting].map(([{ arrival }]) => occurrenceId(arrival)))
    return {
      done: begun.map(([, row]) => toBegun(row, now, true)),
      held: refs.filter((ref) => !known.has(occurrenceId(ref))),
      hasNews: called + replaced > 0 || isPutOff,
      hasReplaced: replaced > 0,
    }
  }

  /** What is still to begin of these, with the policies of their schedules, by guard. */
  async #arrivals<Ref extends OccurrenceRef>(
    refs: readonly Ref[],
    way: Way<Ref>,
  ): Promise<Map<string, Arrived<Ref>[]>> {
    const given = new Map(refs.map((ref) => [occurrenceId(ref), ref]))
    const { columns, valuesOf } = way
    const rows = await this.#rows.find(refs, sql`${way.waits} and ${MAY_BEGIN_IN_TURN}`, {
      columns,
      valuesOf: (i) => valuesOf(refs[i]!),
      extra: 'overlap',
    })
    const policies = await this.#policiesOf(rows)
    const byGuard = new Map<string, Arrived<Ref>[]>()
    for (const row of rows) {
      const { scheduleId, generation, nominalAt, attempt, due_at: dueAt } = row
      const schedule = policies.get(scheduleId)
      const own = row.overlap as OverlapWord | null
      const overlap = schedule && overlapOf({ origin: row.origin as OccurrenceOrigin, own }, schedule.policy)
      if (overlap === undefined) continue
      const guard = guardOf(schedule!, overlap)
      const arrival = { scheduleId, generation, nominalAt, dueAt, place: dueAt, attempt, overlap }
      const others = byGuard.get(guard) ?? []
      byGuard.set(guard, others)
      others.push({ arrival, ref: given.get(occurrenceId(row))!, policy: schedule!.policy })
    }
    return byGuard
  }

  async #policiesOf(
    refs: readonly OccurrenceRef[],
  ): Promise<Map<number, ScheduleIdentity & { policy: Overlap | null }>> {
    if (refs.length === 0) return new Map()
    const ids = [...new Set(refs.map(({ scheduleId }) => scheduleId))]
    const list = this.#flavor.rowList(
      { id: 'integer' },
      ids.map((id) => [id]),
    )
    const { rows } = await sql<{ id: number; namespace: string; key: string; overlap: string | null }>`
      select s.id, s.namespace, s.${sql.ref('key')}, s.overlap from ${list} as r
      ${this.#flavor.lookUp('carillon_schedules', 's', 'primary')} on s.id = r.id`.execute(this.#sql)
    return new Map(
      rows.map(({ id, overlap, ...identity }) => [
        id,
        { ...identity, policy: overlap === null ? null : (JSON.parse(overlap) as Overlap) },
      ]),
    )
  }

  /** Changes the rows of what was decided about, as far as they still wait, and answers them. */
  #changer<Ref extends OccurrenceRef>(way: Way<Ref>): Changer<Ref> {
    return async (decided = [], set, columns = {}, valuesOf = () => []) => {
      const changed = await this.#rows.change(
        decided.map(({ ref }) => ref),
        {
          columns: { ...way.columns, ...columns },
          valuesOf: (i) => [...way.valuesOf(decided[i]!.ref), ...valuesOf(decided[i]!)],
          condition: way.waits,
          and: MAY_BEGIN_IN_TURN,
          set,
          passesOverHeld: true,
          extra: 'revision',
        },
      )
      const byId = new Map(decided.map((one) => [occurrenceId(one.arrival), one]))
      return changed.map((row): [Decided<Ref>, LockedRow] => [byId.get(occurrenceId(row))!, row])
    }
  }

  /** What waits for a break is due again when that is over; anything else is called. */
  async #wait<Ref extends OccurrenceRef>(
    decided: readonly Decided<Ref>[] | undefined,
    change: Changer<Ref>,
    now: Instant,
  ): Promise<[Decided<Ref>, LockedRow][]> {
    const set = {
      state: sql`'planned'`,
      owner: sql`null`,
      due_at: sql`r.again_at`,
      lease_until: sql`r.held_until`,
      // The message that brought it may be in its queue for a while, and a queue that knows a name takes no other one under it.
      waits: sql`o.waits + 1`,
    }
    const columns = { again_at: 'integer', held_until: 'integer' } as const
    return change(decided, set, columns, ({ arrival: { dueAt }, decision }) => {
      const until = decision.kind === 'wait' ? decision.until : undefined
      const lateMs = Math.max(now - dueAt, ASK_AGAIN_MS)
      return until === undefined ? [dueAt, Math.max(dueAt, now) + lateMs] : [until, null]
    })
  }

  /**
   * What waits for its turn does not run once a newer one has taken its place. What was called, or is on its way, finds that
   * when it asks.
   */
  async #skipOutdated(decided: readonly [Decided<unknown>, LockedRow][], now: Instant): Promise<void> {
    const outdated = decided.flatMap(([{ guard, decision }]) =>
      decision.kind === 'skip' ? [] : decision.outdates.map((ref) => ({ ...refOf(ref), guard })),
    )
    const skipped = await this.#rows.change(outdated, {
      condition: IS_TOLD_TO_WAIT,
      set: this.#skipping(now),
      passesOverHeld: true,
    })
    const isSkipped = new Set(skipped.map(occurrenceId))
    await this.#table.forget(outdated.filter((turn) => isSkipped.has(occurrenceId(turn))))
  }

  /** What becomes of the row of an occurrence that does not run. */
  #skipping(now: Instant): RowChange['set'] {
    return {
      state: sql`'skipped'`,
      reason: sql`'overlap'`,
      finished_at: this.#flavor.integer(now),
      lease_until: sql`null`,
    }
  }

  /** Tells runs to end. @returns how many there were */
  async #replace(waiting: readonly [Decided<unknown>, LockedRow][]): Promise<number> {
    const replaced = waiting.flatMap(([{ decision }]) => (decision.kind === 'wait' ? decision.replaces : []))
    await this.#rows.change(replaced, {
      condition: sql`o.state = 'running'`,
      set: { reason: sql`'overlap'` },
    })
    return replaced.length
  }
}

/** Room that was made for a run is for that run, whatever else waits. */
function turnsOf(decided: readonly [Decided<unknown>, LockedRow][], isBegun: boolean): Turn[] {
  return decided.map(([{ guard, arrival }, row]) => {
    const place = arrival.overlap.policy === 'replace' ? 0 : arrival.place
    return { ...refOf(row), guard, isBegun, place, isAdopted: false }
  })
}
