import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLE: TableDefinition = {
  name: 'tokens',
  columns: {
    id: 'name',
    hash: 'name',
    label: 'name',
    scope: 'word',
    namespace: 'name?',
    groups: 'text?',
    jobs: 'text?',
    created_at: 'big',
    created_by: 'name?',
    expires_at: 'big?',
    revoked_at: 'big?',
    last_used_at: 'big = 0',
  },
  primaryKey: ['id'],
}

/** Who may ask over HTTP, and for what. */
export function statements(place: Place): string[] {
  return createTable(TABLE, place)
}
