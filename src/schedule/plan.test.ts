import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Instant } from '../clock/clock.ts'
import { CronExpression } from '../cron/index.ts'
import type { CatchUp } from './definition.ts'
import { IntervalRecurrence } from './interval-recurrence.ts'
import { OnceRecurrence } from './once-recurrence.ts'
import { jitterMs } from './jitter.ts'
import { MISSED_COUNT_LIMIT, missedRange, plan, type MissedRange, type Plannable } from './plan.ts'

import type { Recurrence } from './recurrence.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const NOW = Date.UTC(2026, 5, 1, 10)
const NO_CATCH_UP: CatchUp = { withinMs: 0, policy: 'all', max: 10_000 }

function plannable(recurrence: Recurrence, nextAt: Instant, more: Partial<Plannable> = {}): Plannable {
  return {
    recurrence,
    nextAt,
    catchUp: NO_CATCH_UP,
    runsLeft: Infinity,
    offsetMs: 0,
    jitter: undefined,
    ...more,
  }
}

function nominals(planned: { occurrences: readonly { nominalAt: Instant }[] }): Instant[] {
  return planned.occurrences.map((occurrence) => occurrence.nominalAt)
}

describe('the window', () => {
  const everyMinute = new CronExpression('* * * * *')

  it('leaves out now and includes the horizon', () => {
    const decided = plan(plannable(everyMinute, NOW - MINUTE), NOW, NOW + 3 * MINUTE, 100)

    expect(nominals(decided)).toEqual([NOW + MINUTE, NOW + 2 * MINUTE, NOW + 3 * MINUTE])
    expect(decided.nextAt).toBe(NOW + 4 * MINUTE)
  })

  it('plans nothing before the cursor', () => {
    const decided = plan(plannable(everyMinute, NOW + 2 * MINUTE), NOW, NOW + 3 * MINUTE, 100)

    expect(nominals(decided)).toEqual([NOW + 2 * MINUTE, NOW + 3 * MINUTE])
    expect(decided.missed).toBeUndefined()
  })

  it('stops at the limit and goes on from there', () => {
    const first = plan(plannable(everyMinute, NOW + MINUTE), NOW, NOW + 5 * MINUTE, 2)
    const second = plan(plannable(everyMinute, first.nextAt!), NOW, NOW + 5 * MINUTE, 100)

    expect(nominals(first)).toEqual([NOW + MINUTE, NOW + 2 * MINUTE])
    expect(nominals(second)).toEqual([NOW + 3 * MINUTE, NOW + 4 * MINUTE, NOW + 5 * MINUTE])
  })

  it('ends with a recurrence that has no instant left', () => {
    const once = plannable(new OnceRecurrence(NOW + MINUTE), NOW)

    expect(plan(once, NOW, NOW + HOUR, 100)).toEqual({
      occurrences: [{ nominalAt: NOW + MINUTE, dueAt: NOW + MINUTE, origin: 'schedule' }],
      missed: undefined,
      nextAt: undefined,
    })
  })

  it('plans no more than the runs that are left', () => {
    const decided = plan(plannable(everyMinute, NOW, { runsLeft: 2 }), NOW, NOW + HOUR, 100)

    expect(nominals(decided)).toHaveLength(2)
    expect(decided.nextAt).toBeUndefined()
  })
})

it.each<[string, Recurrence, Partial<CatchUp>]>([
  ['that never fires', new CronExpression('0 0 31 2 *'), {}],
  ['whose only instant is behind the cursor', new OnceRecurrence(NOW - HOUR), { withinMs: 2 * HOUR }],
])('a recurrence %s leaves nothing to plan, to miss or to come back for', (_, recurrence, catchUp) => {
  const schedule = plannable(recurrence, NOW - MINUTE, { catchUp: { ...NO_CATCH_UP, ...catchUp } })

  expect(plan(schedule, NOW, NOW + HOUR, 100)).toStrictEqual({
    occurrences: [],
    missed: undefined,
    owed: undefined,
    nextAt: undefined,
  })
})

