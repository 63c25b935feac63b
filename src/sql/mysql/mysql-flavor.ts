import { sql } from 'kysely'
import { assignments, isSameKey, type Flavor, type Piece } from '../flavor.ts'
import { layOut } from '../row-layout.ts'

/**
 * MySQL and MariaDB.
 */
export function mysqlFlavor(isMariadb: boolean): Flavor {
  const collation = isMariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
  // Not varchar: what is longer than it would be cut short in silence, and be another name.
  const text = `longtext character set utf8mb4 collate ${collation}`
  const digest = 'varchar(27) character set ascii collate ascii_bin'
  const type = { integer: 'bigint', name: text, digest, text }
  return {
    kind: 'mysql',
    returns: false,
    collation,
    // By way of UTC: local time says two things in the hour before the clocks go back.
    clockQuery: sql`select timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000 as now`,
    forUpdate: sql`for update`,
    forUpdateSkipLocked: sql`for update skip locked`,
    // MariaDB does not know `for share`, and MySQL still knows this.
    forShare: sql`lock in share mode`,
    forShareSkipLocked: isMariadb ? sql`lock in share mode skip locked` : sql`for share skip locked`,

    findTable: (_, name) => sql`
      select 1 from information_schema.tables where table_schema = database() and table_name = ${name}`,
    afterwards: (condition) => condition,
    lookUp,
    byIndex: (_, whole) => sql`force index (${sql.ref(whole)})`,
    integer: (value) => sql`${value}`,
    text: (value) => sql`${value}`,
    greater: (a, b) => sql`greatest(${a}, ${b})`,
    contains: (column, text) => sql`locate(lower(${text}), lower(${column})) > 0`,

    rowList(columns, rows) {
      const { fixed, varying } = layOut(columns, rows)
      const constants = fixed.map(({ name, kind, value }) =>
        // The type that the value would have in a column.
        kind === 'integer'
          ? sql`cast(${value} as signed) as ${sql.ref(name)}`
          : kind === 'digest'
            ? sql`cast(${value} as char character set ascii) collate ascii_bin as ${sql.ref(name)}`
            : sql`cast(${value} as char character set utf8mb4) collate ${sql.raw(collation)} as ${sql.ref(name)}`,
      )
      if (varying.length === 0) return sql`(select ${sql.join(constants)})`

      const names = varying.map(({ name }) => sql.ref(name))
      const parts = varying.map(
        ({ name, kind }, i) => sql`${sql.ref(name)} ${sql.raw(`${type[kind]} path '$[${i}]'`)}`,
      )
      const list = JSON.stringify(rows.map((row) => varying.map(({ index }) => row[index])))
      return sql`(
        select ${sql.join([...names, ...constants])}
        from json_table(${list}, '$[*]' columns (${sql.join(parts)})) as u)`
    },

    insertMissing: (table, columns, rows) =>
      sql`insert ignore into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))}) ${rows}`,

    update: ({ table, rows, where, set }) =>
      sql`update ${rows} as r ${lookUp(table, 'o', 'primary')} on ${where} set ${assignments(set, 'o.')}`,

    delete: ({ table, primaryKey, rows }) =>
      sql`delete o from ${rows} as r ${lookUp(table, 'o', 'primary')} on ${isSameKey(primaryKey)}`,
  }
}

/** Left to itself, MariaDB walks a small table from end to end, and waits for whoever holds any of its rows. */
function lookUp(table: string, alias: string, index: string): Piece {
  return sql`straight_join ${sql.table(table)} as ${sql.ref(alias)} force index (${sql.ref(index)})`
}
