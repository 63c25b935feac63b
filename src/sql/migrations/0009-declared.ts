import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLES: readonly TableDefinition[] = [
  {
    name: 'declared',
    columns: { schedule_id: 'big', owner: 'name' },
    primaryKey: ['schedule_id'],
    indexes: [{ name: 'owner', columns: ['owner'] }],
  },
  {
    name: 'declarations',
    columns: { owner: 'name', digest: 'digest', place: 'big', alive_until: 'big' },
    primaryKey: ['owner', 'digest'],
  },
]

/** Which schedules code declares, and which of its releases are about. */
export function statements(place: Place): string[] {
  return TABLES.flatMap((table) => createTable(table, place))
}
