import { fieldMask } from './field-mask.ts'
import { DAY_OF_MONTH, DAY_OF_WEEK, isStar, MONTH, YEAR, type FieldItem } from './field.ts'
import type { ParsedExpression } from './parse-expression.ts'

/** The days on which an expression fires, as bits. */
export interface DayRule {
  /** Bit 0 is the first day of a month. */
  readonly days: number
  /** Bit 0 is Sunday. */
  readonly weekdays: number
  /** Bit 0 is January. */
  readonly months: number
  /** A day matches when either day field does, rather than both. */
  readonly eitherDay: boolean
  /** Days that depend on the month; `undefined` for most expressions. */
  readonly special: SpecialDays | undefined
  /** Bit 0 of word 0 is 1970; `undefined` for every year. */
  readonly years: readonly number[] | undefined
}

/** The days of `L`, `W` and `#`. */
export interface SpecialDays {
  /** Bit n: n days before the last day of the month. */
  readonly fromEnd: number
  /** The day whose nearest working day matches: 0 for none, `LAST_WORKDAY` for the last one of the month. */
  readonly workday: number
  /** A mask of weekdays for each of the first to the fifth of the month, then for the last. */
  readonly nth: readonly number[]
}

/** More than any month has. */
export const LAST_WORKDAY = 32

export const ALL_WEEKDAYS = 0x7f
const ALL_DAYS = 0x7fffffff
const ALL_MONTHS = 0xfff

/** The rule of an expression; `undefined` when it fires every day. */
export function compileDayRule(parsed: ParsedExpression): DayRule | undefined {
  const { dayOfMonth, dayOfWeek } = parsed
  const days = fieldMask(dayOfMonth, DAY_OF_MONTH.min)
  // Sunday is bit 0, and bit 7 at the end of a range.
  const numbers = fieldMask(dayOfWeek, DAY_OF_WEEK.min)
  const weekdays = (numbers | (numbers >>> 7)) & ALL_WEEKDAYS
  const months = fieldMask(parsed.month, MONTH.min)
  const years = yearMasks(parsed.year)
  if (days === ALL_DAYS && weekdays === ALL_WEEKDAYS && months === ALL_MONTHS && years === undefined)
    return undefined

  const eitherDay = !parsed.bothDays && !isStar(dayOfMonth) && !isStar(dayOfWeek)
  return { days, weekdays, months, eitherDay, special: specialDays(dayOfMonth, dayOfWeek), years }
}

function specialDays(
  dayOfMonth: readonly FieldItem[],
  dayOfWeek: readonly FieldItem[],
): SpecialDays | undefined {
  let [fromEnd, workday] = [0, 0]
  for (const { kind, from } of dayOfMonth) {
    if (kind === 'last') fromEnd |= 1 << from
    if (kind === 'workday') workday = from === 0 ? LAST_WORKDAY : from
  }

  const nth = [0, 0, 0, 0, 0, 0]
  for (const { kind, from, to } of dayOfWeek) {
    if (kind === 'nth') nth[to === 0 ? 5 : to - 1]! |= 1 << from
  }
  return fromEnd === 0 && workday === 0 && nth.every((mask) => mask === 0)
    ? undefined
    : { fromEnd, workday, nth }
}

function yearMasks(items: readonly FieldItem[] | undefined): readonly number[] | undefined {
  if (items === undefined || isStar(items)) return undefined
  return Array.from({ length: 8 }, (_, word) => fieldMask(items, YEAR.min + word * 32))
}
