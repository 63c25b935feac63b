import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRecurrence } from './compile-recurrence.ts'
import { ExcludedDays } from './excluded-days.ts'
import { IntervalRecurrence } from './interval-recurrence.ts'
import { OnceRecurrence } from './once-recurrence.ts'
import type { CronSpec, Recurrence, RecurrenceSpec } from './recurrence.ts'
import { compileTiming } from './timing.ts'
import { UnionRecurrence } from './union-recurrence.ts'

const at = (text: string) => Date.parse(text)
const DAY = 86_400_000

function cron(expressions: string[], more: Partial<CronSpec> = {}): CronSpec {
  return {
    kind: 'cron',
    expressions,
    timezone: 'Europe/Berlin',
    syntax: 'extended',
    dst: 'shift',
    except: [],
    ...more,
  }
}

function instants(recurrence: Recurrence, after: number, until: number): string[] {
  const found: string[] = []
  for (
    let next = recurrence.nextMs(after, until);
    next !== undefined;
    next = recurrence.nextMs(next, until)
  ) {
    found.push(new Date(next).toISOString())
  }
  return found
}

describe('a union of expressions', () => {
  it('names the instants of each, and one that several name once', () => {
    const union = compileRecurrence(cron(['0 9 * * MON-FRI', '0 9,11 * * FRI,SAT']), 'seed')

    expect(instants(union, at('2026-06-04T00:00:00Z'), at('2026-06-07T00:00:00Z'))).toEqual([
      '2026-06-04T07:00:00.000Z',
      '2026-06-05T07:00:00.000Z',
      '2026-06-05T09:00:00.000Z',
      '2026-06-06T07:00:00.000Z',
      '2026-06-06T09:00:00.000Z',
    ])
  })
})

describe('a compiled recurrence', () => {
  const from = at('2026-06-04T00:00:00Z')

  it.each<[string, RecurrenceSpec, readonly string[]]>([
    [
      'an interval from its anchor',
      { kind: 'every', everyMs: DAY, anchor: 90_000 },
      ['2026-06-04T00:01:30.000Z'],
    ],
    ['one instant', { kind: 'at', at: from + 1 }, ['2026-06-04T00:00:00.001Z']],
    ['no instant that is over', { kind: 'at', at: from }, []],
    ['an expression in its zone', cron(['30 9 * * *']), ['2026-06-04T07:30:00.000Z']],
  ])('names %s', (_, spec, expected) => {
    expect(instants(compileRecurrence(spec, 'seed'), from, from + DAY - 1)).toEqual(expected)
  })

  it.each<[string, RecurrenceSpec, string | undefined]>([
    ['an interval', { kind: 'every', everyMs: DAY, anchor: from }, '2026-06-03T00:00:00.000Z'],
    ['one instant', { kind: 'at', at: from - DAY }, '2026-06-03T00:00:00.000Z'],
    ['one instant that is still to come', { kind: 'at', at: from }, undefined],
    ['a union', cron(['30 9 * * *', '30 8 * * *']), '2026-06-03T07:30:00.000Z'],
  ])('looks back from %s as far as it takes', (_, spec, expected) => {
    const previous = compileRecurrence(spec, 'seed').previousMs(from)
    expect(previous).toBe(expected === undefined ? undefined : at(expected))
  })

  it('reads an expression by its syntax, its rule for clock changes, and its seed', () => {
    expect(() => compileRecurrence(cron(['@daily'], { syntax: 'standard' }), 'seed')).toThrow('@daily')

    const skipping = compileRecurrence(cron(['30 2 * * *'], { dst: 'skip' }), 'seed')
    expect(skipping.nextMs(at('2026-03-28T12:00:00Z'))).toBe(at('2026-03-30T00:30:00Z'))

    const minutes = ['a', 'b', 'c', 'd'].map((seed) =>
      compileRecurrence(cron(['H * * * *']), seed).nextMs(from),
    )
    expect(new Set(minutes).size).toBeGreaterThan(1)
  })
})

