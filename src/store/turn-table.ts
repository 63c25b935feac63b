import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { RunningTurn, WaitingTurn } from '../schedule/decide-turns.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { REF_COLUMNS, refList, toRef } from './occurrence-refs.ts'
import { OccurrenceRows, type RefColumns } from './occurrence-rows.ts'

/** A turn of a guard that begins, or waits. */
export interface Turn extends OccurrenceRef {
  readonly guard: string
  readonly isBegun: boolean
  /** What is called first has the smallest. */
  readonly place: number
}

/** Guards, which the transaction holds, and when the last run of each ended. */
export type HeldGuards = ReadonlyMap<string, Instant | undefined>

/** What of a schedule is under way, and what is due. */
export interface OpenTurns {
  readonly running: readonly RunningTurn[]
  readonly waiting: readonly WaitingTurn[]
}

interface OpenColumns extends RefColumns {
  readonly due_at: number
  readonly state: string
  readonly started_at: number | null
  readonly reason: string | null
}

const GUARDS = sql.table('carillon_guards')
const TURNS = sql.table('carillon_turns')
const OPEN = sql`o.schedule_id, o.generation, o.nominal_at, o.due_at, o.state, o.started_at, o.reason`
/** The occurrence `o` is that of the turn `t`. */
const IS_TURN = sql`o.schedule_id = t.schedule_id and o.nominal_at = t.nominal_at and o.generation = t.generation`
/** The occurrence `o` was told to wait for its turn. */
const IS_TOLD_TO_WAIT = sql`o.state = 'planned' and o.owner is null and o.lease_until is not null`

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

  /** The guards under which these began. */
  async guardsOf(refs: readonly OccurrenceRef[]): Promise<Map<string, OccurrenceRef[]>> {
    const guards = new Map<string, OccurrenceRef[]>()
    if (refs.length === 0) return guards
    const { rows } = await sql<RefColumns & { guard: string }>`
      select t.schedule_id, t.generation, t.nominal_at, t.guard from ${refList(this.#flavor, refs)} as r
      ${this.#flavor.lookUp('carillon_turns', 't', 'primary')}
      on t.schedule_id = r.schedule_id and t.nominal_at = r.nominal_at and t.generation = r.generation
      where t.is_begun = 1`.execute(this.#sql)
    for (const row of rows) guards.set(row.guard, [...(guards.get(row.guard) ?? []), toRef(row)])
    return guards
  }

  /** What runs under these guards. */
  async running(guards: readonly string[]): Promise<Map<string, RunningTurn[]>> {
    const { rows } = await sql<OpenColumns & { guard: string }>`
      select t.guard, ${OPEN} from ${this.#names(guards)} as r
      ${this.#flavor.lookUp('carillon_turns', 't', 'carillon_turns_guard')} on t.guard = r.name and t.is_begun = 1
      ${this.#flavor.lookUp('carillon_occurrences', 'o', 'primary')} on ${IS_TURN}
      where o.state = 'running'`.execute(this.#sql)
    const running = new Map<string, RunningTurn[]>(guards.map((guard) => [guard, []]))
    for (const row of rows) running.get(row.guard)!.push(toRunning(row))
    return running
  }

  /** What of these schedules runs, or is due by an instant and has not begun; by their ids. */
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
      select ${OPEN} from ${ids} as r ${inOpen} on o.schedule_id = r.id and o.finished_at is null
      where o.state = 'running' or o.due_at <= ${dueBy}`.execute(this.#sql)
    const open = new Map<number, { running: RunningTurn[]; waiting: WaitingTurn[] }>()
    for (const row of rows) {
      const of = open.get(row.schedule_id) ?? { running: [], waiting: [] }
      open.set(row.schedule_id, of)
      if (row.state === 'running') of.running.push(toRunning(row))
      else of.waiting.push({ ...toRef(row), dueAt: row.due_at })
    }
    return open
  }

  /** Writes down whose turn it is and who waits. */
  async keep(turns: readonly Turn[]): Promise<void> {
    if (turns.length === 0) return
    await this.forget(turns)
    const columns = { guard: 'text', is_begun: 'integer', place: 'integer' } as const
    const rows = refList(this.#flavor, turns, columns, (i) => {
      const { guard, isBegun, place } = turns[i]!
      return [guard, isBegun ? 1 : 0, place]
    })
    await sql`
      insert into ${TURNS} (schedule_id, generation, nominal_at, guard, is_begun, place)
      select r.schedule_id, r.generation, r.nominal_at, r.guard, r.is_begun, r.place from ${rows} as r`.execute(
      this.#sql,
    )
  }

  async forget(refs: readonly OccurrenceRef[]): Promise<void> {
    if (refs.length === 0) return
    const rows = refList(this.#flavor, refs)
    await this.#flavor
      .delete({ table: 'carillon_turns', primaryKey: Object.keys(REF_COLUMNS), rows })
      .execute(this.#sql)
  }

  /** Keeps when the last runs of guards ended. */
  async end(guards: readonly string[], now: Instant): Promise<void> {
    if (guards.length === 0) return
    const rows = this.#names(guards)
    const set = { ended_at: this.#flavor.greater(sql`o.ended_at`, this.#flavor.integer(now)) }
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

  /** Forgets turns of what is over or gone, up to so many, and guards of which nothing was heard since. */
  async prune(endedBefore: Instant, limit: number): Promise<void> {
    const { rows } = await sql<RefColumns>`
      select t.schedule_id, t.generation, t.nominal_at from ${TURNS} as t
      where not exists (select 1 from ${sql.table('carillon_occurrences')} as o
        where ${IS_TURN} and o.finished_at is null)
      limit ${limit}`.execute(this.#sql)
    await this.forget(rows.map(toRef))
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

function toRunning(row: OpenColumns): RunningTurn {
  return {
    ...toRef(row),
    dueAt: row.due_at,
    startedAt: row.started_at ?? 0,
    isReplaced: row.reason === 'overlap',
  }
}
