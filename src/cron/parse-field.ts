import { DAY_OF_MONTH, DAY_OF_WEEK, YEAR, type FieldItem, type FieldSpec } from './field.ts'
import type { FieldScanner } from './field-scanner.ts'
import { stableHash } from './stable-hash.ts'

/** What a field may use besides the standard syntax. */
export interface Dialect {
  readonly extended: boolean
  /** What `H` is derived from. */
  readonly seed: string | undefined
}

/**
 * The items of one field.
 *
 * ```
 * field = '*' | '?' | item { ',' item }
 * item  = '*' '/' n | value [ '-' value ] [ '/' n ]       the standard syntax
 *       | 'H' [ '(' value '-' value ')' ] [ '/' n ]       extended, any field but the year
 *       | 'L' [ '-' n ] | 'LW' | n 'W'                    extended, day of month
 *       | value '#' n | value '#' 'L' | value 'L'         extended, day of week
 * ```
 *
 * `?` is for the day fields of the extended syntax; `LW` and `nW` stand alone.
 *
 * @throws {CronSyntaxError} at the first thing that is wrong
 */
export function parseField(scanner: FieldScanner, dialect: Dialect): readonly FieldItem[] {
  const items: FieldItem[] = []
  for (;;) {
    scanner.startItem()
    const item = parseItem(scanner, dialect)
    const isLast = scanner.isAtEnd
    if (!isLast && !scanner.takes(',')) throw scanner.unexpected()

    items.push(item)
    const standsAlone = item.kind === 'workday' || (item.kind === 'every' && item.step === 0)
    if (standsAlone && (items.length > 1 || !isLast)) throw scanner.fault('stands alone, never in a list')
    if (isLast) return items
  }
}

function parseItem(scanner: FieldScanner, dialect: Dialect): FieldItem {
  const { spec } = scanner
  if (scanner.takes('*'))
    return scanner.sees('/') ? stepped(scanner, 'every', spec.min, spec.max) : spec.star[0]!
  if (dialect.extended) {
    const isDay = spec === DAY_OF_MONTH || spec === DAY_OF_WEEK
    if (isDay && scanner.takes('?')) return spec.star[0]!
    if (spec !== YEAR && scanner.takes('H')) return parseHashed(scanner, dialect.seed)
    if (spec === DAY_OF_MONTH && scanner.takes('L')) return parseLast(scanner)
  }

  const from = scanner.value()
  if (scanner.takes('-')) return parseRange(scanner, from)
  if (scanner.sees('/')) return stepped(scanner, 'rest', fold(from, spec), spec.max)
  const special = dialect.extended ? parseSpecialDay(scanner, from) : undefined
  return special ?? item('value', fold(from, spec))
}

function parseRange(scanner: FieldScanner, from: number): FieldItem {
  const to = scanner.value()
  if (from <= to) return stepped(scanner, 'range', from, to)

  const { min, max } = scanner.spec
  throw scanner.fault('runs backwards', `write "${span(from, max)},${span(min, to)}"`)
}

/** An item with the step that follows, if one does. */
function stepped(scanner: FieldScanner, kind: FieldItem['kind'], from: number, to: number): FieldItem {
  return item(kind, from, to, scanner.takes('/') ? parseStep(scanner) : 0)
}

function parseStep(scanner: FieldScanner): number {
  const { name, max } = scanner.spec
  return scanner.numberWithin(1, max, `${name} step`)
}

/** What follows `H`: one value, or one phase of a step, that the seed chooses. */
function parseHashed(scanner: FieldScanner, seed: string | undefined): FieldItem {
  const { spec } = scanner
  if (seed === undefined) {
    throw scanner.fault('needs a seed', 'give the schedule a key, or pass the option seed')
  }

  const [from, to] = scanner.takes('(') ? parseBounds(scanner) : [spec.min, spec.maxHashed]
  const count = to - from + 1
  if (!scanner.takes('/')) return item('value', fold(from + stableHash(seed, spec.name, count), spec))

  const step = parseStep(scanner)
  if (step > count) throw scanner.fault(`has a step longer than ${span(from, to)}`)
  return item('range', from + stableHash(seed, spec.name, step), to, step)
}

function parseBounds(scanner: FieldScanner): readonly [from: number, to: number] {
  const from = scanner.value()
  if (!scanner.takes('-')) throw scanner.unexpected('write "H(a-b)"')
  const to = scanner.value()
  if (!scanner.takes(')')) throw scanner.unexpected('write "H(a-b)"')
  if (from > to) throw scanner.fault('runs backwards')
  return [from, to]
}

/** What follows `L` in the day of month: `L`, `L-n` or `LW`. */
function parseLast(scanner: FieldScanner): FieldItem {
  if (scanner.takes('W')) return item('workday', 0)
  return item('last', scanner.takes('-') ? scanner.numberWithin(1, 30, 'day of month "L-n" with n') : 0)
}

/** What may follow a day and make it depend on the month. */
function parseSpecialDay(scanner: FieldScanner, day: number): FieldItem | undefined {
  const { spec } = scanner
  if (spec === DAY_OF_MONTH) return scanner.takes('W') ? item('workday', day) : undefined
  if (spec !== DAY_OF_WEEK) return undefined

  const weekday = fold(day, spec)
  if (scanner.takes('L')) return item('nth', weekday, 0)
  if (!scanner.takes('#')) return undefined
  if (scanner.takes('L')) return item('nth', weekday, 0)
  return item(
    'nth',
    weekday,
    scanner.numberWithin(1, 5, 'day of week "d#n" with n', 'write "d#L" for the last'),
  )
}

function item(kind: FieldItem['kind'], from: number, to = from, step = 0): FieldItem {
  return { kind, from, to, step }
}

/** 7 in the day of week is 0. */
function fold(value: number, spec: FieldSpec): number {
  return value > spec.max ? spec.min : value
}

function span(from: number, to: number): string {
  return from === to ? String(from) : `${from}-${to}`
}