describe('catch-up', () => {
  const everyMinute = new CronExpression('* * * * *')
  const missedFor = (minutes: number, catchUp: Partial<CatchUp>) =>
    plan(
      plannable(everyMinute, NOW - minutes * MINUTE, { catchUp: { ...NO_CATCH_UP, ...catchUp } }),
      NOW,
      NOW + MINUTE,
      1_000,
    )

  it('is off by default, and what was missed is told as one range', () => {
    const decided = missedFor(5, {})

    expect(nominals(decided)).toEqual([NOW + MINUTE])
    expect(decided.missed).toEqual({ from: NOW - 5 * MINUTE, until: NOW, count: 6 })
  })

  it('sends what is younger than the limit, oldest first, and drops what is exactly as old', () => {
    const decided = missedFor(5, { withinMs: 3 * MINUTE })

    expect(decided.occurrences.map(({ nominalAt, origin }) => [nominalAt, origin])).toEqual([
      [NOW - 2 * MINUTE, 'catch-up'],
      [NOW - MINUTE, 'catch-up'],
      [NOW, 'catch-up'],
      [NOW + MINUTE, 'schedule'],
    ])
    expect(decided.missed).toEqual({ from: NOW - 5 * MINUTE, until: NOW - 3 * MINUTE, count: 3 })
  })

  it('sends the latest only, when that is the policy', () => {
    const decided = missedFor(5, { withinMs: HOUR, policy: 'latest' })

    expect(nominals(decided)).toEqual([NOW, NOW + MINUTE])
    expect(decided.missed).toEqual({ from: NOW - 5 * MINUTE, until: NOW - MINUTE, count: 5 })
  })

  it('sends at most the newest max', () => {
    const decided = missedFor(5, { withinMs: HOUR, max: 2 })

    expect(nominals(decided)).toEqual([NOW - MINUTE, NOW, NOW + MINUTE])
    expect(decided.missed).toEqual({ from: NOW - 5 * MINUTE, until: NOW - 2 * MINUTE, count: 4 })
  })

  it('runs a missed daily occurrence although none lies within the window', () => {
    const daily = new CronExpression('0 2 * * *')
    const atFive = Date.UTC(2026, 5, 1, 2, 5)
    const schedule = plannable(daily, Date.UTC(2026, 5, 1, 2), {
      catchUp: { ...NO_CATCH_UP, withinMs: 2 * HOUR },
    })

    const decided = plan(schedule, atFive, atFive + 10 * MINUTE, 100)
    expect(nominals(decided)).toEqual([Date.UTC(2026, 5, 1, 2)])
    expect(decided.missed).toBeUndefined()
  })

  it('does bounded work after a year of seconds', () => {
    const seconds = countCalls(new IntervalRecurrence(SECOND, 0))
    const yearAgo = NOW - 365 * 24 * HOUR
    const schedule = plannable(seconds.recurrence, yearAgo, {
      catchUp: { ...NO_CATCH_UP, withinMs: 5 * SECOND },
    })

    const decided = plan(schedule, NOW, NOW + 3 * SECOND, 100)
    expect(nominals(decided)).toHaveLength(8)
    expect(decided.missed?.count).toBe(MISSED_COUNT_LIMIT)
    expect(seconds.calls()).toBeLessThan(MISSED_COUNT_LIMIT + 50)
  })
})

describe('what was missed', () => {
  const hourly = new CronExpression('0 * * * *')
  const every = new IntervalRecurrence(SECOND, 0)
  const yearAgo = NOW - 365 * 24 * HOUR

  it.each<[string, Recurrence, Instant, Instant | undefined, MissedRange | undefined]>([
    [
      'goes up to now, when nothing is planned any more',
      hourly,
      NOW - HOUR,
      undefined,
      range(NOW - HOUR, NOW, 2),
    ],
    ['ends before the first that is planned', hourly, NOW - HOUR, NOW, range(NOW - HOUR, NOW - HOUR, 1)],
    ['may be what is due this very moment', hourly, NOW, undefined, range(NOW, NOW, 1)],
    ['begins with the first instant from the cursor on', hourly, NOW - 1, undefined, range(NOW, NOW, 1)],
    ['is nothing when the cursor is ahead', hourly, NOW + 1, undefined, undefined],
    [
      'is nothing when the recurrence was over before',
      new OnceRecurrence(NOW - HOUR),
      NOW - MINUTE,
      undefined,
      undefined,
    ],
    [
      'is counted to the last one where that takes no search',
      every,
      yearAgo,
      undefined,
      range(yearAgo, NOW, 31_536_001),
    ],
  ])('%s', (_, recurrence, nextAt, first, expected) => {
    expect(missedRange(recurrence, nextAt, first, NOW)).toEqual(expected)
  })
})

