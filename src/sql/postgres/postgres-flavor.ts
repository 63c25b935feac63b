import { sql } from 'kysely'
import { assignments, isSameKey, type Flavor, type Piece, type RowValue } from '../flavor.ts'
import { layOut } from '../row-layout.ts'

const TYPE = { integer: 'bigint', name: 'text', digest: 'text', text: 'text' }

/** PostgreSQL. */
export const postgresFlavor: Flavor = {
  kind: 'postgres',
  returns: true,
  // Not the time at which the transaction began, as `now()` would be.
  clockQuery: sql`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`,
  forUpdate: sql`for update`,
  forUpdateSkipLocked: sql`for update skip locked`,
  forShare: sql`for share`,
  forShareSkipLocked: sql`for share skip locked`,

  findTable: (schema, name) => sql`
    select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name}`,
  afterwards: (condition) => sql`case when ${condition} then true else false end`,
  lookUp: (table, alias) => sql`join ${sql.table(table)} as ${sql.ref(alias)}`,
  // It knows how few rows a partial index has.
  byIndex: () => sql``,
  integer: (value) => sql`${value}::bigint`,
  text: (value) => sql`${value}::text`,
  greater: (a, b) => sql`greatest(${a}, ${b})`,
  contains: (column, text) => sql`strpos(lower(${column}), lower(${text} collate "C")) > 0`,

  rowList(columns, rows) {
    const { fixed, varying } = layOut(columns, rows)
    const values = [
      ...varying.map(({ name, kind }) => as(sql.ref(name), name, kind)),
      ...fixed.map(({ name, kind, value }) => as(sql`${value}::${sql.raw(TYPE[kind])}`, name, kind)),
    ]
    if (varying.length === 0) return sql`(select ${sql.join(values)})`

    const arrays = varying.map(({ kind, index }) => {
      const values = rows.map((row) => row[index] ?? null)
      return sql`${arrayLiteral(values)}::${sql.raw(TYPE[kind])}[]`
    })
    const names = varying.map(({ name }) => sql.ref(name))
    return sql`(select ${sql.join(values)} from unnest(${sql.join(arrays)}) as u (${sql.join(names)}))`
  },

  insertMissing: (table, columns, rows) =>
    sql`insert into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))}) ${rows} on conflict do nothing`,

  update({ table, rows, where, set, returning, isRelaxed = false }) {
    const answer =
      returning === undefined ? sql`` : sql`returning ${returning((name) => sql.ref(`o.${name}`))}`
    // Set for the transaction that the statement is in.
    const relaxed = isRelaxed
      ? sql`, (select set_config('synchronous_commit', 'off', true)) as relaxed`
      : sql``
    return sql`
      update ${sql.table(table)} as o set ${assignments(set)} from ${rows} as r ${relaxed} where ${where} ${answer}`
  },

  delete: ({ table, primaryKey, rows }) =>
    sql`delete from ${sql.table(table)} as o using ${rows} as r where ${isSameKey(primaryKey)}`,
}

/**
 * An array as PostgreSQL reads it. It escapes quotes and backslashes as JSON does, which is written several times as fast
 * as `pg` writes arrays; only control characters and half characters are written in another way.
 */
function arrayLiteral(values: readonly RowValue[]): unknown {
  const isPlain = values.every(
    (value) => typeof value !== 'string' || (value.isWellFormed() && !CONTROL.test(value)),
  )
  return isPlain ? `{${JSON.stringify(values).slice(1, -1)}}` : values
}

// oxlint-disable-next-line no-control-regex -- these are what it looks for
const CONTROL = /[\u0000-\u001f]/

/** Names and digests are given the collation of their columns: two collations could not be compared. */
function as(value: Piece, name: string, kind: keyof typeof TYPE): Piece {
  return kind === 'name' || kind === 'digest'
    ? sql`${value} collate "C" as ${sql.ref(name)}`
    : sql`${value} as ${sql.ref(name)}`
}
