import type { DstChoice } from './dst-rule.ts'
import {
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  HOUR,
  MINUTE,
  MONTH,
  SECOND,
  YEAR,
  isStar,
  type FieldItem,
} from './field.ts'
import type { ParsedExpression } from './parse-expression.ts'

/**
 * A compiled expression: one bit for each value of each field, in small integers that the engine keeps without boxing.
 * The daylight saving rule is compiled as well, into the hours that it applies to.
 */
export interface Plan {
  /** Seconds 0-31 and 32-59. */
  readonly secondsLow: number
  readonly secondsHigh: number
  /** Minutes 0-31 and 32-59. */
  readonly minutesLow: number
  readonly minutesHigh: number
  readonly hours: number
  /** Whether the first pass of an overlap fires. */
  readonly firstPass: boolean
  /** The hours that fire on the second pass of an overlap. */
  readonly secondPassHours: number
  /** The hours that fire although a gap skips them. */
  readonly gapHours: number
  /** Where they fire: at the end of the gap, or shifted by its length. */
  readonly gapAtEnd: boolean
  /** The first second of an hour that matches, and the last one. */
  readonly firstInHour: number
  readonly lastInHour: number
  /** Bit 0 is the first day of a month. */
  readonly days: number
  /** Bit 0 is January. */
  readonly months: number
  /** Bit 0 is Sunday. */
  readonly weekdays: number
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
  /** The day whose nearest working day matches: 0 for none, 32 for the last day of the month. */
  readonly workday: number
  /** A mask of weekdays for each of the first to the fifth of the month, then for the last. */
  readonly nth: readonly number[]
}

const LAST_WORKDAY = 32

/** Compiles a parsed expression. */
export function compilePlan(parsed: ParsedExpression, dst: DstChoice): Plan {
  const second = parsed.second
  const secondsLow = second === undefined ? 1 : maskOf(second, SECOND.min)
  const secondsHigh = second === undefined ? 0 : maskOf(second, 32)
  const minutesLow = maskOf(parsed.minute, MINUTE.min)
  const minutesHigh = maskOf(parsed.minute, 32)

  const hours = maskOf(parsed.hour, HOUR.min)
  const repeating = repeatingHours(parsed.hour)
  const secondPass = { auto: repeating, first: 0, last: hours, both: hours }[dst.overlap]
  const inGap = { shift: hours, after: hours & ~repeating, skip: 0 }[dst.gap]

  const weekdays = maskOf(parsed.dayOfWeek, DAY_OF_WEEK.min)
  const restricted = !isStar(parsed.dayOfMonth) && !isStar(parsed.dayOfWeek)
  return {
    secondsLow,
    secondsHigh,
    minutesLow,
    minutesHigh,
    hours,
    firstPass: dst.overlap !== 'last',
    secondPassHours: secondPass,
    gapHours: inGap,
    gapAtEnd: dst.gap === 'after',
    firstInHour: lowest(minutesLow, minutesHigh) * 60 + lowest(secondsLow, secondsHigh),
    lastInHour: highest(minutesLow, minutesHigh) * 60 + highest(secondsLow, secondsHigh),
    days: maskOf(parsed.dayOfMonth, DAY_OF_MONTH.min),
    months: maskOf(parsed.month, MONTH.min),
    // Sunday is written 0 or 7.
    weekdays: (weekdays | (weekdays >>> 7)) & 0x7f,
    eitherDay: restricted && !parsed.bothDays,
    special: specialDays(parsed),
    years: yearMasks(parsed.year),
  }
}

/** The values of a field from `base` to `base + 31`, as bits. */
function maskOf(items: readonly FieldItem[], base: number): number {
  let mask = 0
  for (const { kind, from, to, step } of items) {
    if (kind === 'last' || kind === 'workday' || kind === 'nth') continue
    const stride = step === 0 ? 1 : step
    // Counted from the item's own beginning, so that a step keeps its phase across words.
    const skipped = Math.max(0, Math.ceil((base - from) / stride))
    for (let value = from + skipped * stride; value <= to && value < base + 32; value += stride)
      mask |= 1 << (value - base)
  }
  return mask
}

/** The hours h of `*`, and of plain ranges a-b with a ≤ h < b. */
function repeatingHours(items: readonly FieldItem[]): number {
  if (isStar(items)) return maskOf(items, HOUR.min)
  const ranges = items.filter(({ kind, step }) => kind === 'range' && step === 0)
  return ranges.reduce((mask, { from, to }) => mask | ((1 << to) - (1 << from)), 0)
}

function specialDays({ dayOfMonth, dayOfWeek }: ParsedExpression): SpecialDays | undefined {
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
  return Array.from({ length: 8 }, (_, word) => maskOf(items, YEAR.min + word * 32))
}

/** The lowest of sixty bits in two words. */
function lowest(low: number, high: number): number {
  return low === 0 ? 63 - Math.clz32(high & -high) : 31 - Math.clz32(low & -low)
}

/** The highest of sixty bits in two words. */
function highest(low: number, high: number): number {
  return high === 0 ? 31 - Math.clz32(low) : 63 - Math.clz32(high)
}