describe('due instants', () => {
  it('are later than nominal by the offset, and never reach the next occurrence', () => {
    const everyMinute = new CronExpression('* * * * *')
    const near = plan(plannable(everyMinute, NOW, { offsetMs: 20_000 }), NOW, NOW + MINUTE, 10)
    const far = plan(plannable(everyMinute, NOW, { offsetMs: HOUR }), NOW, NOW + MINUTE, 10)

    expect(near.occurrences[0]?.dueAt).toBe(NOW + MINUTE + 20_000)
    expect(far.occurrences[0]?.dueAt).toBe(NOW + 2 * MINUTE - 1)
  })

  it('are later by a delay of their own, where there is jitter', () => {
    const jitter = { withinMs: 30_000, seed: 7 }
    const everyMinute = new CronExpression('* * * * *')
    const { occurrences } = plan(plannable(everyMinute, NOW, { offsetMs: 1_000, jitter }), NOW, NOW + HOUR, 3)

    expect(occurrences.map(({ nominalAt, dueAt }) => dueAt - nominalAt)).toEqual(
      nominals({ occurrences }).map((nominalAt) => 1_000 + jitterMs(jitter, nominalAt)),
    )
    expect(new Set(occurrences.map(({ nominalAt, dueAt }) => dueAt - nominalAt)).size).toBe(3)
  })
})

describe('any sequence of passes', () => {
  const recurrences = fc.constantFrom<Recurrence>(
    new CronExpression('* * * * *'),
    new CronExpression('*/15 9-17 * * MON-FRI', 'Europe/Berlin'),
    new CronExpression('30 2 * * *', 'Australia/Lord_Howe'),
    new CronExpression('0 0 31 2 *'),
    new IntervalRecurrence(7 * MINUTE, 123_000),
    new OnceRecurrence(NOW + 3 * HOUR),
  )
  const passes = fc.array(
    fc.record({
      idleMs: fc.integer({ min: 0, max: 2 * HOUR }),
      aheadMs: fc.integer({ min: 1, max: HOUR }),
      limit: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  const catchUps = fc.record({
    withinMs: fc.constantFrom(0, 5 * MINUTE, HOUR),
    policy: fc.constantFrom('all' as const, 'latest' as const),
    max: fc.constantFrom(10_000, 1, 3),
  })

  it('covers each instant exactly once, in rising order, as an occurrence or as missed', () => {
    fc.assert(
      fc.property(recurrences, passes, catchUps, (recurrence, sequence, catchUp) => {
        const covered: (Instant | MissedRange)[] = []
        let now = NOW
        let coveredUntil = NOW
        let nextAt: Instant | undefined = recurrence.nextMs(NOW)

        for (const { idleMs, aheadMs, limit } of sequence) {
          now += idleMs
          while (nextAt !== undefined && nextAt <= now + aheadMs) {
            const before: Instant = nextAt
            const decided = plan(plannable(recurrence, before, { catchUp }), now, now + aheadMs, limit)
            if (decided.missed !== undefined) covered.push(decided.missed)
            covered.push(...nominals(decided))

            expect(decided.occurrences.length).toBeLessThanOrEqual(limit)
            expect(decided.nextAt ?? Infinity).toBeGreaterThan(before)
            nextAt = decided.nextAt
          }
          coveredUntil = Math.max(coveredUntil, now + aheadMs)
        }

        const flat = covered.flatMap((item) =>
          typeof item === 'number' ? [item] : [...instantsOf(recurrence, item)],
        )
        expect(flat).toEqual([...between(recurrence, NOW, coveredUntil)])
      }),
      { numRuns: 300 },
    )
  })
})

function range(from: Instant, until: Instant, count: number): MissedRange {
  return { from, until, count }
}

function countCalls(recurrence: Recurrence): { recurrence: Recurrence; calls: () => number } {
  let calls = 0
  return {
    calls: () => calls,
    recurrence: {
      nextMs: (after, until) => (calls++, recurrence.nextMs(after, until)),
      previousMs: (before, since) => (calls++, recurrence.previousMs(before, since)),
    },
  }
}

function* instantsOf(recurrence: Recurrence, { from, until, count }: MissedRange): Generator<Instant> {
  const instants = [...between(recurrence, from - 1, until)]
  expect(instants).toHaveLength(count)
  yield* instants
}

function* between(recurrence: Recurrence, after: Instant, until: Instant): Generator<Instant> {
  for (let at = recurrence.nextMs(after, until); at !== undefined; at = recurrence.nextMs(at, until)) yield at
}
