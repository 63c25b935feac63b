import { sql } from 'kysely'
import { occurrenceId } from '../schedule/occurrence.ts'
import { guardOf, type Overlap } from '../schedule/overlap.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { OccurrenceRows } from './occurrence-rows.ts'
import { Outbox } from './outbox.ts'
import { adopted, TurnTable, type OpenTurns } from './turn-table.ts'

const HAS_NOT_BEGUN = sql`o.state in ('planned', 'sent')`
const NOTHING: OpenTurns = { running: [], waiting: [] }

/** What an edited policy means for what is under way, and for what waits. */
export class TurnMoves {
  readonly #rows: OccurrenceRows
  readonly #table: TurnTable
  readonly #outbox: Outbox

  constructor(sql: Sql, flavor: Flavor) {
    this.#rows = new OccurrenceRows(sql, flavor)
    this.#table = new TurnTable(sql, flavor)
    this.#outbox = new Outbox(sql, flavor)
  }

  /**
   * Brings a schedule under another policy: its runs get turns at the guard that it has from now on, beside those that they
   * may have, and what has not begun asks that guard. Must be the last that is done to the occurrences of the schedule in the
   * transaction that changes it.
   *
   * It holds what has not begun, and neither the guard nor the rows of runs: an application's transaction may go on for long, and other
   * schedules, ends and heartbeats must not wait for it.
   *
   * @param overlap the policy from now on; `null` while any number of its runs may be under way
   */
  async move(schedule: ScheduleIdentity & { readonly id: number }, overlap: Overlap | null): Promise<void> {
    const { id } = schedule
    const guard = overlap === null ? undefined : guardOf(schedule, overlap)
    const called = await this.#table.calledOf(id)
    await this.#askAgain(id)
    // Who was called to take a turn that is no longer wanted leaves it to the next.
    const left = Map.groupBy(
      called.filter((turn) => turn.guard !== guard),
      (turn) => turn.guard,
    )
    await this.#table.call(new Map([...left].map(([of, { length }]) => [of, length])))
    if (guard === undefined) return

    const { running } = await this.#openOf(id, 0)
    const known = new Set((await this.#table.guardsOf(running)).get(guard)?.map(occurrenceId))
    await this.#table.add(
      adopted(
        running.filter((run) => !known.has(occurrenceId(run))),
        guard,
      ),
    )
  }

  /**
   * Has what has not begun ask whether it may, by the policy as it is then: what waits for its turn, and what was claimed or
   * sent under the old one. While it is held nothing of it begins, and it does not begin after it by what was known of it
   * before; so what is under way is seen after it.
   */
  async #askAgain(scheduleId: number): Promise<void> {
    const { waiting } = await this.#openOf(scheduleId, Number.MAX_SAFE_INTEGER)
    const held = await this.#rows.lock(waiting, HAS_NOT_BEGUN)
    await this.#outbox.withdraw(held.filter(({ state }) => state === 'sent'))
    await this.#rows.change(held, {
      condition: HAS_NOT_BEGUN,
      set: {
        state: sql`'planned'`,
        owner: sql`null`,
        lease_until: sql`null`,
        // A message that is on its way is void.
        waits: sql`o.waits + 1`,
      },
    })
  }

  async #openOf(scheduleId: number, dueBy: number): Promise<OpenTurns> {
    return (await this.#table.openOf([scheduleId], dueBy)).get(scheduleId) ?? NOTHING
  }
}
