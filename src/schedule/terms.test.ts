import { describe, expect, it } from 'vitest'
import { jitterOf } from './jitter.ts'
import { resolveDefinition } from './resolve-definition.ts'
import type { ScheduleInput } from './schedule-input.ts'
import { seedOf } from './schedule-identity.ts'
import { spreadOffsetMs } from './spread.ts'
import { compileTerms, plannableAt, termsOf } from './terms.ts'
import { sameTiming } from './timing.ts'

const IDENTITY = { namespace: 'tenant', key: 'report:42' }
const NOW = Date.UTC(2026, 5, 1, 10)

function definitionOf(input: Partial<ScheduleInput>) {
  return resolveDefinition({ job: 'report', ...input }, seedOf(IDENTITY)).definition
}

const terms = (input: Partial<ScheduleInput>) => termsOf(definitionOf(input), IDENTITY)

describe('the terms of a schedule', () => {
  it('are all that a pass needs, and no payload', () => {
    expect(
      terms({ cron: '0 9 * * *', payload: { user: 42 }, maxRuns: 3, spread: '1h', note: 'mine' }),
    ).toStrictEqual({
      recurrence: {
        kind: 'cron',
        expressions: ['0 9 * * *'],
        timezone: 'UTC',
        syntax: 'extended',
        dst: 'shift',
        except: [],
      },
      startsAt: null,
      endsAt: null,
      maxRuns: 3,
      queue: 'default',
      job: 'report',
      catchUp: { withinMs: 0, policy: 'all', max: 10_000 },
      offsetMs: spreadOffsetMs('tenant', 'report:42', 3_600_000),
    })
  })

  it('hold what their own delays are drawn from, where there is jitter', () => {
    const { jitter, offsetMs } = compileTerms(terms({ cron: '0 9 * * *', jitter: '1m' }))
    expect(jitter).toEqual(jitterOf(IDENTITY, 60_000))
    expect(offsetMs).toBe(0)
    expect(terms({ cron: '0 9 * * *' })).not.toHaveProperty('jitter')
  })

  it('say that the schedule is to be removed when it has finished, where it is', () => {
    expect(terms({ at: NOW, whenFinished: 'remove' }).removes).toBe(true)
    expect(terms({ at: NOW, whenFinished: 'keep' })).not.toHaveProperty('removes')
  })

  it('say when its runs are to have ended, where anything is expected of them', () => {
    expect(terms({ cron: '0 9 * * *', expectWithin: '20m' }).expectWithinMs).toBe(1_200_000)
    expect(terms({ cron: '0 9 * * *' })).not.toHaveProperty('expectWithinMs')
  })

  it.each<[string, Partial<ScheduleInput>]>([
    ['an H', { cron: 'H 9 * * *' }],
    ['an H in one of its expressions', { cron: ['0 9 * * *', 'H(0-29) 9 * * *'] }],
    ['an H beside a Thursday', { cron: 'H 9 * * THU' }],
  ])('hold a seed with %s', (_, input) => {
    expect(terms(input).seed).toBe(seedOf(IDENTITY))
  })

  it.each<[string, Partial<ScheduleInput>]>([
    ['an expression without H', { cron: '0 9 * * MON' }],
    ['a Thursday', { cron: '0 9 * * THU' }],
    ['Thursdays in any case', { cron: '0 9 * * thu,Thu' }],
    ['an interval', { every: '1h' }],
    ['one instant', { at: NOW }],
  ])('can be shared with %s', (_, input) => {
    expect(terms(input)).not.toHaveProperty('seed')
  })

  it('compile to what the definition means, with its seed and without', () => {
    for (const cron of ['H * * * *', '7 * * * *']) {
      const { recurrence, offsetMs, catchUp } = compileTerms(terms({ cron, spread: '1m', catchUp: '5m' }))
      const expected = resolveDefinition({ job: 'report', cron }, seedOf(IDENTITY)).recurrence
      expect(recurrence.nextMs(NOW)).toBe(expected.nextMs(NOW))
      expect(offsetMs).toBe(spreadOffsetMs('tenant', 'report:42', 60_000))
      expect(catchUp.withinMs).toBe(300_000)
    }
  })

  it.each<[string, number | undefined, number, number]>([
    ['all, without a limit', undefined, 7, Infinity],
    ['the rest of the limit', 10, 7, 3],
    ['none, when the limit was lowered below what was planned', 5, 7, 0],
  ])('leave %s', (_, maxRuns, planned, runsLeft) => {
    const compiled = compileTerms(terms({ cron: '7 * * * *', maxRuns }))
    expect(plannableAt(compiled, NOW, planned)).toStrictEqual({
      recurrence: compiled.recurrence,
      catchUp: compiled.catchUp,
      offsetMs: 0,
      jitter: undefined,
      nextAt: NOW,
      runsLeft,
    })
  })
})

describe('a timing', () => {
  const before: Partial<ScheduleInput> = { cron: '0 9 * * *' }

  it.each<[string, boolean, Partial<ScheduleInput>]>([
    ['payload', true, { payload: 1 }],
    ['job', true, { job: 'other' }],
    ['policies', true, { retries: 3, catchUp: '5m', overlap: 'skip', timeout: '1m', note: 'n' }],
    ['expression', false, { cron: '0 10 * * *' }],
    ['time zone', false, { timezone: 'Europe/Berlin' }],
    ['rule for clock changes', false, { dst: 'skip' }],
    ['excluded dates', false, { except: ['2026-12-25'] }],
    ['start', false, { startsAt: NOW }],
    ['end', false, { endsAt: NOW }],
    ['number of runs', false, { maxRuns: 3 }],
    ['spread', false, { spread: '1m' }],
    ['jitter', false, { jitter: '1m' }],
    ['queue', false, { queue: 'slow' }],
  ])('with another %s is the same: %s', (_, expected, change) => {
    expect(sameTiming(definitionOf(before), definitionOf({ ...before, ...change }))).toBe(expected)
  })
})
