import type { Bare, BareRow, Bulk } from './bare/bare.ts'

/** Planned occurrences of the job `noop`, as a dispatch pass writes them. */
export function occurrencesPlannedAt(now: number): Bulk {
  return {
    table: 'carillon_occurrences',
    columns: { schedule_id: 'integer', generation: 'integer', nominal_at: 'integer', due_at: 'integer' },
    constants: {
      state: `'planned'`,
      origin: `'schedule'`,
      queue: `'default'`,
      job: `'noop'`,
      planned_at: String(now),
      flow: '7',
    },
  }
}

/** One occurrence of each of `count` schedules, all at one instant. */
export function occurrencesAt(dueAt: number, count: number): BareRow[] {
  return Array.from({ length: count }, (_, i) => [i + 1, 1, dueAt, dueAt])
}

/** @throws {Error} when the ledger does not hold exactly this many occurrences in this state, one of each schedule */
export async function checkLedger(bare: Bare, state: string, count: number): Promise<void> {
  const [row] = await bare.query(`
    select count(*) as written, count(distinct schedule_id) as schedules
    from carillon_occurrences where state = '${state}'`)
  const written = Number(row?.['written'])
  const schedules = Number(row?.['schedules'])
  if (written !== count || schedules !== count)
    throw new Error(`the ledger holds ${written} occurrences of ${schedules} schedules, not ${count}`)
}
