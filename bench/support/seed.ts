import { Carillon } from '../../src/carillon/carillon.ts'
import type { ScheduleInput } from '../../src/schedule/schedule-input.ts'
import type { BenchDatabase } from './databases.ts'
import { noop } from './noop.ts'

export interface Seed {
  /** How many schedules. Their ids are 1, 2, 3 …. */
  readonly count: number
  /** What all of them are like. */
  readonly schedule: Omit<ScheduleInput, 'key' | 'job'>
  /** How many of them have their cursor where it belongs; that of the others is a century away. All by default. */
  readonly due?: number
}

const A_CENTURY_MS = 36_525 * 24 * 3_600_000

/**
 * Stores schedules that are alike: the first through the public door, the others as copies of its rows, made by the
 * database itself. A million of them take a minute instead of many.
 */
export async function seedSchedules(database: BenchDatabase, seed: Seed): Promise<void> {
  const { count, schedule, due = count } = seed
  await using carillon = await Carillon.open({ database: database.address, jobs: [noop()] })
  await carillon.schedule({ ...schedule, key: keyOf(1), job: 'noop' })

  const key = `concat('${keyOf('')}', n.i)`
  const nextAt = `case when n.i <= ${due} then t.next_at else t.next_at + ${A_CENTURY_MS} end`
  await copyRow(database, count, 'carillon_schedules', { id: 'n.i', key })
  await copyRow(database, count, 'carillon_cursors', { schedule_id: 'n.i', next_at: nextAt })
  await database.bare.settle()
}

/** Copies the only row of a table, with other values in some columns. */
async function copyRow(
  { bare }: BenchDatabase,
  count: number,
  table: string,
  own: Readonly<Record<string, string>>,
): Promise<void> {
  const [row] = await bare.query(`select * from ${table}`)
  const columns = Object.keys(row!)
  const values = columns.map((name) => own[name] ?? `t."${name}"`)
  await bare.query(`
    insert into ${table} (${columns.map((name) => `"${name}"`).join(', ')})
    with recursive n(i) as (select 2 union all select i + 1 from n where i < ${count})
    select ${values.join(', ')} from ${table} as t cross join n`)
}

function keyOf(id: number | string): string {
  return `bench-${id}`
}
