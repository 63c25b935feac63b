import { addColumn, createIndex, createTable, insertRow, type Place, type TableDefinition } from '../ddl.ts'

const TABLES: readonly TableDefinition[] = [
  {
    name: 'pauses',
    columns: {
      scope: 'digest',
      namespace: 'name?',
      group: 'name?',
      state: 'word',
      begun_at: 'big',
      ends_at: 'big?',
      look_at: 'big?',
      missed: 'word?',
      actor: 'text?',
      note: 'text?',
    },
    primaryKey: ['scope'],
    indexes: [
      { name: 'look', columns: ['look_at'], where: 'look_at is not null', wholeColumns: ['look_at'] },
    ],
  },
  {
    name: 'pause_gate',
    columns: { id: 'big', pauses: 'count = 0' },
    primaryKey: ['id'],
  },
  {
    name: 'changes',
    columns: {
      schedule_id: 'big',
      revision: 'count',
      kind: 'word',
      changed_at: 'big',
      definition: 'text?',
      group: 'name?',
      state: 'word',
      actor: 'text?',
      note: 'text?',
    },
    primaryKey: ['schedule_id', 'revision'],
  },
]

/** What operators do: pauses, of one schedule and of many, and who changed what. */
export function statements(place: Place): string[] {
  return [
    addColumn('schedules', 'pause', 'text', place),
    addColumn('schedules', 'pause_scope', 'digest', place),
    addColumn('schedules', 'paused_until', 'big', place),
    addColumn('schedules', 'actor', 'text', place),
    addColumn('schedules', 'actor_note', 'text', place),
    addColumn('schedules', 'created_by', 'text', place),
    addColumn('schedules', 'created_note', 'text', place),
    ...createIndex(
      'schedules',
      { name: 'paused', columns: ['paused_until'], where: 'paused_until is not null' },
      place,
    ),
    ...TABLES.flatMap((table) => createTable(table, place)),
    insertRow('pause_gate', { id: 1, pauses: 0 }, place),
  ]
}
