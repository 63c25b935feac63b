import { createTable } from '../../src/sql/ddl.ts'
import type { Flavor } from '../../src/sql/flavor.ts'
import { mysqlFlavor } from '../../src/sql/mysql/mysql-flavor.ts'
import { postgresFlavor } from '../../src/sql/postgres/postgres-flavor.ts'
import { sqliteFlavor } from '../../src/sql/sqlite/sqlite-flavor.ts'
import { resolveDefinition } from '../../src/schedule/resolve-definition.ts'
import type { ScheduleInput } from '../../src/schedule/schedule-input.ts'
import { termsOf } from '../../src/schedule/terms.ts'
import { storedTerms } from '../../src/store/stored-terms.ts'
import type { BareRow, Bulk } from './bare/bare.ts'
import type { BenchDatabase, DatabaseKind } from './databases.ts'

const FLAVOR: Readonly<Record<DatabaseKind, Flavor>> = {
  postgres: postgresFlavor,
  mysql: mysqlFlavor(true),
  sqlite: sqliteFlavor,
}

/** One table with all that Carillon remembers of a schedule in three; what somebody would write who needs only that. */
const WIDE = {
  name: 'wide',
  columns: {
    id: 'id',
    namespace: 'name',
    key: 'name',
    group: 'name?',
    origin: 'word',
    state: 'word',
    generation: 'count',
    revision: 'count',
    job: 'name',
    definition: 'text',
    reason: 'text?',
    created_at: 'big',
    updated_at: 'big',
    next_at: 'big?',
    last_at: 'big = 0',
    planned: 'count = 0',
    is_broken: 'count = 0',
    terms: 'text',
  },
  unique: ['namespace', 'key'],
  indexes: [{ name: 'due', columns: ['next_at'] }],
} as const

export async function createWideTable({ bare, kind }: BenchDatabase): Promise<void> {
  const place = { flavor: FLAVOR[kind], schema: undefined, tablePrefix: 'bench_' }
  for (const statement of createTable(WIDE, place)) await bare.query(statement)
}

/** How schedules are written into the wide table, new ones and replacements. */
export function wideUpsert(now: number): Bulk {
  return {
    table: 'bench_wide',
    columns: { key: 'text', definition: 'text', next_at: 'integer', terms: 'text' },
    constants: {
      namespace: `'default'`,
      origin: `'user'`,
      state: `'active'`,
      generation: '1',
      revision: '1',
      job: `'noop'`,
      created_at: String(now),
      updated_at: String(now),
    },
    key: ['namespace', 'key'],
  }
}

/** A schedule as a row of the wide table, as complete as Carillon stores it. */
export function wideRow(input: ScheduleInput & { key: string }, nextAt: number): BareRow {
  const identity = { namespace: 'default', key: input.key }
  const { definition } = resolveDefinition(input, `default/${input.key}`)
  return [input.key, JSON.stringify(definition), nextAt, storedTerms(termsOf(definition, identity)).text]
}
