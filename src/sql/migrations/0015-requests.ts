import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLE: TableDefinition = {
  name: 'requests',
  columns: {
    id: 'digest',
    fingerprint: 'digest',
    claim: 'name',
    claimed_at: 'big',
    status: 'count?',
    headers: 'text?',
    body: 'text?',
  },
  primaryKey: ['id'],
  indexes: [{ name: 'claimed', columns: ['claimed_at'] }],
}

/** What was asked under a name, so that it is done once, and what was answered. */
export function statements(place: Place): string[] {
  return createTable(TABLE, place)
}
