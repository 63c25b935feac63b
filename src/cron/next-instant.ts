import { dayAfter, matchesDay, NO_DAY } from './match-day.ts'
import { firstSecond, NO_SECOND, secondAfter } from './match-time.ts'
import type { Plan } from './plan.ts'
import type { ZoneSpan } from './zone-span.ts'
import { END_INSTANT, FIRST_INSTANT, type ZoneTable } from './zone-table.ts'

/** No such instant, in a search forward. */
export const NEVER = Infinity

const SECONDS_PER_DAY = 86_400

/** Farther than any clock change reaches, and nearer than any two of them are, in seconds. */
export const REACH = 2 * SECONDS_PER_DAY

/**
 * The first instant after `after` at which the plan fires in a zone, or `NEVER`. Both in epoch seconds.
 *
 * Almost always, this is the next local time that matches: nothing that happens between here and there has an earlier
 * local time, and both places are settled, so that the local time exists, and exists once. Only close to a clock change
 * does the answer need care.
 *
 * @see docs/design/daylight-saving.md
 */
export function nextInstant(plan: Plan, zone: ZoneTable, after: number): number {
  if (!(after < END_INSTANT)) return NEVER
  const start = Math.max(after, FIRST_INSTANT)

  let span = zone.spanAt(start)
  let segment = span.segmentAt(start)
  if (start < span.settled(segment) || start >= span.unsettled(segment))
    return nextNearChange(plan, zone, start + 1)

  const local = nextLocal(plan, plan.hours, start + span.offset(segment))
  let instant = local - span.offset(segment)
  if (instant < span.unsettled(segment)) return instant
  if (!(instant < END_INSTANT)) return NEVER

  span = zone.spanAt(instant)
  segment = span.segmentAt(instant)
  instant = local - span.offset(segment)
  const isPlain = instant >= span.settled(segment) && instant < span.unsettled(segment)
  return isPlain ? instant : nextNearChange(plan, zone, start + 1)
}

/** The first local time after `local` in one of `hours`, in seconds, or `NEVER`. */
export function nextLocal(plan: Plan, hours: number, local: number): number {
  if (hours === 0) return NEVER

  let day = Math.floor(local / SECONDS_PER_DAY)
  let second = matchesDay(plan, day) ? secondAfter(plan, hours, local - day * SECONDS_PER_DAY) : NO_SECOND
  if (second === NO_SECOND) {
    day = dayAfter(plan, day)
    if (day === NO_DAY) return NEVER
    second = firstSecond(plan, hours)
  }
  return day * SECONDS_PER_DAY + second
}

/** The general case: segment by segment, from the instant `earliest` on, inclusive. */
function nextNearChange(plan: Plan, zone: ZoneTable, earliest: number): number {
  let from = earliest
  while (from < END_INSTANT) {
    const span = zone.spanAt(from)
    const segment = span.segmentAt(from)
    const instant = nextInSegment(plan, span, segment, from)
    const end = span.end(segment)
    if (instant < end) return instant

    // Nothing here. Nothing either before the next local time that matches, wherever the clock changes meanwhile.
    const local = nextLocal(plan, plan.hours, end - REACH)
    from = Math.max(end, local - REACH)
  }
  return NEVER
}

/** The first instant from `from` on in a segment, or one that lies behind its end. */
function nextInSegment(plan: Plan, span: ZoneSpan, segment: number, from: number): number {
  const offset = span.offset(segment)
  const start = span.start(segment)
  const change = offset - span.offsetBefore(segment)
  const isUnsettled = from < span.settled(segment)

  let regular = from - 1 + offset
  let moved = NEVER
  if (isUnsettled && change < 0) {
    const endOfRepeated = start + offset - change
    const repeated = nextLocal(plan, plan.secondPassHours, regular)
    if (repeated < endOfRepeated) return repeated - offset
    regular = endOfRepeated - 1
  }
  if (isUnsettled && change > 0) moved = nextMoved(plan, span, segment, from)

  regular = nextLocal(plan, plan.hours, regular) - offset
  if (!plan.firstPass && regular >= span.unsettled(segment)) regular = NEVER
  return Math.min(regular, moved)
}

/** The first instant from `from` on at which a local time fires that the gap before the segment skips. */
function nextMoved(plan: Plan, span: ZoneSpan, segment: number, from: number): number {
  const start = span.start(segment)
  const before = span.offsetBefore(segment)
  const endOfGap = start + span.offset(segment)
  if (plan.gapAtEnd) {
    const skipped = nextLocal(plan, plan.gapHours, start + before - 1)
    return from <= start && skipped < endOfGap ? start : NEVER
  }
  const skipped = nextLocal(plan, plan.gapHours, from - 1 + before)
  return skipped < endOfGap ? skipped - before : NEVER
}
