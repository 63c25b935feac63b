import {
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  HOUR,
  isStar,
  MINUTE,
  MONTH,
  SECOND,
  type FieldItem,
  type FieldSpec,
} from './field.ts'
import { fieldMask } from './field-mask.ts'
import { NEVER, nextInstant, nextLocal } from './next-instant.ts'
import type { ParsedExpression } from './parse-expression.ts'
import { hoursInGap, hoursOnSecondPass, type Plan } from './plan.ts'
import type { ZoneSpan } from './zone-span.ts'
import { END_INSTANT, FIRST_INSTANT, type ZoneTable } from './zone-table.ts'

/** Something about an expression that is valid, but may not be what its author thinks. */
export interface CronFinding {
  /**
   * - `never`: it fires at no time at all
   * - `ended`: it has fired, and does not any more
   * - `short-months`: some of its months lack some of its days
   * - `either-day`: both day fields are restricted, and either is enough
   * - `uneven-step`: the last interval of a step is shorter than the others
   * - `skipped-time`: a clock change skips a time that it names
   * - `repeated-time`: a clock change repeats a time that it names
   */
  readonly code:
    'never' | 'ended' | 'short-months' | 'either-day' | 'uneven-step' | 'skipped-time' | 'repeated-time'
  readonly message: string
  /** For a clock change: when it happens. */
  readonly at?: Date
}

/** What is diagnosed: an expression in all its forms. */
export interface Subject {
  readonly parsed: ParsedExpression
  readonly plan: Plan
  readonly zone: ZoneTable
  readonly timezone: string
}

/** How far ahead clock changes are looked for: about three years. */
const HORIZON_MS = 3 * 366 * 86_400_000

/** Everything worth saying about an expression, as of an instant. */
export function diagnose(subject: Subject, after: number): readonly CronFinding[] {
  const { plan, zone, parsed } = subject
  if (nextInstant(plan, zone, after) === NEVER) {
    if (nextInstant(plan, zone, FIRST_INSTANT) === NEVER) {
      return [{ code: 'never', message: 'never fires: there is no such date' }]
    }
    return [{ code: 'ended', message: 'does not fire any more: its last year is over' }]
  }
  return [
    ...daysOfShortMonths(parsed),
    ...eitherDay(parsed),
    ...unevenSteps(parsed),
    ...clockChanges(subject, after),
  ]
}

function daysOfShortMonths({ dayOfMonth, dayOfWeek, month }: ParsedExpression): readonly CronFinding[] {
  if (!isStar(dayOfWeek) || dayOfMonth.some(({ kind }) => kind !== 'value')) return []

  const days = dayOfMonth.map(({ from }) => from)
  const months = fieldMask(month, MONTH.min)
  const short = MONTH.words.filter(
    (_, i) => ((months >>> i) & 1) === 1 && days.some((day) => day > LONGEST[i]!),
  )
  if (short.length === 0) return []

  const day = Math.max(...days)
  return [
    {
      code: 'short-months',
      message: `does not fire on day ${day} of ${short.join(', ')}: there is no such date`,
    },
  ]
}

const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function eitherDay({ dayOfMonth, dayOfWeek, bothDays }: ParsedExpression): readonly CronFinding[] {
  if (bothDays || isStar(dayOfMonth) || isStar(dayOfWeek)) return []
  const message =
    'fires when the day of month or the day of week matches; write "+" before the day of week to ask for both'
  return [{ code: 'either-day', message }]
}

/** Steps over a whole field that don't divide it, so that they begin anew before their time. */
function unevenSteps(parsed: ParsedExpression): readonly CronFinding[] {
  const fields: readonly (readonly [FieldSpec, readonly FieldItem[] | undefined, string])[] = [
    [SECOND, parsed.second, 'minute'],
    [MINUTE, parsed.minute, 'hour'],
    [HOUR, parsed.hour, 'day'],
    [DAY_OF_MONTH, parsed.dayOfMonth, 'month'],
    [MONTH, parsed.month, 'year'],
    [DAY_OF_WEEK, parsed.dayOfWeek, 'week'],
  ]
  return fields.flatMap(([spec, items, period]) => {
    const uneven = items?.find(
      ({ kind, step }) => kind === 'every' && step > 1 && (spec.max - spec.min + 1) % step > 0,
    )
    if (uneven === undefined) return []

    const message = `${spec.name} */${uneven.step} begins anew with every ${period}: its last interval is shorter`
    return [{ code: 'uneven-step' as const, message }]
  })
}

/** The next clock change that skips, and the next one that repeats a time that the expression names. */
function clockChanges({ parsed, plan, zone, timezone }: Subject, after: number): readonly CronFinding[] {
  // An expression for every hour is about elapsed time.
  if (isStar(parsed.hour)) return []

  let skipped: CronFinding | undefined
  let repeated: CronFinding | undefined
  let at = Math.max(after, FIRST_INSTANT)
  const end = Math.min(after + HORIZON_MS, END_INSTANT)
  while (at < end && (skipped === undefined || repeated === undefined)) {
    const span = zone.spanAt(at)
    const segment = span.segmentAt(at)
    if (span.start(segment) > after) {
      skipped ??= skippedTime(plan, span, segment, timezone)
      repeated ??= repeatedTime(plan, span, segment, timezone)
    }
    at = span.end(segment)
  }
  return [skipped, repeated].filter((finding) => finding !== undefined)
}

function skippedTime(plan: Plan, span: ZoneSpan, segment: number, timezone: string): CronFinding | undefined {
  const start = span.start(segment)
  const endOfGap = start + span.offset(segment)
  const local = nextLocal(plan, plan.hours, start + span.offsetBefore(segment) - 1)
  if (local >= endOfGap) return undefined

  const isMadeUp = nextLocal(plan, hoursInGap(plan), local - 1) === local
  const length = span.offset(segment) - span.offsetBefore(segment)
  const moved = plan.dst.gap === 'shift' ? local + length : endOfGap
  const effect = isMadeUp ? `it fires at ${wallTime(moved)} instead` : 'it does not fire'
  const message = `${wallTime(local)} does not exist in ${timezone}: ${effect}`
  return { code: 'skipped-time', message, at: new Date(start) }
}

function repeatedTime(
  plan: Plan,
  span: ZoneSpan,
  segment: number,
  timezone: string,
): CronFinding | undefined {
  const start = span.start(segment)
  const endOfOverlap = start + span.offsetBefore(segment)
  const local = nextLocal(plan, plan.hours, start + span.offset(segment) - 1)
  if (local >= endOfOverlap) return undefined

  const isSecond = nextLocal(plan, hoursOnSecondPass(plan), local - 1) === local
  const effect = isSecond
    ? plan.dst.overlap === 'last'
      ? 'on the second pass'
      : 'on both passes'
    : 'on the first pass'
  const message = `${wallTime(local)} comes twice in ${timezone}: it fires ${effect}`
  return { code: 'repeated-time', message, at: new Date(start) }
}

/** A local time as `2026-03-29 02:30`. */
function wallTime(local: number): string {
  return new Date(local).toISOString().slice(0, 16).replace('T', ' ')
}