describe('excluded dates', () => {
  const christmas = ['2026-12-24', '2026-12-25', '2026-12-26']

  it('keep workdays but not holidays', () => {
    const workdays = compileRecurrence(cron(['0 9 * * MON-FRI'], { except: christmas }), 'seed')

    expect(instants(workdays, at('2026-12-23T00:00:00Z'), at('2026-12-29T12:00:00Z'))).toEqual([
      '2026-12-23T08:00:00.000Z',
      '2026-12-28T08:00:00.000Z',
      '2026-12-29T08:00:00.000Z',
    ])
  })

  it('last from midnight to midnight in the zone, however long the day is', () => {
    const hours = compileRecurrence(cron(['0 * * * *'], { except: ['2026-03-29', '2026-10-25'] }), 'seed')

    const spring = instants(hours, at('2026-03-28T22:00:00Z') - 1, at('2026-03-29T23:00:00Z'))
    expect(spring).toEqual([
      '2026-03-28T22:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
      '2026-03-29T23:00:00.000Z',
    ])
    const autumn = instants(hours, at('2026-10-24T21:00:00Z') - 1, at('2026-10-25T23:00:00Z'))
    expect(autumn).toEqual(['2026-10-24T21:00:00.000Z', '2026-10-25T23:00:00.000Z'])
  })

  it('hold in zones whose day begins after midnight, or that skipped the day', () => {
    const cairo = compileRecurrence(
      cron(['0 * * * *'], { timezone: 'Africa/Cairo', except: ['2026-04-24'] }),
      'seed',
    )
    expect(cairo.nextMs(at('2026-04-23T21:00:00Z'))).toBe(at('2026-04-24T21:00:00Z'))

    const apia = compileRecurrence(
      cron(['0 12 * * *'], { timezone: 'Pacific/Apia', except: ['2011-12-30'] }),
      'seed',
    )
    expect(apia.nextMs(at('2011-12-30T12:00:00Z'))).toBe(at('2011-12-30T22:00:00Z'))
  })

  it.each<[string, string, readonly string[], string, string]>([
    ['west of UTC', 'America/New_York', ['2026-06-05'], '2026-06-05T03:45:00Z', '2026-06-06T04:45:00Z'],
    ['far east of it', 'Pacific/Kiritimati', ['2026-06-05'], '2026-06-04T09:45:00Z', '2026-06-05T10:45:00Z'],
    [
      'beside a skipped one',
      'Pacific/Apia',
      ['2011-12-30', '2011-12-31'],
      '2011-12-30T09:45:00Z',
      '2011-12-31T10:45:00Z',
    ],
    [
      'that follow each other',
      'UTC',
      ['2026-06-05', '2026-06-06'],
      '2026-06-04T23:45:00Z',
      '2026-06-07T00:45:00Z',
    ],
  ])('are found %s', (_, timezone, except, last, first) => {
    const hourly = compileRecurrence(cron(['45 * * * *'], { timezone, except: [...except] }), 'seed')

    expect(hourly.nextMs(at(last))).toBe(at(first))
    expect(hourly.previousMs(at(first))).toBe(at(last))
    expect(hourly.nextMs(at(last) - 1)).toBe(at(last))
  })

  it('keep what a clock change did on the other days', () => {
    const nightly = compileRecurrence(cron(['30 2 * * *'], { except: ['2026-03-30'] }), 'seed')
    expect(nightly.clockChangeAt?.(at('2026-03-29T01:30:00Z'))?.shiftedMs).toBe(3_600_000)
  })

  it('may be the last day of the calendar', () => {
    const days = compileRecurrence(cron(['0 9 * * *'], { timezone: 'UTC', except: ['2199-12-31'] }), 'seed')
    expect(days.nextMs(at('2199-12-30T09:00:00Z'))).toBeUndefined()
    expect(days.previousMs(at('2199-12-31T23:00:00Z'))).toBe(at('2199-12-30T09:00:00Z'))
  })

  it('leave nothing, without a hang, when they leave nothing', () => {
    const never = compileRecurrence(cron(['* * 25 12 *'], { except: ['2026-12-25'] }), 'seed')
    const within: [number, number] = [at('2026-12-24T00:00:00Z'), at('2026-12-27T00:00:00Z')]

    expect(never.nextMs(...within)).toBeUndefined()
    expect(never.previousMs(within[1], within[0])).toBeUndefined()
  })
})

