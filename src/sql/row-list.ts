import { sql, type RawBuilder } from 'kysely'

/** A value of a row list; JSON carries all of them unchanged. */
export type RowValue = number | string | null

/**
 * Rows of values as a table that a query can select from, passed as one single parameter, however many they are:
 * neither the text of the statement nor the number of its parameters grows with them.
 *
 * The columns come out as `c0`, `c1`, … in the order of the values.
 */
export function rowList(rows: readonly (readonly RowValue[])[], width: number): RawBuilder<unknown> {
  const columns = Array.from({ length: width }, (_, i) => sql.raw(`value ->> ${i} as c${i}`))
  return sql`(select ${sql.join(columns)} from json_each(${JSON.stringify(rows)}))`
}
