import { sql, type RawBuilder } from 'kysely'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece, RowColumns, RowValue } from '../sql/flavor.ts'

/** The columns of a list of occurrences. */
export const REF_COLUMNS = { schedule_id: 'integer', generation: 'integer', nominal_at: 'integer' } as const

/** The condition that the occurrence `o` is that of the row `r`. */
export const IS_REF: RawBuilder<boolean> = sql`
  o.schedule_id = r.schedule_id and o.nominal_at = r.nominal_at and o.generation = r.generation`

/**
 * The attempt that a message of the occurrence `o` says. It rises by one when the occurrence begins, and when it is told to
 * wait for its turn; so each message is answered once, and what follows has a name of its own.
 */
export const SENT_ATTEMPT: Piece = sql`(o.attempt + o.waits)`

/** Occurrences as the table `r`, with more columns as needed. */
export function refList(
  flavor: Flavor,
  refs: readonly OccurrenceRef[],
  columns: RowColumns = {},
  valuesOf: (index: number) => readonly RowValue[] = () => [],
): Piece {
  const rows = refs.map((ref, i) => {
    const row: RowValue[] = [ref.scheduleId, ref.generation, ref.nominalAt]
    row.push(...valuesOf(i))
    return row
  })
  rows.sort(byPrimaryKey)
  return flavor.rowList({ ...REF_COLUMNS, ...columns }, rows)
}

/** All lists are in one order, so that two who lock rows of both seldom wait for each other in a ring. */
function byPrimaryKey(a: readonly RowValue[], b: readonly RowValue[]): number {
  return difference(a[0], b[0]) || difference(a[2], b[2]) || difference(a[1], b[1])
}

function difference(a: RowValue | undefined, b: RowValue | undefined): number {
  return (a as number) - (b as number)
}

export function toRef(row: { schedule_id: number; generation: number; nominal_at: number }): OccurrenceRef {
  return { scheduleId: row.schedule_id, generation: row.generation, nominalAt: row.nominal_at }
}

/** The identity alone. */
export function refOf({ scheduleId, generation, nominalAt }: OccurrenceRef): OccurrenceRef {
  return { scheduleId, generation, nominalAt }
}
