import { dayFrom, NO_DAY } from './match-day.ts'
import { firstSecond, NO_SECOND, secondAfter } from './match-time.ts'
import { hoursInGap, hoursOnSecondPass, type Plan } from './plan.ts'
import type { ZoneSpan } from './zone-span.ts'
import { END_INSTANT, FIRST_INSTANT, spanIndex, type ZoneTable } from './zone-table.ts'

/** No such instant, in a search forward. */
export const NEVER = Infinity

const DAY_MS = 86_400_000

/** Farther than any clock change reaches, and nearer than any two of them are. */
export const REACH_MS = 2 * DAY_MS

/**
 * The first instant after `after` at which the plan fires in a zone, or `NEVER`.
 *
 * Almost always, this is the next local time that matches: nothing that happens between here and there has an earlier
 * local time, and both places are settled, so that the local time exists, and exists once. Only close to a clock change
 * does the answer need care.
 *
 * @see docs/design/daylight-saving.md
 */
export function nextInstant(plan: Plan, zone: ZoneTable, after: number): number {
  if (!(after < END_INSTANT)) return NEVER
  if (after < FIRST_INSTANT) return nextNearChange(plan, zone, FIRST_INSTANT)

  const span = zone.span(spanIndex(after))
  let segment = span.last
  while (after < span.start(segment)) segment--
  const isSettled = after >= span.settled(segment) && after < span.unsettled(segment)
  if (!isSettled) return nextNearChange(plan, zone, after)

  // `nextLocal`, written out: between functions, V8 passes small integers for nothing and boxes all other numbers.
  const local = after + span.offset(segment)
  const today = Math.floor(local / DAY_MS) | 0
  const later = secondAfter(plan, plan.hours, ((local - today * DAY_MS) / 1000) | 0)
  const day = dayFrom(plan.days, later === NO_SECOND ? today + 1 : today)
  if (day === NO_DAY) return NEVER

  const second = day === today ? later : firstSecond(plan, plan.hours)
  const found = day * DAY_MS + second * 1000
  const instant = found - span.offset(segment)
  return instant < span.unsettled(segment) ? instant : nextFarAway(plan, zone, after, found, instant)
}

/**
 * The instant of the next local time that matches, if that lies in another segment.
 *
 * @param guess the instant if the offset were the same there
 */
function nextFarAway(plan: Plan, zone: ZoneTable, after: number, local: number, guess: number): number {
  if (guess >= END_INSTANT) return NEVER
  const span = zone.spanAt(guess)
  const segment = span.segmentAt(guess)
  const instant = local - span.offset(segment)
  const isSettled = instant >= span.settled(segment) && instant < span.unsettled(segment)
  return isSettled ? instant : nextNearChange(plan, zone, after)
}

/** The first local time after `local` in one of `hours`, or `NEVER`. */
export function nextLocal(plan: Plan, hours: number, local: number): number {
  if (hours === 0) return NEVER

  const today = Math.floor(local / DAY_MS) | 0
  const later = secondAfter(plan, hours, ((local - today * DAY_MS) / 1000) | 0)
  const day = dayFrom(plan.days, later === NO_SECOND ? today + 1 : today)
  if (day === NO_DAY) return NEVER
  return day * DAY_MS + (day === today ? later : firstSecond(plan, hours)) * 1000
}

/** The general case: segment by segment, from the instant after `after` on, inclusive. */
function nextNearChange(plan: Plan, zone: ZoneTable, after: number): number {
  let from = Math.floor(after) + 1
  while (from < END_INSTANT) {
    const span = zone.spanAt(from)
    const segment = span.segmentAt(from)
    const instant = nextInSegment(plan, span, segment, from)
    const end = span.end(segment)
    if (instant < end) return instant

    // Nothing here. Nothing either before the next local time that matches, wherever the clock changes meanwhile.
    const local = nextLocal(plan, plan.hours, end - REACH_MS)
    from = Math.max(end, local - REACH_MS)
  }
  return NEVER
}

/** The first instant from `from` on in a segment, or one that lies behind its end. */
function nextInSegment(plan: Plan, span: ZoneSpan, segment: number, from: number): number {
  const offset = span.offset(segment)
  const change = offset - span.offsetBefore(segment)
  const isUnsettled = from < span.settled(segment)

  let local = from + offset
  if (isUnsettled && change < 0) {
    const endOfRepeated = span.settled(segment) + offset
    const repeated = nextLocal(plan, hoursOnSecondPass(plan), local - 1)
    if (repeated < endOfRepeated) return repeated - offset
    local = endOfRepeated
  }

  const regular = nextLocal(plan, plan.hours, local - 1) - offset
  const isFirstPass = regular >= span.unsettled(segment)
  const moved = isUnsettled && change > 0 ? nextMoved(plan, span, segment, from) : NEVER
  return Math.min(moved, isFirstPass && plan.dst.overlap === 'last' ? NEVER : regular)
}

/** The first instant from `from` on at which a local time fires that the gap before the segment skips. */
function nextMoved(plan: Plan, span: ZoneSpan, segment: number, from: number): number {
  const start = span.start(segment)
  const before = span.offsetBefore(segment)
  const endOfGap = start + span.offset(segment)
  if (plan.dst.gap === 'after') {
    const skipped = nextLocal(plan, hoursInGap(plan), start + before - 1)
    return from <= start && skipped < endOfGap ? start : NEVER
  }
  const skipped = nextLocal(plan, hoursInGap(plan), from - 1 + before)
  return skipped < endOfGap ? skipped - before : NEVER
}
