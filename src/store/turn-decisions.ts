import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import { decideTurns, type Arrival, type TurnDecision } from '../schedule/decide-turns.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import { overlapOf, type Overlap } from '../schedule/overlap.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { OccurrenceRows } from './occurrence-rows.ts'
import {
  adopted,
  TurnTable,
  type GuardedRuns,
  type HeldGuards,
  type OpenRun,
  type OpenTurns,
} from './turn-table.ts'

/** An occurrence that is to begin, and on what it came. */
export interface Arrived<Ref> {
  readonly arrival: Arrival
  readonly ref: Ref
  /** That of its schedule. */
  readonly policy: Overlap | null
}

/** The same, and what was decided about it. */
export interface Decided<Ref> extends Arrived<Ref> {
  readonly guard: string
  readonly decision: TurnDecision
}

type Arrivals<Ref> = ReadonlyMap<string, readonly Arrived<Ref>[]>

/** What is known of the guards at which something arrives. */
interface Known {
  readonly endedAt: HeldGuards
  readonly running: ReadonlyMap<string, GuardedRuns>
  /** By the schedules of the arrivals. */
  readonly open: ReadonlyMap<number, OpenTurns>
}

/** Decides about what arrives at guards, which the transaction holds. */
export class TurnDecisions {
  readonly #rows: OccurrenceRows
  readonly #table: TurnTable

  constructor(sql: Sql, flavor: Flavor) {
    this.#rows = new OccurrenceRows(sql, flavor)
    this.#table = new TurnTable(sql, flavor)
  }

  /**
   * Decides by what the ledger says. A run that began before its schedule had the guard may end without a word to it, at any
   * moment; before somebody waits for it, it is told so, and where it has just ended it is decided once more.
   */
  async decide<Ref>(arrivals: Arrivals<Ref>, guards: HeldGuards, now: Instant): Promise<Decided<Ref>[]> {
    for (;;) {
      const known = await this.#look(arrivals, guards, now)
      const decided = [...arrivals].flatMap(([guard, arrived]) => decideAt(guard, arrived, known, now))
      const waits = decided.filter(({ decision }) => decision.kind === 'wait' && decision.until === undefined)
      const waitedFor = [...new Set(waits.map(({ guard }) => guard))]
      if (await this.#tellThatOneWaits(waitedFor, arrivals, known)) return decided
    }
  }

  async #look<Ref>(arrivals: Arrivals<Ref>, guards: HeldGuards, now: Instant): Promise<Known> {
    const all = [...arrivals.values()].flat().map(({ arrival }) => arrival)
    const dueBy = Math.max(now, ...all.map(({ dueAt }) => dueAt))
    const running = await this.#table.running([...arrivals.keys()])
    // Also what began before its schedule had a policy, or another guard.
    const open = await this.#table.openOf(
      all.map(({ scheduleId }) => scheduleId),
      dueBy,
    )
    return { endedAt: await this.#hearLate(guards, running), running, open }
  }

  /** Makes up for what ended without a word to its guard. @returns when the last run of each guard ended */
  async #hearLate(guards: HeldGuards, running: ReadonlyMap<string, GuardedRuns>): Promise<HeldGuards> {
    const late = [...running].filter(([, { over }]) => over.length > 0)
    await this.#table.forget(late.flatMap(([, { over }]) => over))
    await this.#table.end(new Map(late.map(([guard, { overAt }]) => [guard, overAt])))
    const ends = late.map(([guard, { overAt }]): [string, Instant] => [
      guard,
      Math.max(guards.get(guard) ?? 0, overAt),
    ])
    return new Map([...guards, ...ends])
  }

  /**
   * Has the runs of these guards that may not know of them call what waits, when they end.
   *
   * @returns whether all of them still run
   */
  async #tellThatOneWaits<Ref>(
    guards: readonly string[],
    arrivals: Arrivals<Ref>,
    known: Known,
  ): Promise<boolean> {
    const turns = guards.flatMap((guard) => {
      const { running } = known.running.get(guard)!
      const hasTurn = new Set(running.map(occurrenceId))
      const others = runsAt(guard, arrivals.get(guard)!, known).filter(
        (run) => !hasTurn.has(occurrenceId(run)),
      )
      return adopted(others, guard)
    })
    const unaware = guards
      .flatMap((guard) => known.running.get(guard)!.running)
      .filter(({ isAdopted, mark }) => isAdopted && mark === undefined)
    const runs = new Map([...turns, ...unaware].map((run) => [occurrenceId(run), run]))

    const told = await this.#rows.change([...runs.values()], {
      condition: sql`o.state = 'running'`,
      set: { reason: sql`coalesce(o.reason, 'awaited')` },
    })
    const run = new Set(told.map(occurrenceId))
    await this.#table.add(turns.filter((turn) => run.has(occurrenceId(turn))))
    return run.size === runs.size
  }
}

function decideAt<Ref>(
  guard: string,
  arrived: readonly Arrived<Ref>[],
  known: Known,
  now: Instant,
): Decided<Ref>[] {
  const policies = new Map(arrived.map(({ arrival, policy }) => [arrival.scheduleId, policy]))
  const waiting = [...policies].flatMap(([id, policy]) =>
    (known.open.get(id)?.waiting ?? []).map((turn) => ({
      ...turn,
      isReplaceable: overlapOf(turn, policy)?.policy === 'replace',
    })),
  )
  const state = {
    running: runsAt(guard, arrived, known),
    waiting,
    endedAt: known.endedAt.get(guard),
  }
  const places = new Map(waiting.map((turn) => [occurrenceId(turn), turn.place]))
  const inLine = arrived.map((one) => {
    const place = places.get(occurrenceId(one.arrival)) ?? one.arrival.place
    return { ...one, guard, arrival: { ...one.arrival, place } }
  })
  const decisions = decideTurns(
    inLine.map(({ arrival }) => arrival),
    state,
    now,
  )
  return inLine.map((one, i) => ({ ...one, decision: decisions[i]! }))
}

/** What has a turn at a guard, and what else is under way of the schedules that ask there. */
function runsAt<Ref>(guard: string, arrived: readonly Arrived<Ref>[], { running, open }: Known): OpenRun[] {
  const own = schedulesOf(arrived).flatMap((id) => open.get(id)?.running ?? [])
  const runs = [...running.get(guard)!.running, ...own]
  return [...new Map(runs.map((run) => [occurrenceId(run), run])).values()]
}

function schedulesOf<Ref>(arrived: readonly Arrived<Ref>[]): number[] {
  return [...new Set(arrived.map(({ arrival }) => arrival.scheduleId))]
}
