import { DAY_COUNT, MONTH_COUNT, monthLength, monthOf, monthStart, weekdayOf } from './calendar.ts'
import type { Plan, SpecialDays } from './plan.ts'

/** No such day. */
export const NO_DAY = -1

/** Whether the plan fires on a day at all. */
export function matchesDay(plan: Plan, day: number): boolean {
  if (day < 0 || day >= DAY_COUNT) return false
  const month = monthOf(day)
  return ((daysOf(plan, month) >>> (day - monthStart(month))) & 1) === 1
}

/** The first matching day after `day`, or `NO_DAY`. */
export function dayAfter(plan: Plan, day: number): number {
  const from = Math.max(day + 1, 0)
  if (from >= DAY_COUNT) return NO_DAY

  let month = monthOf(from)
  let days = daysOf(plan, month) & (-1 << (from - monthStart(month)))
  while (days === 0) {
    if (++month === MONTH_COUNT) return NO_DAY
    days = daysOf(plan, month)
  }
  return monthStart(month) + 31 - Math.clz32(days & -days)
}

/** The last matching day before `day`, or `NO_DAY`. */
export function dayBefore(plan: Plan, day: number): number {
  const from = Math.min(day - 1, DAY_COUNT - 1)
  if (from < 0) return NO_DAY

  let month = monthOf(from)
  let days = daysOf(plan, month) & (-1 >>> (31 - (from - monthStart(month))))
  while (days === 0) {
    if (--month < 0) return NO_DAY
    days = daysOf(plan, month)
  }
  return monthStart(month) + 31 - Math.clz32(days)
}

/** The days of a month on which the plan fires; bit 0 is the first. */
function daysOf(plan: Plan, month: number): number {
  const year = (month / 12) | 0
  if (((plan.months >>> (month - year * 12)) & 1) === 0) return 0
  if (plan.years !== undefined && ((plan.years[year >>> 5]! >>> (year & 31)) & 1) === 0) return 0

  const length = monthLength(month)
  const firstWeekday = weekdayOf(monthStart(month))
  let days = plan.days
  let weekdays = everyWeek(plan.weekdays, firstWeekday)
  if (plan.special !== undefined) {
    days |= daysFromEnd(plan.special.fromEnd, length) | workdays(plan.special.workday, firstWeekday, length)
    weekdays |= nthWeekdays(plan.special, firstWeekday, length)
  }
  return (plan.eitherDay ? days | weekdays : days & weekdays) & (-1 >>> (32 - length))
}

/** A mask of weekdays, repeated over a month that begins on `firstWeekday`. */
function everyWeek(weekdays: number, firstWeekday: number): number {
  const week = ((weekdays >>> firstWeekday) | (weekdays << (7 - firstWeekday))) & 0x7f
  return week | (week << 7) | (week << 14) | (week << 21) | (week << 28)
}

function daysFromEnd(fromEnd: number, length: number): number {
  let days = 0
  for (let left = fromEnd; left !== 0; left &= left - 1) {
    const day = length - 1 - (31 - Math.clz32(left & -left))
    if (day >= 0) days |= 1 << day
  }
  return days
}

/** The working day nearest to a date, never outside its month. */
function workdays(date: number, firstWeekday: number, length: number): number {
  if (date === 0 || (date > length && date !== 32)) return 0

  const day = Math.min(date, length) - 1
  const weekday = (firstWeekday + day) % 7
  if (weekday === 6) return 1 << (day > 0 ? day - 1 : day + 2)
  // `LW` is the last working day, which is never after the last day.
  if (weekday === 0) return 1 << (day < length - 1 ? day + 1 : day - 2)
  return 1 << day
}

function nthWeekdays({ nth }: SpecialDays, firstWeekday: number, length: number): number {
  let days = 0
  for (let week = 0; week < 5; week++) days |= everyWeek(nth[week]!, firstWeekday) & (0x7f << (week * 7))
  return days | (everyWeek(nth[5]!, firstWeekday) & (-1 << (length - 7)))
}
