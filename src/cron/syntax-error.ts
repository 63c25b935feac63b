import { CronSyntaxError } from '../errors.ts'
import type { FieldName } from './field.ts'

/** How much of an expression a message repeats. */
const MAX_SHOWN = 80

/**
 * Something to say about one place in an expression:
 * `minute "75" is out of range 0-59 (position 0 of "75 * * * *")`.
 *
 * @param problem what is wrong, without the place
 * @param suggestion what would be right; it ends the message
 */
export function syntaxError(
  expression: string,
  position: number,
  field: FieldName | undefined,
  problem: string,
  suggestion?: string,
): CronSyntaxError {
  const place = `position ${position} of ${quote(expression)}`
  const message = `${problem} (${place})${suggestion === undefined ? '' : `: ${suggestion}`}`
  return new CronSyntaxError(message, { expression, field, position, suggestion })
}

/** The text in quotes, on one line, cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)
}
