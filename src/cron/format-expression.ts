import type { FieldItem } from './field.ts'
import type { ParsedExpression } from './parse-expression.ts'

/**
 * An expression in normal form: single blanks, numbers instead of names, nicknames and `H` written out, `?` as `*`.
 * Reading it gives the same expression.
 */
export function formatExpression(parsed: ParsedExpression): string {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek, year, bothDays } = parsed
  const fields = [minute, hour, dayOfMonth, month, dayOfWeek].map(formatField)
  if (bothDays) fields[4] = `+${fields[4]}`
  if (second !== undefined) fields.unshift(formatField(second))
  if (year !== undefined) fields.push(formatField(year))
  return fields.join(' ')
}

/** One field of an expression in normal form. */
function formatField(items: readonly FieldItem[]): string {
  return items.map(formatItem).join(',')
}

function formatItem({ kind, from, to, step }: FieldItem): string {
  if (kind === 'last') return from === 0 ? 'L' : `L-${from}`
  if (kind === 'workday') return from === 0 ? 'LW' : `${from}W`
  if (kind === 'nth') return `${from}#${to === 0 ? 'L' : to}`

  const values = kind === 'every' ? '*' : kind === 'range' ? `${from}-${to}` : String(from)
  return step === 0 ? values : `${values}/${step}`
}
