import { createIndex, createTable, type Place, type TableDefinition } from '../ddl.ts'

const EXPECTATIONS: TableDefinition = {
  name: 'expectations',
  columns: {
    schedule_id: 'big',
    generation: 'count',
    nominal_at: 'big',
    expected_at: 'big',
    told_at: 'big = 0',
    told_by: 'name?',
  },
  primaryKey: ['schedule_id', 'nominal_at', 'generation'],
  indexes: [
    {
      name: 'due',
      columns: ['expected_at'],
      where: 'told_at = 0',
      wholeColumns: ['told_at', 'expected_at'],
    },
    { name: 'told', columns: ['told_at'], where: 'told_at > 0', wholeColumns: [] },
  ],
}

/** By when runs are to have ended, and what was told of those that have not; what was sent to a queue, by when it is due. */
export function statements(place: Place): string[] {
  return [
    ...createTable(EXPECTATIONS, place),
    // Where there are no partial indexes, that of what is claimable begins with the state.
    ...createIndex(
      'occurrences',
      { name: 'sent', columns: ['due_at'], where: "state = 'sent'", wholeColumns: [] },
      place,
    ),
  ]
}
