import { nextInstant, nextLocal } from './next-instant.ts'
import { hoursInGap, type Plan } from './plan.ts'
import type { ZoneTable } from './zone-table.ts'

/** How an instant at which an expression fires came about. */
export interface CronOccurrence {
  readonly instant: Date
  /**
   * By how much the clock on the wall is ahead of the time that the expression names, in milliseconds, because a
   * clock change skipped that time; otherwise 0.
   */
  readonly shiftedMs: number
  /** Whether the clock on the wall shows this time for the second time. */
  readonly secondPass: boolean
}

/** What an instant is to the plan; `undefined` when the plan does not fire at it. */
export function occurrenceAt(plan: Plan, zone: ZoneTable, at: number): CronOccurrence | undefined {
  if (!Number.isFinite(at) || nextInstant(plan, zone, at - 1) !== at) return undefined

  const span = zone.spanAt(at)
  const segment = span.segmentAt(at)
  const local = at + span.offset(segment)
  const isRegular = nextLocal(plan, plan.hours, local - 1) === local
  const instant = new Date(at)
  if (isRegular) {
    const isAfterOverlap = span.offset(segment) < span.offsetBefore(segment)
    return { instant, shiftedMs: 0, secondPass: isAfterOverlap && at < span.settled(segment) }
  }

  // It is here because of a gap: shifted by its length, or collected at its end from the first time that it skips.
  const startOfGap = span.start(segment) + span.offsetBefore(segment)
  const length = span.offset(segment) - span.offsetBefore(segment)
  const shiftedMs =
    plan.dst.gap === 'shift' ? length : local - nextLocal(plan, hoursInGap(plan), startOfGap - 1)
  return { instant, shiftedMs, secondPass: false }
}
