import { compileDayRule, type DayRule } from './day-rule.ts'
import type { DstChoice } from './dst-rule.ts'
import { fieldMask } from './field-mask.ts'
import { HOUR, isStar, MINUTE, SECOND, type FieldItem } from './field.ts'
import type { ParsedExpression } from './parse-expression.ts'

/**
 * A compiled expression: one bit for each value of each field, in small integers, which the engine reads without
 * allocating anything.
 */
export interface Plan {
  /** Seconds 0-31 and 32-59. */
  readonly secondsLow: number
  readonly secondsHigh: number
  /** Minutes 0-31 and 32-59. */
  readonly minutesLow: number
  readonly minutesHigh: number
  readonly hours: number
  /** The hours that fire on both passes of an overlap, under the rule `auto`. */
  readonly repeatingHours: number
  readonly dst: DstChoice
  /** `undefined` for every day. */
  readonly days: DayRule | undefined
}

/** Compiles a parsed expression. */
export function compilePlan(parsed: ParsedExpression, dst: DstChoice): Plan {
  const { second, minute, hour } = parsed
  return {
    secondsLow: second === undefined ? 1 : fieldMask(second, SECOND.min),
    secondsHigh: second === undefined ? 0 : fieldMask(second, 32),
    minutesLow: fieldMask(minute, MINUTE.min),
    minutesHigh: fieldMask(minute, 32),
    hours: fieldMask(hour, HOUR.min),
    repeatingHours: repeatingHours(hour),
    dst,
    days: compileDayRule(parsed),
  }
}

/** The hours that fire when a clock change skips them. */
export function hoursInGap({ dst, hours, repeatingHours }: Plan): number {
  if (dst.gap === 'skip') return 0
  return dst.gap === 'shift' ? hours : hours & ~repeatingHours
}

/** The hours that fire on the second pass of an overlap. */
export function hoursOnSecondPass({ dst, hours, repeatingHours }: Plan): number {
  if (dst.overlap === 'first') return 0
  return dst.overlap === 'auto' ? repeatingHours : hours
}

/** The hours h of `*`, and of plain ranges a-b with a ≤ h < b. */
function repeatingHours(items: readonly FieldItem[]): number {
  if (isStar(items)) return fieldMask(items, HOUR.min)

  let mask = 0
  for (const { kind, from, to, step } of items) {
    if (kind === 'range' && step === 0) mask |= (1 << to) - (1 << from)
  }
  return mask
}
