import { ALL_WEEKDAYS, LAST_WORKDAY, type DayRule, type SpecialDays } from './day-rule.ts'
import { DAY_COUNT, MONTH_COUNT, monthLength, monthOf, monthStart, weekdayOf } from './month-table.ts'

/** No such day. */
export const NO_DAY = -1

/** The first matching day from `day` on, inclusive, or `NO_DAY`. */
export function dayFrom(rule: DayRule | undefined, day: number): number {
  if (day >= DAY_COUNT) return NO_DAY
  const first = day < 0 ? 0 : day
  if (rule === undefined) return first

  let month = monthOf(first)
  let days = hasMonth(rule, month) ? daysOf(rule, month) & (-1 << (first - monthStart(month))) : 0
  while (days === 0) {
    month = nextMonth(rule, month)
    if (month >= MONTH_COUNT) return NO_DAY
    days = daysOf(rule, month)
  }
  return monthStart(month) + lowestBit(days)
}

/** The last matching day up to `day`, inclusive, or `NO_DAY`. */
export function dayUpTo(rule: DayRule | undefined, day: number): number {
  if (day < 0) return NO_DAY
  const last = day < DAY_COUNT ? day : DAY_COUNT - 1
  if (rule === undefined) return last

  let month = monthOf(last)
  let days = hasMonth(rule, month) ? daysOf(rule, month) & (-1 >>> (31 - (last - monthStart(month)))) : 0
  while (days === 0) {
    month = previousMonth(rule, month)
    if (month < 0) return NO_DAY
    days = daysOf(rule, month)
  }
  return monthStart(month) + highestBit(days)
}

function hasMonth(rule: DayRule, month: number): boolean {
  return ((rule.months >>> (month % 12)) & 1) === 1 && hasYear(rule, month)
}

function hasYear({ years }: DayRule, month: number): boolean {
  if (years === undefined) return true
  const year = (month / 12) | 0
  return ((years[year >>> 5]! >>> (year & 31)) & 1) === 1
}

/** The first month after `month` that the rule names; `MONTH_COUNT` or more if there is none. */
function nextMonth(rule: DayRule, month: number): number {
  let next = month
  do {
    const inYear = next % 12
    const later = rule.months & (-2 << inYear)
    next += later === 0 ? 12 - inYear + lowestBit(rule.months) : lowestBit(later) - inYear
  } while (next < MONTH_COUNT && !hasYear(rule, next))
  return next
}

/** The last month before `month` that the rule names; negative if there is none. */
function previousMonth(rule: DayRule, month: number): number {
  let previous = month
  do {
    const inYear = previous % 12
    const earlier = rule.months & ~(-1 << inYear)
    previous += earlier === 0 ? highestBit(rule.months) - inYear - 12 : highestBit(earlier) - inYear
  } while (previous >= 0 && !hasYear(rule, previous))
  return previous
}

/** The matching days of a month that the rule names; bit 0 is the first. */
function daysOf(rule: DayRule, month: number): number {
  const { weekdays, special } = rule
  const length = monthLength(month)
  let byMonth = rule.days
  let byWeek = weekdays === ALL_WEEKDAYS ? -1 : everyWeek(weekdays, weekdayOf(monthStart(month)))
  if (special !== undefined) {
    const firstWeekday = weekdayOf(monthStart(month))
    byMonth |= daysFromEnd(special.fromEnd, length) | nearestWorkday(special.workday, firstWeekday, length)
    byWeek |= nthWeekdays(special, firstWeekday, length)
  }
  return (rule.eitherDay ? byMonth | byWeek : byMonth & byWeek) & (-1 >>> (32 - length))
}

/** A mask of weekdays, repeated over a month that begins on `firstWeekday`. */
function everyWeek(weekdays: number, firstWeekday: number): number {
  const week = ((weekdays >>> firstWeekday) | (weekdays << (7 - firstWeekday))) & 0x7f
  return Math.imul(week, 0x10204081)
}

function daysFromEnd(fromEnd: number, length: number): number {
  let days = 0
  for (let left = fromEnd; left !== 0; left &= left - 1) {
    const day = length - 1 - lowestBit(left)
    if (day >= 0) days |= 1 << day
  }
  return days
}

/** The working day nearest to a date, never outside its month. */
function nearestWorkday(date: number, firstWeekday: number, length: number): number {
  if (date === 0 || (date > length && date !== LAST_WORKDAY)) return 0

  const day = Math.min(date, length) - 1
  const weekday = (firstWeekday + day) % 7
  if (weekday === 6) return 1 << (day > 0 ? day - 1 : day + 2)
  if (weekday === 0) return 1 << (day < length - 1 ? day + 1 : day - 2)
  return 1 << day
}

function nthWeekdays({ nth }: SpecialDays, firstWeekday: number, length: number): number {
  let days = 0
  for (let week = 0; week < 5; week++) days |= everyWeek(nth[week]!, firstWeekday) & (0x7f << (week * 7))
  return days | (everyWeek(nth[5]!, firstWeekday) & (-1 << (length - 7)))
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

function highestBit(mask: number): number {
  return 31 - Math.clz32(mask)
}