describe('a recurrence within bounds', () => {
  const daily = { recurrence: cron(['0 9 * * *'], { timezone: 'UTC' }), startsAt: null, endsAt: null }
  const [third, fourth, fifth] = ['2026-06-03', '2026-06-04', '2026-06-05'].map((date) =>
    at(`${date}T09:00:00Z`),
  )

  it.each([
    ['holds both of them', fourth!, fourth!, [fourth]],
    ['has none before the first', fourth! + 1, fifth!, [fifth]],
    ['has none after the last', third!, fourth! - 1, [third]],
    ['has none where they leave no room', fourth! + 1, fifth! - 1, []],
  ])('%s', (_, startsAt, endsAt, expected) => {
    const recurrence = compileTiming({ ...daily, startsAt, endsAt }, 'seed')

    expect(recurrence.nextMs(third! - DAY)).toBe(expected[0])
    expect(recurrence.previousMs(fifth! + DAY)).toBe(expected[0])
  })

  it.each([
    ['counted where that takes no search', { kind: 'every', everyMs: DAY, anchor: 0 } as const, 11],
    ['walked through where it does', daily.recurrence, undefined],
  ])('is %s', (_, recurrence, expected) => {
    const bounded = compileTiming({ recurrence, startsAt: at('2026-06-10T00:00:00Z'), endsAt: null }, 'seed')
    expect(bounded.countMs?.(at('2026-06-01T00:00:00Z'), at('2026-06-20T00:00:00Z'))).toBe(expected)

    const until = compileTiming({ recurrence, startsAt: null, endsAt: at('2026-06-11T00:00:00Z') }, 'seed')
    expect(until.countMs?.(at('2026-06-01T00:00:00Z'), at('2026-06-20T00:00:00Z'))).toBe(expected)
  })

  it('tells of clock changes, where local time matters', () => {
    const endsAt = at('2027-01-01T00:00:00Z')
    const nightly = compileTiming({ recurrence: cron(['30 2 * * *']), startsAt: null, endsAt }, 'seed')
    expect(nightly.clockChangeAt?.(at('2026-03-29T01:30:00Z'))?.shiftedMs).toBe(3_600_000)

    const every = compileTiming(
      { recurrence: { kind: 'every', everyMs: DAY, anchor: 0 }, startsAt: null, endsAt },
      '',
    )
    expect(every.clockChangeAt?.(at('2026-03-29T00:00:00Z'))).toBeUndefined()
  })
})

