import type { Plan } from './plan.ts'

/** No such second of the day. */
export const NO_SECOND = -1

/** The first second of the day after `second` that the plan matches in one of `hours`, or `NO_SECOND`. */
export function secondAfter(plan: Plan, hours: number, second: number): number {
  const hour = (second / 3600) | 0
  if (((hours >>> hour) & 1) === 1) {
    const minuteOfDay = (second / 60) | 0
    const minute = minuteOfDay - hour * 60
    if (hasBit(plan.minutesLow, plan.minutesHigh, minute)) {
      const next = lowestFrom(plan.secondsLow, plan.secondsHigh, second - minuteOfDay * 60 + 1)
      if (next >= 0) return minuteOfDay * 60 + next
    }
    const next = lowestFrom(plan.minutesLow, plan.minutesHigh, minute + 1)
    if (next >= 0) return hour * 3600 + next * 60 + lowestFrom(plan.secondsLow, plan.secondsHigh, 0)
  }

  const later = hours & (-2 << hour)
  return later === 0 ? NO_SECOND : firstSecond(plan, later)
}

/** The last second of the day before `second` that the plan matches in one of `hours`, or `NO_SECOND`. */
export function secondBefore(plan: Plan, hours: number, second: number): number {
  const hour = (second / 3600) | 0
  if (((hours >>> hour) & 1) === 1) {
    const minuteOfDay = (second / 60) | 0
    const minute = minuteOfDay - hour * 60
    if (hasBit(plan.minutesLow, plan.minutesHigh, minute)) {
      const previous = highestUpTo(plan.secondsLow, plan.secondsHigh, second - minuteOfDay * 60 - 1)
      if (previous >= 0) return minuteOfDay * 60 + previous
    }
    const previous = highestUpTo(plan.minutesLow, plan.minutesHigh, minute - 1)
    if (previous >= 0) return hour * 3600 + previous * 60 + highestUpTo(plan.secondsLow, plan.secondsHigh, 59)
  }

  const earlier = hours & ~(-1 << hour)
  return earlier === 0 ? NO_SECOND : lastSecond(plan, earlier)
}

/** The first second of a day that the plan matches in one of `hours`, of which there is one at least. */
export function firstSecond(plan: Plan, hours: number): number {
  const minute = lowestFrom(plan.minutesLow, plan.minutesHigh, 0)
  return lowestFrom(hours, 0, 0) * 3600 + minute * 60 + lowestFrom(plan.secondsLow, plan.secondsHigh, 0)
}

/** The last second of a day that the plan matches in one of `hours`, of which there is one at least. */
export function lastSecond(plan: Plan, hours: number): number {
  const minute = highestUpTo(plan.minutesLow, plan.minutesHigh, 59)
  return highestUpTo(hours, 0, 23) * 3600 + minute * 60 + highestUpTo(plan.secondsLow, plan.secondsHigh, 59)
}

function hasBit(low: number, high: number, index: number): boolean {
  return (((index < 32 ? low : high) >>> (index & 31)) & 1) === 1
}

/** The lowest of sixty bits in two words that is `index` or higher, or -1. */
function lowestFrom(low: number, high: number, index: number): number {
  if (index < 32) {
    const rest = low & (-1 << index)
    if (rest !== 0) return 31 - Math.clz32(rest & -rest)
  }
  const rest = index <= 32 ? high : high & (-1 << (index - 32))
  return rest === 0 ? -1 : 63 - Math.clz32(rest & -rest)
}

/** The highest of sixty bits in two words that is `index` or lower, or -1. */
function highestUpTo(low: number, high: number, index: number): number {
  if (index >= 32) {
    const rest = high & (-1 >>> (63 - index))
    if (rest !== 0) return 63 - Math.clz32(rest)
  }
  if (index < 0) return -1
  const rest = index >= 31 ? low : low & (-1 >>> (31 - index))
  return rest === 0 ? -1 : 31 - Math.clz32(rest)
}
