import type { Client } from 'pg'
import type { Definition } from '../../../src/schedule/definition.ts'

/** An occurrence as the ledger has it at the end. */
export interface LedgerRow {
  readonly id: string
  readonly scheduleId: number
  readonly generation: number
  readonly nominalAt: number
  readonly state: string
  readonly reason: string | null
  readonly origin: string
  readonly attempt: number
  readonly failures: number
  readonly lost: number
  readonly owner: string | null
  /** The code of what went wrong. */
  readonly error: string | null
  readonly missedUntil: number | null
}

/** A generation of a schedule, and how long it was in force. */
export interface GenerationRow {
  readonly scheduleId: number
  readonly key: string
  readonly generation: number
  /** Whether it is neither that of a pause nor that of a deleted schedule. */
  readonly plans: boolean
  readonly recurrence: Definition['recurrence']
  readonly from: number
  /** When another one was opened; `Infinity` for the present one. */
  readonly to: number
}

/** What is left to do of what is due up to an instant. */
export async function countOpen(client: Client, until: number): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*) from carillon_occurrences where nominal_at <= $1 and finished_at is null`,
    [until],
  )
  return Number(rows[0]!.count)
}

/** How many messages are still noted to be withdrawn. */
export async function countWithdrawals(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('select count(*) from carillon_withdrawals')
  return Number(rows[0]!.count)
}

export async function readLedger(client: Client): Promise<LedgerRow[]> {
  const { rows } = await client.query<Record<string, string | null>>(
    'select * from carillon_occurrences order by schedule_id, nominal_at, generation',
  )
  const instant = (value: string | null | undefined) => (value == null ? null : Number(value))
  return rows.map((row) => ({
    id: `${row['schedule_id']}-${row['generation']}-${row['nominal_at']}`,
    scheduleId: Number(row['schedule_id']),
    generation: Number(row['generation']),
    nominalAt: Number(row['nominal_at']),
    state: row['state']!,
    reason: row['reason']!,
    origin: row['origin']!,
    attempt: Number(row['attempt']),
    failures: Number(row['failures']),
    lost: Number(row['lost']),
    owner: row['owner'] ?? null,
    error: row['error'] == null ? null : (JSON.parse(row['error']) as { code: string }).code,
    missedUntil: instant(row['missed_until']),
  }))
}

export async function readGenerations(client: Client): Promise<GenerationRow[]> {
  // Those that are over, and the present one of each schedule.
  const { rows } = await client.query<Record<string, string>>(`
    select g.schedule_id, s.key, g.generation, g.cause, g.valid_from, g.definition
    from carillon_generations g join carillon_schedules s on s.id = g.schedule_id
    union all select id, key, generation, cause, valid_from, definition from carillon_schedules
    order by 1, 3`)
  let plans = true
  return rows.map((row, i) => {
    // A change of a paused schedule leaves it paused.
    if (row['cause'] !== 'changed') plans = row['cause'] !== 'paused' && row['cause'] !== 'deleted'
    const next = rows[i + 1]?.['schedule_id'] === row['schedule_id'] ? rows[i + 1] : undefined
    const { recurrence } = JSON.parse(row['definition']!) as Definition
    return {
      scheduleId: Number(row['schedule_id']),
      key: row['key']!,
      generation: Number(row['generation']),
      plans,
      recurrence,
      from: Number(row['valid_from']),
      to: next === undefined ? Infinity : Number(next['valid_from']),
    }
  })
}
