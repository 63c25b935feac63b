import type { CronExpression } from '../../cron/index.ts'
import { instantsText } from './instants-text.ts'
import type { Style } from './style.ts'

/** What there is to say about an expression: in words, when it fires, and what its author may not have thought of. */
export function expressionText(
  expression: CronExpression,
  instants: readonly Date[],
  now: number,
  style: Style,
): string {
  const lines = instantsText(instants, expression.timezone, now, style).split('\n')
  const noted = lines.map((line, i) => line + noteOf(expression, instants[i], style))
  const parts = [style.bold(expression.describe()), noted.join('\n'), findingsText(expression, now)]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** What the author of an expression may not have thought of; empty when there is nothing. */
export function findingsText(expression: CronExpression, now: number): string {
  return expression
    .diagnose(now)
    .map(({ message }) => `Note: ${message}.`)
    .join('\n')
}

/** What a clock change did to one instant. */
function noteOf(expression: CronExpression, instant: Date | undefined, style: Style): string {
  const occurrence = instant && expression.occurrenceAt(instant)
  if (occurrence === undefined) return ''

  const { shiftedMs, secondPass } = occurrence
  if (shiftedMs > 0) return style.dim('  moved by a clock change')
  return secondPass ? style.dim('  repeated by a clock change') : ''
}
