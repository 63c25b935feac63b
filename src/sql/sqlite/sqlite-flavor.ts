import { sql, type RawBuilder } from 'kysely'
import { assignments, type Flavor } from '../flavor.ts'
import { layOut } from '../row-layout.ts'

const NOTHING = sql``

/** SQLite: whoever writes has the whole database, so no row needs a lock of its own. */
export const sqliteFlavor: Flavor = {
  kind: 'sqlite',
  returns: true,
  clockQuery: sql`select cast(unixepoch('subsec') * 1000 as integer) as now`,
  forUpdate: NOTHING,
  forUpdateSkipLocked: NOTHING,
  forShare: NOTHING,
  forShareSkipLocked: NOTHING,

  findTable: (_, name) => sql`select 1 from sqlite_schema where type = 'table' and name = ${name}`,
  afterwards: (condition) => condition,
  // To SQLite, the order of a cross join is an order.
  lookUp: (table, alias, _, partial) => {
    const index = partial === undefined ? NOTHING : sql`indexed by ${sql.ref(partial)}`
    return sql`cross join ${sql.table(table)} as ${sql.ref(alias)} ${index}`
  },
  byIndex: (partial) => sql`indexed by ${sql.ref(partial)}`,
  integer: (value) => sql`${value}`,
  text: (value) => sql`${value}`,
  greater: (a, b) => sql`max(${a}, ${b})`,
  contains: (column, text) => sql`instr(lower(${column}), lower(${text})) > 0`,

  rowList(columns, rows) {
    const { fixed, varying } = layOut(columns, rows)
    const constants = fixed.map(({ name, value }) => sql`${value} as ${sql.ref(name)}`)
    if (varying.length === 0) return sql`(select ${sql.join(constants)})`

    const [only] = varying
    // A list of plain values is taken apart several times as fast as one of rows.
    const isPlain = varying.length === 1
    const values = isPlain
      ? [sql`value as ${sql.ref(only!.name)}`]
      : varying.map(({ name }, i) => sql`value ->> ${sql.lit(i)} as ${sql.ref(name)}`)
    const list = rows.map((row) => (isPlain ? row[only!.index] : varying.map(({ index }) => row[index])))
    return sql`(select ${sql.join([...values, ...constants])} from json_each(${JSON.stringify(list)}))`
  },

  insertMissing: (table, columns, rows) => sql`
    insert or ignore into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))}) ${rows}`,

  update({ table, rows, where, set, returning }) {
    // Here it knows neither aliases nor the list.
    const answer = returning === undefined ? NOTHING : sql`returning ${returning((name) => sql.ref(name))}`
    return sql`update ${sql.table(table)} as o set ${assignments(set)} from ${rows} as r where ${where} ${answer}`
  },

  delete({ table, primaryKey, rows }) {
    const columns: RawBuilder<unknown> = sql.join(primaryKey.map((name) => sql.ref(name)))
    return sql`delete from ${sql.table(table)} where (${columns}) in (select ${columns} from ${rows} as r)`
  },
}
