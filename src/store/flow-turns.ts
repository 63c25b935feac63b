import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import { inTurn } from '../schedule/in-turn.ts'
import type { Flavor, Piece } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import { toRef } from './occurrence-refs.ts'
import type { RefColumns } from './occurrence-rows.ts'

/** What is wanted. */
export interface FlowClaim {
  readonly queue: string
  readonly jobs: readonly string[]
  readonly limit: number
}

/** What a turn found, and the flow that was last. */
export interface FlowTurn {
  readonly refs: readonly OccurrenceRef[]
  readonly after: number
}

/** Of how many flows one turn takes at most. */
const FLOWS_AT_ONCE = 20
/** How many more than it needs it looks at, some of which may have nothing that is due. */
const SPARE_FLOWS = 20
const INDEX = 'carillon_occurrences_flows'

/**
 * Finds what is overdue by the flows that it belongs to, in turn: each step is one look into an index, at the oldest of the
 * next flow, so that it does not matter how much waits in those before it.
 *
 * @see docs/design/runs.md
 */
export class FlowTurns {
  readonly #sql: Sql
  readonly #flavor: Flavor

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
  }

  /** @param after the flow that was last at the turn before; they go round */
  async take(claim: FlowClaim, after: number, now: Instant): Promise<FlowTurn> {
    const flows = await this.#next(claim, after, now)
    if (flows.length === 0) return { refs: [], after }

    const share = Math.ceil(claim.limit / flows.length)
    const parts = flows.map(
      (flow) => sql`select * from (
        select schedule_id, generation, nominal_at, flow from ${this.#claimable(claim)}
          and flow = ${flow} and due_at <= ${now}
        order by due_at limit ${share}) as ${sql.ref(`f${flow}`)}`,
    )
    const { rows } = await sql<RefColumns & { flow: number }>`${sql.join(parts, sql` union all `)}`.execute(
      this.#sql,
    )
    const byFlow = Map.groupBy(rows, ({ flow }) => flow)
    const own = flows.map((flow) => (byFlow.get(flow) ?? []).map(toRef))
    return { refs: inTurn(own).slice(0, claim.limit), after: flows.at(-1)! }
  }

  /** The next flows in the round that have something overdue. */
  async #next(claim: FlowClaim, after: number, now: Instant): Promise<number[]> {
    const wanted = Math.min(claim.limit, FLOWS_AT_ONCE)
    const flows: number[] = []
    let [at, isRound] = [after, false]
    for (let looks = 0; flows.length < wanted && looks < wanted + SPARE_FLOWS; looks++) {
      const next = await this.#oldestBehind(claim, at)
      if (next === undefined && isRound) break
      if (next === undefined) [at, isRound] = [-1, true]
      else if (isRound && next.flow > after) break
      else {
        at = next.flow
        if (next.due_at <= now) flows.push(at)
      }
    }
    return flows
  }

  /** What is due first of the flow behind this one. */
  async #oldestBehind(
    claim: FlowClaim,
    flow: number,
  ): Promise<{ flow: number; due_at: Instant } | undefined> {
    const { rows } = await sql<{ flow: number; due_at: Instant }>`
      select flow, due_at from ${this.#claimable(claim)} and flow > ${flow}
      order by flow, due_at limit 1`.execute(this.#sql)
    return rows[0]
  }

  #claimable({ queue, jobs }: FlowClaim): Piece {
    return sql`${sql.table('carillon_occurrences')} ${this.#flavor.byIndex(INDEX, INDEX)}
      where queue = ${queue} and state = 'planned' and lease_until is null and job in (${sql.join(jobs)})`
  }
}
