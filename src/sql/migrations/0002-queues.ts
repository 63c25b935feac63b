import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLES: readonly TableDefinition[] = [
  {
    name: 'withdrawals',
    columns: {
      id: 'id',
      queue: 'name',
      schedule_id: 'big',
      generation: 'count',
      nominal_at: 'big',
      attempt: 'count',
      due_at: 'big',
      job: 'name',
    },
    indexes: [{ name: 'queue', columns: ['queue', 'id'] }],
  },
  {
    name: 'queues',
    columns: { name: 'name', epoch: 'text', seen_at: 'big' },
    primaryKey: ['name'],
  },
]

/** What foreign queues need: the messages that are to be taken back, and what each queue was last known to hold. */
export function statements(place: Place): string[] {
  return TABLES.flatMap((table) => createTable(table, place))
}
