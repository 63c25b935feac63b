import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CronExpression } from '../../cron/index.ts'
import { plan } from '../plan.ts'
import { resolveDefinition } from '../resolve-definition.ts'
import type { ScheduleInput } from '../schedule-input.ts'
import { compileTerms, plannableAt, termsOf } from '../terms.ts'
import { Buckets } from './buckets.ts'
import { DueGroups, type ForecastSchedule } from './due-groups.ts'
import { countDue } from './due-instants.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.parse('2026-03-28T00:00:00Z')

/** When a schedule was stored, up to where it was planned at once, and the time that is forecast. */
interface Course {
  readonly storedAt: number
  readonly horizon: number
  readonly from: number
  readonly until: number
  readonly bucketMs: number
}

function compiled(input: ScheduleInput) {
  const { definition } = resolveDefinition(input, 'default/a')
  return compileTerms(termsOf(definition, { namespace: 'default', key: input.key ?? 'a' }))
}

/** A schedule as it is stored, with what is within the horizon planned. */
function stored(input: ScheduleInput, { storedAt, horizon }: Course): ForecastSchedule {
  const terms = compiled(input)
  const { nextAt, occurrences } = plan(plannableAt(terms, storedAt + 1, 0), storedAt, horizon, Infinity)
  return {
    terms: terms.terms,
    validFrom: storedAt,
    nextAt: nextAt ?? null,
    lastAt: occurrences.at(-1)?.nominalAt ?? null,
    planned: occurrences.length,
  }
}

/** When its occurrences are due, as the planner has it. */
function dueInstants(input: ScheduleInput, { storedAt, until }: Course): number[] {
  const { occurrences } = plan(plannableAt(compiled(input), storedAt + 1, 0), storedAt, until, Infinity)
  return occurrences.map(({ dueAt }) => dueAt)
}

function bucketsOf({ from, until, bucketMs }: Course): Buckets {
  return new Buckets(from, until, bucketMs)
}

function counted(schedule: ForecastSchedule, buckets: Buckets, now: number) {
  const groups = new DueGroups(buckets.from, now)
  groups.add(schedule, 'label')
  const counts = Array.from({ length: buckets.length }, () => 0)
  let looked = 0
  for (const { due } of groups.take())
    for (const more of countDue(due, buckets, (bucket, count) => (counts[bucket]! += count))) looked += more
  return { counts, looked }
}

function byHand(dueAt: readonly number[], { from, until, bucketMs, length }: Buckets): number[] {
  const counts = Array.from({ length }, () => 0)
  for (const at of dueAt)
    if (at >= from && at < until) counts[Math.floor(at / bucketMs) - Math.floor(from / bucketMs)]!++
  return counts
}

const recurrence: fc.Arbitrary<Partial<ScheduleInput>> = fc.oneof(
  fc.record({
    cron: fc.constantFrom(
      '* * * * *',
      '*/7 * * * *',
      '30 2 * * *',
      '0 0 1 * *',
      '*/20 * * * * *',
      '0 0 31 2 *',
      'H * * * *',
    ),
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
  }),
  fc.constant({
    cron: ['5 * * * *', '*/5 1-3 * * *'],
    timezone: 'Europe/Berlin',
    except: ['2026-03-29'],
  }),
  fc.record({
    every: fc.constantFrom('1s', '7s', '90s', '1h', '36h'),
    anchor: fc.constantFrom(0, START + 1_234),
  }),
  fc.record({ at: fc.integer({ min: START - HOUR, max: START + 2 * DAY }) }),
)

const bounds: fc.Arbitrary<Partial<ScheduleInput>> = fc.record(
  {
    startsAt: fc.integer({ min: START, max: START + DAY }),
    maxRuns: fc.constantFrom(1, 3, 100, 5_000),
    spread: fc.constantFrom('1s', '5m', '3h'),
    jitter: fc.constantFrom('1s', '5m', '3h'),
  },
  { requiredKeys: [] },
)

