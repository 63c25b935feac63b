import stringWidth from 'string-width'
import type { Style } from './style.ts'
import { oneLine } from './visible.ts'

const GAP = '  '
/** A last column that has less room than this is left to the terminal to wrap. */
const NARROWEST = 20

/** Rows under a heading, without lines; on a screen, the last column, plain text, is cut where the screen ends. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  const visible = rows.map((row) => row.map(oneLine))
  const cut = cutLast(head, visible, style.columns)
  return columns([head.map((title) => style.bold(title)), ...cut])
}

/** What belongs to one thing: names on the left, indented. */
export function properties(
  pairs: readonly (readonly [name: string, value: string | undefined])[],
  style: Style,
): string {
  const rows = pairs.flatMap(([name, value]) =>
    value === undefined ? [] : [[`  ${style.dim(name)}`, value]],
  )
  return columns(rows)
}

/** Rows in columns, as wide as they need to be. A cell is one line, whatever is in it. */
export function columns(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(oneLine))
  const widths = widthsOf(rows)
  return rows
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column]!))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n')
}

function cutLast(head: readonly string[], rows: readonly (readonly string[])[], screen: number | undefined) {
  const last = head.length - 1
  const others = widthsOf([head, ...rows].map((row) => row.slice(0, last)))
  const room = (screen ?? Infinity) - others.reduce((sum, width) => sum + width + GAP.length, 0)
  if (room === Infinity || room < NARROWEST) return rows
  return rows.map((row) => row.with(last, shorten(row[last] ?? '', room)))
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell))
  }
  return widths
}

/** Padded to a width in columns of the screen: letters may take two of them, and colours take none. */
function padded(cell: string, width: number): string {
  return cell + ' '.repeat(width - stringWidth(cell))
}

/** The text, cut at its end with an ellipsis when it is longer than `length`. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
