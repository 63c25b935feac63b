import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const REMOVALS: TableDefinition = {
  name: 'removals',
  columns: { schedule_id: 'big' },
  primaryKey: ['schedule_id'],
}

/** The schedules that are to be removed once they have finished. */
export function statements(place: Place): string[] {
  return createTable(REMOVALS, place)
}
