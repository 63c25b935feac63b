import type { Plan } from '../schedule/plan.ts'
import type { NewMissedRange, NewOccurrence } from './ledger.ts'
import type { CursorMove } from './cursor-table.ts'
import type { NewOwed } from './owed-table.ts'
import type { Tables } from './store.ts'

/** A plan and what it is for. */
export interface PlanToRecord {
  readonly scheduleId: number
  readonly generation: number
  readonly queue: string
  readonly job: string
  readonly flow: number
  /** How long after they are due its occurrences are to have ended. */
  readonly expectWithinMs?: number | null | undefined
  readonly plan: Plan
  /** Whether the schedule is to be removed when nothing is left to plan. */
  readonly removes: boolean
}

/**
 * Writes what the planner decided for any number of schedules: occurrences, missed ranges, what is owed, cursors. Must run in
 * the transaction in which the cursors were read, so that nobody else plans from them.
 */
export async function recordPlans(tables: Tables, plans: readonly PlanToRecord[]): Promise<void> {
  const occurrences: NewOccurrence[] = []
  const missed: NewMissedRange[] = []
  const owed: NewOwed[] = []
  const moves: CursorMove[] = []
  const removals: number[] = []
  for (const { scheduleId, generation, queue, job, flow, expectWithinMs, plan, removes } of plans) {
    // Field by field: this is done ten thousand times in a large pass.
    for (const { nominalAt, dueAt, origin, standsFor } of plan.occurrences)
      occurrences.push({
        scheduleId,
        generation,
        nominalAt,
        dueAt,
        origin,
        queue,
        job,
        flow,
        standsFor,
        expectWithinMs,
      })
    if (plan.missed !== undefined) missed.push({ scheduleId, generation, queue, job, ...plan.missed })
    if (plan.owed !== undefined) owed.push({ scheduleId, generation, ...plan.owed })
    if (removes && plan.nextAt === undefined) removals.push(scheduleId)
    moves.push({
      id: scheduleId,
      nextAt: plan.nextAt ?? null,
      lastAt: plan.occurrences.at(-1)?.nominalAt ?? plan.owed?.until ?? null,
      planned: plan.occurrences.length + (plan.owed?.count ?? 0),
    })
  }

  await tables.ledger.insert(occurrences, tables.now)
  await tables.ledger.insertMissed(missed, tables.now)
  await tables.owed.insert(owed)
  await tables.cursors.move(moves)
  await tables.removals.add(removals)
}
