import { CronSyntaxError } from '../errors.ts'
import {
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  HOUR,
  MINUTE,
  MONTH,
  SECOND,
  YEAR,
  type FieldItem,
  type FieldSpec,
} from './field.ts'
import { FieldScanner } from './field-scanner.ts'
import { isNickname, readNickname } from './nickname.ts'
import { parseField, type Dialect } from './parse-field.ts'
import { quote, syntaxError } from './syntax-error.ts'

/**
 * How an expression is read. `standard` is the five fields of crontab(5); `extended` adds seconds, years, nicknames,
 * `?`, `+`, `L`, `W`, `#` and `H`.
 */
export type CronSyntax = 'standard' | 'extended'

/** An expression as a tree: what was written, with `H` and nicknames resolved. */
export interface ParsedExpression {
  /** `undefined` when there is no such field: second 0. */
  readonly second: readonly FieldItem[] | undefined
  readonly minute: readonly FieldItem[]
  readonly hour: readonly FieldItem[]
  readonly dayOfMonth: readonly FieldItem[]
  readonly month: readonly FieldItem[]
  readonly dayOfWeek: readonly FieldItem[]
  /** `undefined` when there is no such field: every year. */
  readonly year: readonly FieldItem[] | undefined
  /** A `+` before the day of week: both day fields must match. */
  readonly bothDays: boolean
}

/** Longer texts are refused unread, so that no text takes long. */
export const MAX_LENGTH = 1024

/**
 * Reads an expression, all fields at once.
 *
 * @param text anything; what is not a string is an error like any other
 * @param seed what `H` is derived from
 * @throws {CronSyntaxError} with field and position of the first fault
 */
export function parseExpression(text: unknown, syntax: CronSyntax, seed?: string): ParsedExpression {
  if (typeof text !== 'string') throw notText(text)
  if (text.length > MAX_LENGTH) throw tooLong(text)

  const extended = syntax === 'extended'
  if (!extended || !isNickname(text)) return parseFields(text, { extended, seed })
  return parseFields(readNickname(text), { extended, seed })
}

function parseFields(text: string, dialect: Dialect): ParsedExpression {
  const bounds = fieldBounds(text)
  const count = bounds.length / 2
  if (count !== 5 && !(dialect.extended && (count === 6 || count === 7)))
    throw wrongCount(text, bounds, dialect)

  const first = count === 5 ? 0 : 1
  const bothDays = dialect.extended && isPlus(text, bounds[first * 2 + 8]!, bounds[first * 2 + 9]!)
  return {
    second: count === 5 ? undefined : readField(text, bounds, 0, SECOND, dialect),
    minute: readField(text, bounds, first, MINUTE, dialect),
    hour: readField(text, bounds, first + 1, HOUR, dialect),
    dayOfMonth: readField(text, bounds, first + 2, DAY_OF_MONTH, dialect),
    month: readField(text, bounds, first + 3, MONTH, dialect),
    dayOfWeek: readField(text, bounds, first + 4, DAY_OF_WEEK, dialect, bothDays ? 1 : 0),
    year: count === 7 ? readField(text, bounds, 6, YEAR, dialect) : undefined,
    bothDays,
  }
}

function readField(
  text: string,
  bounds: readonly number[],
  index: number,
  spec: FieldSpec,
  dialect: Dialect,
  skip = 0,
): readonly FieldItem[] {
  const start = bounds[index * 2]! + skip
  const end = bounds[index * 2 + 1]!
  if (end === start + 1 && text.charCodeAt(start) === STAR) return spec.star
  return parseField(new FieldScanner(text, start, end, spec), dialect)
}

const STAR = '*'.charCodeAt(0)

/** Where each field begins and ends: begin, end, begin, end … */
function fieldBounds(text: string): readonly number[] {
  const bounds: number[] = []
  let inside = false
  for (let at = 0; at < text.length; at++) {
    if (isBlank(text.charCodeAt(at)) !== inside) continue
    bounds.push(at)
    inside = !inside
  }
  if (inside) bounds.push(text.length)
  return bounds
}

/** Space, tab, newline, vertical tab, form feed, carriage return. */
function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** `+` with something behind it, other than `?`, which stands alone. */
function isPlus(text: string, start: number, end: number): boolean {
  return text[start] === '+' && end > start + 1 && text[start + 1] !== '?'
}

function notText(value: unknown): CronSyntaxError {
  const kind = value === null ? 'null' : typeof value
  const message = `a cron expression is text, not ${kind}`
  return new CronSyntaxError(message, {
    expression: '',
    position: 0,
    suggestion: 'pass a string such as "0 * * * *"',
  })
}

function tooLong(text: string): CronSyntaxError {
  const problem = `an expression has at most ${MAX_LENGTH} characters, not ${text.length}`
  return syntaxError(text, MAX_LENGTH, undefined, problem)
}

function wrongCount(text: string, bounds: readonly number[], { extended }: Dialect): CronSyntaxError {
  const count = bounds.length / 2
  const wanted = extended ? '5, 6 or 7 fields' : 'exactly 5 fields'
  const most = extended ? 7 : 5
  const position = count > most ? bounds[most * 2]! : text.length
  const order = `${extended ? '[second] ' : ''}minute hour day-of-month month day-of-week${extended ? ' [year]' : ''}`
  return syntaxError(
    text,
    position,
    undefined,
    `an expression has ${wanted}, not ${count}`,
    suggestionFor(text, order),
  )
}

function suggestionFor(text: string, order: string): string {
  return text.trimStart().startsWith('@')
    ? `nicknames such as ${quote('@daily')} are extended syntax`
    : `write ${order}`
}
