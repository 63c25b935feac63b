import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceOrigin, OccurrenceRef } from '../schedule/occurrence.ts'
import type { RunningTurn, WaitingTurn } from '../schedule/decide-turns.ts'
import type { OverlapWord } from '../schedule/overlap.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { REF_COLUMNS, refList, refOf, toRef } from './occurrence-refs.ts'
import { OccurrenceRows, type RefColumns } from './occurrence-rows.ts'
import type { GuardMark } from './run-end.ts'

/** A turn of a guard that begins, or waits. */
export interface Turn extends OccurrenceRef {
  readonly guard: string
  readonly isBegun: boolean
  /** What is called first has the smallest: what was due first. */
  readonly place: Instant
  /** It runs, and began before its schedule had this guard: its server need not know of it. */
  readonly isAdopted: boolean
}

/** Which turn of an occurrence: it may have one at the guard under which it began, and one at a guard that came later. */
export type TurnRef = OccurrenceRef & Pick<Turn, 'guard'>

/** A run, with what is known of it besides. */
export interface OpenRun extends RunningTurn {
  readonly mark: GuardMark | undefined
}

/** What has a turn at a guard, and has begun. */
export interface GuardedRuns {
  readonly running: readonly (OpenRun & { readonly isAdopted: boolean })[]
  /** What has ended without a word to the guard, since its server did not know of it, */
  readonly over: readonly TurnRef[]
  /** the last of it at this instant; 0 when there is none. */
  readonly overAt: Instant
}

/** Guards, which the transaction holds, and when the last run of each ended. */
export type HeldGuards = ReadonlyMap<string, Instant | undefined>

/** What of a schedule is under way, and what is due. */
export interface OpenTurns {
  readonly running: readonly OpenRun[]
  readonly waiting: readonly OpenWaiting[]
}

/** What has not begun, with that by which its policy is found. */
export interface OpenWaiting extends WaitingTurn {
  readonly origin: OccurrenceOrigin
  readonly own: OverlapWord | null
}

interface OpenColumns extends RefColumns {
  readonly due_at: number
  readonly place: number | null
  readonly state: string
  readonly origin: string
  readonly overlap: string | null
  readonly started_at: number | null
  readonly finished_at: number | null
  readonly reason: string | null
}

const GUARDS = sql.table('carillon_guards')
const TURNS = sql.table('carillon_turns')
const TURN_COLUMNS = { ...REF_COLUMNS, guard: 'digest' } as const
/** The occurrence `o` is that of the turn `t`. */
const IS_TURN = sql`o.schedule_id = t.schedule_id and o.nominal_at = t.nominal_at and o.generation = t.generation`
/** Where the occurrence `o` stands in its line, if it was told to wait. */
const PLACE = sql`(select min(t.place) from ${TURNS} as t where ${IS_TURN} and t.is_begun = 0)`
const OPEN = sql`
  o.schedule_id, o.generation, o.nominal_at, o.due_at, o.state, o.origin, o.overlap, o.started_at, o.finished_at, o.reason`
/** The occurrence `o` was told to wait for its turn. */
export const IS_TOLD_TO_WAIT = sql`o.state = 'planned' and o.owner is null and o.lease_until is not null`

