import { dayBefore, matchesDay, NO_DAY } from './match-day.ts'
import { lastSecond, NO_SECOND, secondBefore } from './match-time.ts'
import { REACH } from './next-instant.ts'
import type { Plan } from './plan.ts'
import type { ZoneSpan } from './zone-span.ts'
import { END_INSTANT, FIRST_INSTANT, type ZoneTable } from './zone-table.ts'

/** No such instant, in a search backward. */
export const NEVER_BEFORE = -Infinity

const SECONDS_PER_DAY = 86_400

/**
 * The last instant before `before` at which the plan fires in a zone, or `NEVER_BEFORE`. Both in epoch seconds.
 *
 * The mirror image of `nextInstant`.
 *
 * @see docs/design/daylight-saving.md
 */
export function previousInstant(plan: Plan, zone: ZoneTable, before: number): number {
  if (!(before > FIRST_INSTANT)) return NEVER_BEFORE
  const end = Math.min(before, END_INSTANT)

  let span = zone.spanAt(end - 1)
  let segment = span.segmentAt(end - 1)
  if (end <= span.settled(segment) || end > span.unsettled(segment))
    return previousNearChange(plan, zone, end - 1)

  const local = previousLocal(plan, plan.hours, end + span.offset(segment))
  let instant = local - span.offset(segment)
  if (instant >= span.settled(segment)) return instant
  if (!(instant >= FIRST_INSTANT)) return NEVER_BEFORE

  span = zone.spanAt(instant)
  segment = span.segmentAt(instant)
  instant = local - span.offset(segment)
  const isPlain = instant >= span.settled(segment) && instant < span.unsettled(segment)
  return isPlain ? instant : previousNearChange(plan, zone, end - 1)
}

/** The last local time before `local` in one of `hours`, in seconds, or `NEVER_BEFORE`. */
export function previousLocal(plan: Plan, hours: number, local: number): number {
  if (hours === 0) return NEVER_BEFORE

  let day = Math.floor(local / SECONDS_PER_DAY)
  let second = matchesDay(plan, day) ? secondBefore(plan, hours, local - day * SECONDS_PER_DAY) : NO_SECOND
  if (second === NO_SECOND) {
    day = dayBefore(plan, day)
    if (day === NO_DAY) return NEVER_BEFORE
    second = lastSecond(plan, hours)
  }
  return day * SECONDS_PER_DAY + second
}

/** The general case: segment by segment, from the instant `latest` down, inclusive. */
function previousNearChange(plan: Plan, zone: ZoneTable, latest: number): number {
  let to = latest
  while (to >= FIRST_INSTANT) {
    const span = zone.spanAt(to)
    const segment = span.segmentAt(to)
    const start = Math.max(span.start(segment), span.begin)
    const instant = previousInSegment(plan, span, segment, to)
    if (instant >= start) return instant

    const local = previousLocal(plan, plan.hours, start + REACH)
    to = Math.min(start - 1, local + REACH)
  }
  return NEVER_BEFORE
}

/** The last instant up to `to` in a segment, or one that lies before its start. */
function previousInSegment(plan: Plan, span: ZoneSpan, segment: number, to: number): number {
  const offset = span.offset(segment)
  const start = span.start(segment)
  const change = offset - span.offsetBefore(segment)

  const last = plan.firstPass ? to : Math.min(to, span.unsettled(segment) - 1)
  const regular = previousLocal(plan, plan.hours, last + 1 + offset) - offset
  if (regular >= span.settled(segment)) return regular

  if (change < 0) {
    const endOfRepeated = start + offset - change
    return previousLocal(plan, plan.secondPassHours, Math.min(to + 1 + offset, endOfRepeated)) - offset
  }
  return change > 0 ? Math.max(regular, previousMoved(plan, span, segment, to)) : regular
}

/** The last instant up to `to` at which a local time fires that the gap before the segment skips. */
function previousMoved(plan: Plan, span: ZoneSpan, segment: number, to: number): number {
  const start = span.start(segment)
  const before = span.offsetBefore(segment)
  const endOfGap = start + span.offset(segment)
  if (plan.gapAtEnd) {
    const skipped = previousLocal(plan, plan.gapHours, endOfGap)
    return skipped >= start + before ? start : NEVER_BEFORE
  }
  const skipped = previousLocal(plan, plan.gapHours, Math.min(to + 1 + before, endOfGap))
  return skipped >= start + before ? skipped - before : NEVER_BEFORE
}
