import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLES: readonly TableDefinition[] = [
  {
    name: 'owed',
    columns: {
      schedule_id: 'big',
      generation: 'count',
      from_at: 'big',
      until_at: 'big',
      runs: 'count',
      stands_for: 'count = 0',
      namespace: 'name',
      is_released: 'count = 0',
    },
    primaryKey: ['schedule_id', 'until_at', 'generation'],
    indexes: [{ name: 'namespace', columns: ['namespace', 'from_at'] }],
  },
  {
    name: 'paces',
    columns: { name: 'name', until_at: 'big = 0' },
    primaryKey: ['name'],
  },
]

/** What is to be caught up at a rate, and how far that has come. */
export function statements(place: Place): string[] {
  return TABLES.flatMap((table) => createTable(table, place))
}
