import { sql } from 'kysely'
import type { Flavor } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'

/** How many occurrences have not begun, or not ended, by state. */
export type OpenCounts = Readonly<Record<'planned' | 'sent' | 'running', number>>

/** Counts what is open, by the index that holds nothing else. */
export async function countOpen(db: Sql, flavor: Flavor): Promise<OpenCounts> {
  const index = flavor.byIndex('carillon_occurrences_open', 'carillon_occurrences_finished')
  const { rows } = await sql<{ state: keyof OpenCounts; count: number }>`
    select o.state, count(*) as count from ${sql.table('carillon_occurrences')} as o ${index}
    where o.finished_at is null group by o.state`.execute(db)
  const counts = { planned: 0, sent: 0, running: 0 }
  for (const { state, count } of rows) counts[state] = count
  return counts
}
