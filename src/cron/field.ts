/** The parts of an expression, in the order in which they are written. */
export type FieldName = 'second' | 'minute' | 'hour' | 'day of month' | 'month' | 'day of week' | 'year'

/** What a field may hold. */
export interface FieldSpec {
  readonly name: FieldName
  readonly min: number
  /** The largest value, and the largest step. */
  readonly max: number
  /** The largest number that may be written: 7 is Sunday too. */
  readonly maxWritten: number
  /** Three-letter names; the first stands for `min`. */
  readonly words: readonly string[]
  /** The largest value that `H` alone chooses. */
  readonly maxHashed: number
  /** What `*` is read as, one for all. */
  readonly star: readonly FieldItem[]
}

/** What one item of a field's list stands for. */
type ItemKind =
  /** `*`, with or without a step */
  | 'every'
  /** `a` */
  | 'value'
  /** `a-b`, with or without a step */
  | 'range'
  /** `a/n`: `from` to the field's maximum */
  | 'rest'
  /** `L` and `L-n`: `from` days before the last day of the month */
  | 'last'
  /** `nW`: the working day nearest to day `from`; 0 for `LW` */
  | 'workday'
  /** `d#n`: the `to`th weekday `from` of the month; 0 for the last */
  | 'nth'

/** One item of a list. `step` is 0 where none is written, because a written step of 1 makes a difference. */
export interface FieldItem {
  readonly kind: ItemKind
  readonly from: number
  readonly to: number
  readonly step: number
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

export const SECOND = spec('second', 0, 59)
export const MINUTE = spec('minute', 0, 59)
export const HOUR = spec('hour', 0, 23)
/** `H` keeps to days that every month has. */
export const DAY_OF_MONTH = spec('day of month', 1, 31, { maxHashed: 28 })
export const MONTH = spec('month', 1, 12, { words: MONTHS })
export const DAY_OF_WEEK = spec('day of week', 0, 6, { words: WEEKDAYS, maxWritten: 7 })
export const YEAR = spec('year', 1970, 2199)

/** Whether the field is literally `*`. Any step makes it a restriction, even a step of 1. */
export function isStar(items: readonly FieldItem[]): boolean {
  return items.length === 1 && items[0]!.kind === 'every' && items[0]!.step === 0
}

function spec(name: FieldName, min: number, max: number, more: Partial<FieldSpec> = {}): FieldSpec {
  const star = [{ kind: 'every', from: min, to: max, step: 0 } as const]
  return { name, min, max, maxWritten: max, words: [], maxHashed: max, star, ...more }
}
