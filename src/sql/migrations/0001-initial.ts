import { createTable, type Place, type TableDefinition } from '../ddl.ts'

const TABLES: readonly TableDefinition[] = [
  {
    name: 'schedules',
    columns: {
      id: 'id',
      namespace: 'name',
      key: 'name',
      deleted_at: 'big = 0',
      group: 'name?',
      origin: 'word',
      state: 'word',
      generation: 'count',
      cause: 'word',
      valid_from: 'big',
      revision: 'count',
      job: 'name',
      definition: 'text',
      terms: 'text',
      reason: 'text?',
      created_at: 'big',
      updated_at: 'big',
    },
    unique: ['namespace', 'key', 'deleted_at'],
    indexes: [
      {
        name: 'broken',
        columns: ['updated_at'],
        where: "state = 'broken'",
        wholeColumns: ['state', 'updated_at'],
      },
      { name: 'group', columns: ['namespace', 'group', 'key'] },
      { name: 'deleted', columns: ['deleted_at'], where: 'deleted_at > 0' },
    ],
  },
  {
    name: 'cursors',
    columns: {
      schedule_id: 'big',
      next_at: 'big?',
      last_at: 'big = 0',
      generation: 'count',
      planned: 'count = 0',
      is_broken: 'count = 0',
      terms_key: 'digest',
    },
    primaryKey: ['schedule_id'],
    indexes: [
      {
        name: 'due',
        columns: ['next_at'],
        where: 'next_at is not null and is_broken = 0',
        wholeColumns: ['is_broken', 'next_at'],
      },
    ],
  },
  {
    name: 'generations',
    columns: {
      schedule_id: 'big',
      generation: 'count',
      cause: 'word',
      valid_from: 'big',
      definition: 'text',
      actor: 'text?',
      note: 'text?',
    },
    primaryKey: ['schedule_id', 'generation'],
  },
  {
    name: 'occurrences',
    columns: {
      schedule_id: 'big',
      generation: 'count',
      nominal_at: 'big',
      due_at: 'big',
      state: 'word',
      reason: 'word?',
      origin: 'word',
      queue: 'name',
      job: 'name',
      attempt: 'count = 0',
      failures: 'count = 0',
      lost: 'count = 0',
      owner: 'text?',
      lease_until: 'big?',
      planned_at: 'big',
      started_at: 'big?',
      finished_at: 'big?',
      error: 'text?',
      result: 'text?',
      missed_until: 'big?',
      missed_count: 'big?',
    },
    // In the order in which a history is read.
    primaryKey: ['schedule_id', 'nominal_at', 'generation'],
    indexes: [
      {
        name: 'claimable',
        columns: ['queue', 'due_at', 'job'],
        where: "state = 'planned' and lease_until is null",
        wholeColumns: ['state', 'lease_until', 'queue', 'due_at', 'job'],
      },
      { name: 'leased', columns: ['lease_until'], where: 'lease_until is not null' },
      {
        name: 'open',
        columns: ['schedule_id', 'finished_at'],
        where: 'finished_at is null',
        wholeColumns: [],
      },
      { name: 'finished', columns: ['finished_at'], where: 'finished_at is not null' },
    ],
  },
  {
    name: 'leases',
    columns: { name: 'name', owner: 'text?', token: 'big', acquired_at: 'big', expires_at: 'big' },
    primaryKey: ['name'],
  },
]

/** Schedules, their generations, the ledger and leases. */
export function statements(place: Place): string[] {
  return TABLES.flatMap((table) => createTable(table, place))
}
