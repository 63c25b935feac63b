import { dayUpTo, NO_DAY } from './match-day.ts'
import { lastSecond, NO_SECOND, secondBefore } from './match-time.ts'
import { REACH_MS } from './next-instant.ts'
import { hoursInGap, hoursOnSecondPass, type Plan } from './plan.ts'
import type { ZoneSpan } from './zone-span.ts'
import { END_INSTANT, FIRST_INSTANT, type ZoneTable } from './zone-table.ts'

/** No such instant, in a search backward. */
export const NEVER_BEFORE = -Infinity

const DAY_MS = 86_400_000

/**
 * The last instant before `before` at which the plan fires in a zone, or `NEVER_BEFORE`.
 *
 * The mirror image of `nextInstant`.
 *
 * @see docs/design/daylight-saving.md
 */
export function previousInstant(plan: Plan, zone: ZoneTable, before: number): number {
  if (!(before > FIRST_INSTANT)) return NEVER_BEFORE
  const end = Math.ceil(Math.min(before, END_INSTANT))

  let span = zone.spanAt(end - 1)
  let segment = span.segmentAt(end - 1)
  const isSettled = end > span.settled(segment) && end <= span.unsettled(segment)
  if (!isSettled) return previousNearChange(plan, zone, end - 1)

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

/** The last local time before `local` in one of `hours`, or `NEVER_BEFORE`. */
function previousLocal(plan: Plan, hours: number, local: number): number {
  if (hours === 0) return NEVER_BEFORE

  const today = Math.floor(local / DAY_MS) | 0
  const earlier = secondBefore(plan, hours, Math.ceil((local - today * DAY_MS) / 1000))
  const day = dayUpTo(plan.days, earlier === NO_SECOND ? today - 1 : today)
  if (day === NO_DAY) return NEVER_BEFORE
  return day * DAY_MS + (day === today ? earlier : lastSecond(plan, hours)) * 1000
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

    const local = previousLocal(plan, plan.hours, start + REACH_MS)
    to = Math.min(start - 1, local + REACH_MS)
  }
  return NEVER_BEFORE
}

/** The last instant up to `to` in a segment, or one that lies before its start. */
function previousInSegment(plan: Plan, span: ZoneSpan, segment: number, to: number): number {
  const offset = span.offset(segment)
  const change = offset - span.offsetBefore(segment)
  const settled = span.settled(segment)

  const last = plan.dst.overlap === 'last' ? Math.min(to, span.unsettled(segment) - 1) : to
  const regular = previousLocal(plan, plan.hours, last + 1 + offset) - offset
  if (regular >= settled || change === 0) return regular
  if (change > 0) return Math.max(regular, previousMoved(plan, span, segment, to))
  return previousLocal(plan, hoursOnSecondPass(plan), Math.min(to + 1, settled) + offset) - offset
}

/** The last instant up to `to` at which a local time fires that the gap before the segment skips. */
function previousMoved(plan: Plan, span: ZoneSpan, segment: number, to: number): number {
  const start = span.start(segment)
  const before = span.offsetBefore(segment)
  const endOfGap = start + span.offset(segment)
  if (plan.dst.gap === 'after') {
    const skipped = previousLocal(plan, hoursInGap(plan), endOfGap)
    return skipped >= start + before ? start : NEVER_BEFORE
  }
  const skipped = previousLocal(plan, hoursInGap(plan), Math.min(to + 1 + before, endOfGap))
  return skipped >= start + before ? skipped - before : NEVER_BEFORE
}