describe('any recurrence', () => {
  const dates = fc
    .integer({ min: 0, max: 60 })
    .map((day) => new Date(at('2026-03-01T00:00:00Z') + day * DAY).toISOString().slice(0, 10))
  const expression = fc.constantFrom(
    '30 2 * * *',
    '0 * * * *',
    '*/20 9-17 * * MON-FRI',
    '0 0 L * *',
    '15 0 * * SUN',
  )
  const crons = fc.record({
    expressions: fc.array(expression, { minLength: 1, maxLength: 3 }),
    except: fc.uniqueArray(dates, { maxLength: 8 }),
    timezone: fc.constantFrom('Europe/Berlin', 'Africa/Cairo', 'Australia/Lord_Howe', 'UTC'),
  })
  const specs = fc.oneof(
    crons.map(({ expressions, ...more }): RecurrenceSpec => cron(expressions, more)),
    fc
      .record({
        everyMs: fc.integer({ min: 300_000, max: DAY }),
        anchor: fc.integer({ min: -DAY, max: 3e12 }),
      })
      .map((spec): RecurrenceSpec => ({ kind: 'every', ...spec })),
    fc
      .integer({ min: at('2026-03-01T00:00:00Z'), max: at('2026-05-01T00:00:00Z') })
      .map((instant): RecurrenceSpec => ({ kind: 'at', at: instant })),
  )
  const starts = fc.integer({ min: at('2026-02-20T00:00:00Z'), max: at('2026-05-10T00:00:00Z') })
  const bounds = fc.option(starts, { nil: null })

  it('goes back the way it came, keeps its bounds, and counts what it names', () => {
    fc.assert(
      fc.property(specs, starts, bounds, bounds, (recurrence, start, startsAt, endsAt) => {
        const timing = {
          recurrence,
          startsAt,
          endsAt,
          maxRuns: null,
          spreadMs: 0,
          jitterMs: 0,
          queue: 'default',
        }
        const compiled = compileTiming(timing, 'seed')
        const unbounded = compileRecurrence(recurrence, 'seed')

        const forth = instants(compiled, start, start + 2 * DAY)
        const expected = instants(unbounded, start, start + 2 * DAY).filter(
          (text) => at(text) >= (startsAt ?? -Infinity) && at(text) <= (endsAt ?? Infinity),
        )
        expect(forth).toEqual(expected)

        const back: string[] = []
        let previous = compiled.previousMs(start + 2 * DAY + 1, start + 1)
        for (; previous !== undefined; previous = compiled.previousMs(previous, start + 1)) {
          back.unshift(new Date(previous).toISOString())
        }
        expect(back).toEqual(forth)
        if (compiled.countMs !== undefined)
          expect(compiled.countMs(start + 1, start + 2 * DAY)).toBe(forth.length)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a clock change', () => {
  it('is told of an instant that it moved or repeats', () => {
    const daily = compileRecurrence(cron(['30 2 * * *', '0 * * * *']), 'seed')

    expect(daily.clockChangeAt?.(at('2026-03-29T01:30:00Z'))).toMatchObject({
      shiftedMs: 3_600_000,
      secondPass: false,
    })
    expect(daily.clockChangeAt?.(at('2026-10-25T00:00:00Z'))).toMatchObject({
      shiftedMs: 0,
      secondPass: false,
    })
    expect(daily.clockChangeAt?.(at('2026-10-25T01:00:00Z'))).toMatchObject({
      shiftedMs: 0,
      secondPass: true,
    })
    expect(daily.clockChangeAt?.(at('2026-10-25T01:07:00Z'))).toBeUndefined()
  })

  it('did not move an instant that another expression names as it stands, whichever comes first', () => {
    for (const expressions of [
      ['30 2 * * *', '30 3 * * *'],
      ['30 3 * * *', '30 2 * * *'],
    ]) {
      const union = compileRecurrence(cron(expressions), 'seed')
      expect(union.clockChangeAt?.(at('2026-03-29T01:30:00Z'))?.shiftedMs).toBe(0)
    }
    const moved = compileRecurrence(cron(['30 2 * * *', '30 2 * * SUN']), 'seed')
    expect(moved.clockChangeAt?.(at('2026-03-29T01:30:00Z'))?.shiftedMs).toBe(3_600_000)
  })

  it('is nothing to recurrences that know no local time', () => {
    const union = new UnionRecurrence([new IntervalRecurrence(DAY, 0), new OnceRecurrence(0)])
    expect(union.clockChangeAt(0)).toBeUndefined()
    expect(new ExcludedDays(union, [], 'UTC').clockChangeAt(0)).toBeUndefined()
    expect(new ExcludedDays(new OnceRecurrence(0), [], 'UTC').clockChangeAt(0)).toBeUndefined()
  })
})
