import { addColumn, createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLES: readonly TableDefinition[] = [
  {
    name: 'guards',
    columns: { name: 'digest', ended_at: 'big = 0' },
    primaryKey: ['name'],
  },
  {
    name: 'turns',
    columns: {
      schedule_id: 'big',
      generation: 'count',
      nominal_at: 'big',
      guard: 'digest',
      is_begun: 'count',
      place: 'big',
    },
    primaryKey: ['schedule_id', 'nominal_at', 'generation'],
    indexes: [{ name: 'guard', columns: ['guard', 'is_begun', 'place'] }],
  },
]

/** What keeps runs from overlapping: the policy of schedules, their guards, and who has a turn. */
export function statements(place: Place): string[] {
  return [
    addColumn('schedules', 'overlap', 'text', place),
    ...TABLES.flatMap((table) => createTable(table, place)),
  ]
}