/** The tables of guards and turns. Turns only say where to look: what became of them is in the ledger. */
export class TurnTable {
  readonly #sql: Sql
  readonly #flavor: Flavor
  readonly #rows: OccurrenceRows

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
  }

  /** Holds guards to the end of the transaction. */
  async hold(guards: Iterable<string>): Promise<HeldGuards> {
    const names = [...new Set(guards)].sort()
    if (names.length === 0) return new Map()

    const held = await this.#holdPresent(names)
    if (held.size === names.length) return held
    const missing = this.#names(names.filter((name) => !held.has(name)))
    await this.#flavor
      .insertMissing('carillon_guards', ['name'], sql`select r.name from ${missing} as r`)
      .execute(this.#sql)
    return this.#holdPresent(names)
  }

  /** The same for those of the guards that nobody else holds. */
  async holdFree(guards: Iterable<string>): Promise<HeldGuards> {
    const names = [...new Set(guards)].sort()
    return names.length === 0 ? new Map() : this.#holdPresent(names, this.#flavor.forUpdateSkipLocked)
  }

  async #holdPresent(names: readonly string[], how = this.#flavor.forUpdate): Promise<HeldGuards> {
    const { rows } = await sql<{ name: string; ended_at: number }>`
      select g.name, g.ended_at from ${this.#names(names)} as r
      ${this.#flavor.lookUp('carillon_guards', 'g', 'primary')} on g.name = r.name
      order by g.name ${how}`.execute(this.#sql)
    return new Map(rows.map(({ name, ended_at }) => [name, ended_at === 0 ? undefined : ended_at]))
  }

  /** The turns of these that have begun, by guard. */
  async guardsOf(refs: readonly OccurrenceRef[]): Promise<Map<string, TurnRef[]>> {
    const guards = new Map<string, TurnRef[]>()
    if (refs.length === 0) return guards
    const { rows } = await sql<RefColumns & { guard: string }>`
      select t.schedule_id, t.generation, t.nominal_at, t.guard from ${refList(this.#flavor, refs)} as r
      ${this.#flavor.lookUp('carillon_turns', 't', 'primary')}
      on t.schedule_id = r.schedule_id and t.nominal_at = r.nominal_at and t.generation = r.generation
      where t.is_begun = 1`.execute(this.#sql)
    for (const row of rows) {
      const others = guards.get(row.guard) ?? []
      guards.set(row.guard, others)
      others.push(toTurnRef(row))
    }
    return guards
  }

  /** What has begun under these guards, and has a turn there. */
  async running(guards: readonly string[]): Promise<Map<string, GuardedRuns>> {
    const { rows } = await sql<OpenColumns & { guard: string; is_adopted: number }>`
      select t.guard, t.is_adopted, null as place, ${OPEN} from ${this.#names(guards)} as r
      ${this.#flavor.lookUp('carillon_turns', 't', 'carillon_turns_guard')} on t.guard = r.name and t.is_begun = 1
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on ${IS_TURN}
      where o.state = 'running' or o.finished_at is not null`.execute(this.#sql)
    const byGuard = Map.groupBy(rows, ({ guard }) => guard)
    return new Map(
      guards.map((guard): [string, GuardedRuns] => {
        const own = byGuard.get(guard) ?? []
        const over = own.filter(({ finished_at }) => finished_at !== null)
        const running = own
          .filter(({ finished_at }) => finished_at === null)
          .map((row) => ({ ...toRunning(row), isAdopted: row.is_adopted === 1 }))
        const overAt = Math.max(0, ...over.map(({ finished_at }) => finished_at!))
        return [guard, { running, over: over.map(toTurnRef), overAt }]
      }),
    )
  }

  /** What of a schedule was called, and has not asked again since; with the guards that called it. */
  async calledOf(scheduleId: number): Promise<TurnRef[]> {
    const { rows } = await sql<RefColumns & { guard: string }>`
      select t.schedule_id, t.generation, t.nominal_at, t.guard from ${TURNS} as t
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on ${IS_TURN}
      where t.schedule_id = ${scheduleId} and t.is_begun = 0
        and o.state in ('planned', 'sent') and not (${IS_TOLD_TO_WAIT})`.execute(this.#sql)
    return rows.map(toTurnRef)
  }

  /** What of these schedules runs, and what is due by an instant or was told to wait, and has not begun; by their ids. */
  async openOf(scheduleIds: readonly number[], dueBy: Instant): Promise<Map<number, OpenTurns>> {
    const ids = this.#flavor.rowList(
      { id: 'integer' },
      [...new Set(scheduleIds)].map((id) => [id]),
    )
    const inOpen = this.#flavor.lookUp(
      'carillon_occurrences',
      'o',
      'carillon_occurrences_finished',
      'carillon_occurrences_open',
    )
    const { rows } = await sql<OpenColumns>`
      select ${OPEN}, ${PLACE} as place
      from ${ids} as r ${inOpen} on o.schedule_id = r.id and o.finished_at is null
      where o.state = 'running' or o.due_at <= ${dueBy} or ${PLACE} is not null`.execute(this.#sql)
    const open = new Map<number, { running: OpenRun[]; waiting: OpenWaiting[] }>()
    for (const row of rows) {
      const of = open.get(row.schedule_id) ?? { running: [], waiting: [] }
      open.set(row.schedule_id, of)
      if (row.state === 'running') of.running.push(toRunning(row))
      else of.waiting.push(toWaiting(row))
    }
    return open
  }

  /** Writes down whose turn it is and who waits, in place of what was known of these occurrences. */
  async keep(turns: readonly Turn[]): Promise<void> {
    if (turns.length === 0) return
    const rows = refList(this.#flavor, turns)
    await this.#flavor
      .delete({ table: 'carillon_turns', primaryKey: Object.keys(REF_COLUMNS), rows })
      .execute(this.#sql)
    await this.#insert(turns)
  }

  /** The same, with the turns that they have at other guards left alone. */
  async add(turns: readonly Turn[]): Promise<void> {
    if (turns.length === 0) return
    await this.forget(turns)
    await this.#insert(turns)
  }

  async #insert(turns: readonly Turn[]): Promise<void> {
    const columns = { guard: 'text', is_begun: 'integer', place: 'integer', is_adopted: 'integer' } as const
    const rows = refList(this.#flavor, turns, columns, (i) => {
      const { guard, isBegun, place, isAdopted } = turns[i]!
      return [guard, isBegun ? 1 : 0, place, isAdopted ? 1 : 0]
    })
    await sql`
      insert into ${TURNS} (schedule_id, generation, nominal_at, guard, is_begun, place, is_adopted)
      select r.schedule_id, r.generation, r.nominal_at, r.guard, r.is_begun, r.place, r.is_adopted
      from ${rows} as r`.execute(this.#sql)
  }

  /** Each by its whole key: on MySQL a shorter one would wait for what a change of a schedule adds beside it. */
  async forget(turns: readonly TurnRef[]): Promise<void> {
    if (turns.length === 0) return
    const rows = refList(this.#flavor, turns, { guard: 'digest' }, (i) => [turns[i]!.guard])
    await this.#flavor
      .delete({ table: 'carillon_turns', primaryKey: Object.keys(TURN_COLUMNS), rows })
      .execute(this.#sql)
  }

  /** Keeps when the last runs of guards ended. */
  async end(ends: ReadonlyMap<string, Instant>): Promise<void> {
    if (ends.size === 0) return
    const rows = this.#flavor.rowList({ name: 'digest', at: 'integer' }, [...ends])
    const set = { ended_at: this.#flavor.greater(sql`o.ended_at`, sql`r.at`) }
    await this.#flavor
      .update({ table: 'carillon_guards', rows, where: sql`o.name = r.name`, set })
      .execute(this.#sql)
  }

  /**
   * Calls those that have waited longest, so many of each guard: they ask once more whether it is their turn.
   *
   * @returns how many there were
   */
  async call(guards: ReadonlyMap<string, number>): Promise<number> {
    if (guards.size === 0) return 0
    const { rows } = await sql<{ guard: string }>`
      select distinct t.guard from ${this.#names([...guards.keys()])} as r
      ${this.#flavor.lookUp('carillon_turns', 't', 'carillon_turns_guard')} on t.guard = r.name and t.is_begun = 0`.execute(
      this.#sql,
    )
    const called: OccurrenceRef[] = []
    for (const { guard } of rows) called.push(...(await this.#longestWaiting(guard, guards.get(guard)!)))
    // What somebody else holds is being withdrawn, or asks again by itself: the guard must not wait for it.
    const set = { lease_until: sql`null` }
    await this.#rows.change(called, { condition: IS_TOLD_TO_WAIT, set, passesOverHeld: true })
    return called.length
  }

  async #longestWaiting(guard: string, count: number): Promise<OccurrenceRef[]> {
    const { rows } = await sql<RefColumns>`
      select t.schedule_id, t.generation, t.nominal_at from ${TURNS} as t
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on ${IS_TURN}
      where t.guard = ${guard} and t.is_begun = 0 and ${IS_TOLD_TO_WAIT}
      order by t.place, t.nominal_at, t.generation limit ${count}`.execute(this.#sql)
    return rows.map(toRef)
  }

  /**
   * Forgets turns of what is over or gone, up to so many, and guards of which nothing was heard since. What has ended without
   * a word to its guard is kept for as long, since a break may begin with it.
   */
  async prune(endedBefore: Instant, limit: number): Promise<void> {
    const { rows } = await sql<RefColumns & { guard: string }>`
      select t.schedule_id, t.generation, t.nominal_at, t.guard from ${TURNS} as t
      where not exists (select 1 from ${sql.table('carillon_occurrences')} as o
        where ${IS_TURN} and (o.finished_at is null or (t.is_begun = 1 and o.finished_at >= ${endedBefore})))
      limit ${limit}`.execute(this.#sql)
    await this.forget(rows.map(toTurnRef))
    await sql`
      delete from ${GUARDS} where ended_at > 0 and ended_at < ${endedBefore}`.execute(this.#sql)
  }

  #names(guards: readonly string[]): Piece {
    return this.#flavor.rowList(
      { name: 'digest' },
      guards.map((guard) => [guard]),
    )
  }
}

/** The turns of runs at a guard that came later than they. */
export function adopted(runs: readonly RunningTurn[], guard: string): Turn[] {
  return runs.map((run) => ({ ...refOf(run), guard, isBegun: true, place: run.dueAt, isAdopted: true }))
}

function toTurnRef(row: RefColumns & { guard: string }): TurnRef {
  return { ...toRef(row), guard: row.guard }
}

function toWaiting(row: OpenColumns): OpenWaiting {
  const { due_at: dueAt, place, origin, overlap } = row
  return {
    ...toRef(row),
    dueAt,
    place: place ?? dueAt,
    origin: origin as OccurrenceOrigin,
    own: overlap as OverlapWord | null,
  }
}

function toRunning(row: OpenColumns): OpenRun {
  return {
    ...toRef(row),
    dueAt: row.due_at,
    place: row.due_at,
    startedAt: row.started_at ?? 0,
    isReplaced: row.reason === 'overlap',
    mark: (row.reason ?? undefined) as GuardMark | undefined,
  }
}
