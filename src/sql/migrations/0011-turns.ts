import { addNumber, createTable, type Place, type TableDefinition } from '../ddl.ts'

const TURNS: TableDefinition = {
  name: 'turns',
  columns: {
    schedule_id: 'big',
    generation: 'count',
    nominal_at: 'big',
    guard: 'digest',
    is_begun: 'count',
    place: 'big',
    is_adopted: 'big = 0',
  },
  primaryKey: ['schedule_id', 'nominal_at', 'generation', 'guard'],
  indexes: [{ name: 'guard', columns: ['guard', 'is_begun', 'place'] }],
}

/** A run may have turns at several guards: that under which it began, and those that its schedule was given since. */
export function statements(place: Place): string[] {
  return place.flavor.kind === 'mysql' ? changed(place) : made(place)
}

/** Each of the statements may be repeated. */
function changed(place: Place): string[] {
  const key = TURNS.primaryKey!.map((name) => `\`${name}\``).join(', ')
  return [
    addNumber('turns', 'is_adopted', place),
    `alter table \`${place.tablePrefix}turns\` drop primary key, add primary key (${key})`,
  ]
}

/** SQLite cannot change the key of a table, and PostgreSQL has named it by itself: the table is made anew. */
function made(place: Place): string[] {
  const { schema, tablePrefix } = place
  const full = (name: string) => (schema === undefined ? '' : `"${schema}".`) + `"${tablePrefix}${name}"`
  const columns = 'schedule_id, generation, nominal_at, guard, is_begun, place'
  return [
    `drop index ${full('turns_guard')}`,
    `alter table ${full('turns')} rename to "${tablePrefix}turns_before"`,
    ...createTable(TURNS, place),
    `insert into ${full('turns')} (${columns}) select ${columns} from ${full('turns_before')}`,
    `drop table ${full('turns_before')}`,
  ]
}
