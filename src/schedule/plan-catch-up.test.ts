import { describe, expect, it } from 'vitest'
import type { Instant } from '../clock/clock.ts'
import { CronExpression } from '../cron/index.ts'
import type { CatchUp } from './definition.ts'
import { firstToRun, plan, type MissedRange, type OwedRange, type Plannable } from './plan.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW: Instant = Date.UTC(2026, 5, 1, 10)
const NO_CATCH_UP: CatchUp = { withinMs: 0, policy: 'all', max: 10_000 }
const ALL: CatchUp = { ...NO_CATCH_UP, withinMs: HOUR }
const LATEST: CatchUp = { ...ALL, policy: 'latest' }
const EVERY_MINUTE = new CronExpression('* * * * *')

/** A schedule of every minute whose cursor is so many minutes before now. */
function behind(minutes: number, more: Partial<Plannable>): Plannable {
  const nextAt = NOW - minutes * MINUTE
  const rest = { catchUp: NO_CATCH_UP, runsLeft: Infinity, offsetMs: 0, jitter: undefined }
  return { recurrence: EVERY_MINUTE, nextAt, ...rest, ...more }
}

describe('catching up at a rate', () => {
  it.each<[string, CatchUp, number, OwedRange | undefined, MissedRange | undefined, number[]]>([
    ['is owed as one range', ALL, Infinity, owed(-5, 0, 6), undefined, [1, 2]],
    [
      'leaves out what is too old',
      { ...ALL, withinMs: 3 * MINUTE },
      Infinity,
      owed(-2, 0, 3, 3),
      missed(-5, -3),
      [1, 2],
    ],
    ['is the latest alone, which stands for all', LATEST, Infinity, owed(0, 0, 1, 5), missed(-5, -1), [1, 2]],
    ['is nothing when catching up is off', NO_CATCH_UP, Infinity, undefined, missed(-5, 0), [1, 2]],
    ['counts for the runs that are left', ALL, 7, owed(-5, 0, 6), undefined, [1]],
    ['may use them up', ALL, 6, owed(-5, 0, 6), undefined, []],
    ['ends with them', ALL, 2, owed(-5, -4, 2), undefined, []],
    ['is nothing when none is left', ALL, 0, undefined, undefined, []],
  ])('%s', (_, catchUp, runsLeft, expected, dropped, minutes) => {
    const schedule = behind(5, { catchUp, runsLeft })
    const decided = plan(schedule, NOW, NOW + 2 * MINUTE, 1_000, true)

    expect(decided.owed).toEqual(expected)
    expect(decided.missed).toEqual(dropped)
    expect(decided.occurrences.map(({ nominalAt }) => (nominalAt - NOW) / MINUTE)).toEqual(minutes)
    expect(decided.nextAt).toBe(minutes.length === 2 ? NOW + 3 * MINUTE : undefined)
  })

  it('is nothing when nothing was missed, and what is to come is planned', () => {
    const decided = plan(behind(-2, { catchUp: ALL }), NOW, NOW + 2 * MINUTE, 10, true)
    expect(decided).toEqual({
      occurrences: [{ nominalAt: NOW + 2 * MINUTE, dueAt: NOW + 2 * MINUTE, origin: 'schedule' }],
      missed: undefined,
      owed: undefined,
      nextAt: NOW + 3 * MINUTE,
    })
  })

  function owed(from: number, until: number, count: number, standsFor = 0): OwedRange {
    return { from: NOW + from * MINUTE, until: NOW + until * MINUTE, count, standsFor }
  }

  function missed(from: number, until: number): MissedRange {
    return { from: NOW + from * MINUTE, until: NOW + until * MINUTE, count: until - from + 1 }
  }
})

describe('the first that is caught up', () => {
  it('stands for those before it that were dropped, and no other does', () => {
    const late = behind(5, { catchUp: { ...ALL, max: 2 } })
    const { occurrences } = plan(late, NOW, NOW + MINUTE, 10)
    expect(occurrences.map(({ standsFor }) => standsFor)).toEqual([4, undefined, undefined])
  })

  it('stands for none when none was dropped', () => {
    const late = behind(0, { catchUp: LATEST })
    expect(plan(late, NOW, NOW + MINUTE, 10).occurrences[0]).not.toHaveProperty('standsFor')
  })

  it('is not what is still to come', () => {
    const { occurrences } = plan(behind(5, {}), NOW, NOW + MINUTE, 10)
    expect(occurrences).toEqual([{ nominalAt: NOW + MINUTE, dueAt: NOW + MINUTE, origin: 'schedule' }])
    expect(plan(behind(5, {}), NOW, NOW, 10).occurrences).toEqual([])
  })

  it.each<[string, Instant, CatchUp, Instant]>([
    ['the oldest that is young enough', NOW - 5 * MINUTE, { ...ALL, withinMs: 3 * MINUTE }, NOW - 2 * MINUTE],
    ['the newest, when it alone is to run', NOW - 5 * MINUTE, LATEST, NOW],
    ['what comes next, when nothing is caught up', NOW - 5 * MINUTE, NO_CATCH_UP, NOW + MINUTE],
    ['what is at the cursor, when that is ahead', NOW + 2 * MINUTE, LATEST, NOW + 2 * MINUTE],
  ])('is told by itself: %s', (_, nextAt, catchUp, expected) => {
    expect(firstToRun({ recurrence: EVERY_MINUTE, nextAt, catchUp }, NOW)).toBe(expected)
  })
})
