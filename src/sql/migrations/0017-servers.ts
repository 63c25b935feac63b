import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLE: TableDefinition = {
  name: 'servers',
  columns: { name: 'name', roles: 'name', started_at: 'big', seen_at: 'big', running: 'count' },
  primaryKey: ['name'],
}

/** The servers that have started, and when they were heard of last. */
export function statements(place: Place): string[] {
  return createTable(TABLE, place)
}