describe('countDue()', () => {
  it('counts what the planner plans, in every bucket', () => {
    fc.assert(
      fc.property(
        recurrence,
        bounds,
        fc.record({
          end: fc.option(fc.integer({ min: DAY, max: 2 * DAY })),
          key: fc.constantFrom('a', 'b', 'c'),
        }),
        fc.record({
          ahead: fc.integer({ min: 0, max: 2 * HOUR }),
          from: fc.oneof(fc.integer({ min: -2 * HOUR, max: DAY }), fc.integer({ min: 1, max: 2 * HOUR })),
          length: fc.integer({ min: 1, max: 30 * HOUR }),
          bucketMs: fc.constantFrom(MINUTE, 10 * MINUTE, HOUR, DAY, 17_000),
        }),
        (when, within, { end, key }, { ahead, from, length, bucketMs }) => {
          const course = {
            storedAt: START,
            horizon: START + ahead,
            from: START + from,
            until: START + from + length,
            bucketMs,
          }
          const endsAt = end === null ? {} : { endsAt: START + end }
          const input = { job: 'job', key, ...when, ...within, ...endsAt }
          const buckets = bucketsOf(course)
          const { counts } = counted(stored(input, course), buckets, START)
          expect(counts).toEqual(byHand(dueInstants(input, course), buckets))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('counts the instants of an expression, those of a clock change too', () => {
    const [from, until] = [Date.parse('2026-10-25T00:00:00Z'), Date.parse('2026-10-25T06:00:00Z')]
    const input = { cron: '*/10 2 * * *', timezone: 'Europe/Berlin', dst: 'literal', job: 'job' } as const
    const expression = new CronExpression(input.cron, input.timezone, { dst: 'literal' })
    const between = Array.from(expression.between(from - 1, until - 1), Number)
    const course = { storedAt: START, horizon: START, from, until, bucketMs: HOUR }
    const buckets = bucketsOf(course)
    expect(between).toHaveLength(12)
    expect(counted(stored(input, course), buckets, START).counts).toEqual(byHand(between, buckets))
  })

  it('looks at no more instants of a short interval than there are buckets', () => {
    const course = { storedAt: START, horizon: START, from: START, until: START + 365 * DAY, bucketMs: DAY }
    const input = { every: '1s', job: 'job', spread: '500ms', maxRuns: 365 * 86_400 - 10 }
    const { counts, looked } = counted(stored(input, course), bucketsOf(course), START)
    // The first second is that in which it was stored; what is short of the year is taken from its last day.
    expect(counts.slice(0, 2)).toEqual([86_399, 86_400])
    expect(counts.at(-1)).toBe(86_400 - 9)
    expect(looked).toBeLessThan(1_000)
  })

  it('leaves out of a limited number what a dispatcher that comes back will drop', () => {
    const hourly = (catchUp: number | string) => {
      const course = {
        storedAt: START,
        horizon: START,
        from: START + 5 * HOUR,
        until: START + DAY,
        bucketMs: HOUR,
      }
      const schedule = stored({ every: '1h', maxRuns: 4, job: 'job', catchUp }, course)
      // Nobody has dispatched since it was stored; the next to pass does so half past four.
      return counted(schedule, bucketsOf(course), START + 4.5 * HOUR).counts.slice(0, 5)
    }
    expect(hourly(0)).toEqual([1, 1, 1, 1, 0])
    expect(hourly('2h')).toEqual([1, 1, 0, 0, 0])
    expect(hourly('1d')).toEqual([0, 0, 0, 0, 0])
  })
})

describe('DueGroups', () => {
  it('puts schedules together that are due at the same instants, whatever else they are', () => {
    const course = {
      storedAt: START,
      horizon: START,
      from: START + DAY,
      until: START + 2 * DAY,
      bucketMs: HOUR,
    }
    const groups = new DueGroups(START + DAY, START + DAY)
    const add = (input: ScheduleInput, label: string, storedAt = START) =>
      groups.add(stored(input, { ...course, storedAt }), label)
    add({ every: '1h', job: 'a' }, 'x')
    add({ every: '1h', job: 'a', catchUp: '1h', queue: 'mail' }, 'x', START + HOUR)
    add({ every: '1h', job: 'b' }, 'y')
    add({ every: '1h', job: 'a', endsAt: START + DAY }, 'x')
    add({ every: '1h', job: 'a', jitter: '1m' }, 'z')
    add({ every: '1h', job: 'a', jitter: '1m', key: 'b' }, 'z')
    add({ every: '1h', job: 'a' }, 'x', START + DAY)
    for (let i = 0; i < 1_000; i++) add({ cron: 'H * * * *', key: `key-${i}`, job: 'a' }, 'x')

    expect(groups.size).toBe(66)
    const labels = groups.take().map((group) => Object.fromEntries(group.labels))
    expect(labels.slice(0, 3)).toEqual([{ x: 2, y: 1 }, { x: 1 }, { z: 1 }])
    expect(labels).toHaveLength(65)
    expect(groups.size).toBe(0)
  })
})
