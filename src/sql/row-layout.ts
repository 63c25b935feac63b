import type { RowColumns, RowValue } from './flavor.ts'

/** A column of a row list, and where it is in the rows. */
export interface LaidColumn {
  readonly name: string
  readonly kind: RowColumns[string]
  readonly index: number
}

/** How a list of rows is best passed to a database. */
export interface RowLayout {
  /** Columns that have the same value in all rows, which is passed once: of rows that belong together most are. */
  readonly fixed: readonly (LaidColumn & { readonly value: RowValue })[]
  /** The others. At least one, unless there is only one row. */
  readonly varying: readonly LaidColumn[]
}

/** Finds what is the same in all rows. */
export function layOut(columns: RowColumns, rows: readonly (readonly RowValue[])[]): RowLayout {
  const fixed: RowLayout['fixed'][number][] = []
  const varying: LaidColumn[] = []
  const laid = Object.entries(columns).map(([name, kind], index): LaidColumn => ({ name, kind, index }))
  for (const column of laid) {
    const { index } = column
    const value = rows[0]?.[index] ?? null
    const isFixed = rows.length > 0 && rows.every((row) => row[index] === value)
    if (isFixed) fixed.push({ ...column, value })
    else varying.push(column)
  }
  // Something has to tell how many rows there are.
  if (varying.length === 0 && rows.length !== 1) varying.push(fixed.shift() ?? laid[0]!)
  return { fixed, varying }
}
