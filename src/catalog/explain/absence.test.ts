import { describe, expect, it } from 'vitest'
import { resolveDefinition } from '../../schedule/resolve-definition.ts'
import type { ScheduleInput } from '../../schedule/schedule-input.ts'
import { absenceOf, names, recurrenceText, zoneOf } from './absence.ts'

const SEED = 'default/a'
const at = (text: string) => Date.parse(text)
const resolve = (input: Partial<ScheduleInput>) => resolveDefinition({ job: 'job', ...input }, SEED)
const BERLIN = { cron: '30 2 * * *', timezone: 'Europe/Berlin' }

/** Code and text, as `not-due: The schedule …`. */
function absence(input: Partial<ScheduleInput>, instant: string): string {
  const { code, text } = absenceOf(resolve(input).definition, SEED, at(instant))
  return `${code}: ${text}`
}

describe('an instant that a schedule does not name', () => {
  const startsAt = '2026-06-02T00:30:00Z'
  const endsAt = '2026-06-10T00:30:00Z'

  it.each<[string, Partial<ScheduleInput>, string, string]>([
    [
      'lies before the start',
      { ...BERLIN, startsAt },
      '2026-06-01T00:30:00Z',
      'before-start: It is before the start of the schedule, 2026-06-02 02:30:00 +02:00.',
    ],
    [
      'lies before the start of an interval',
      { every: '1h', startsAt },
      '2026-06-01T00:00:00Z',
      'before-start: It is before the start of the schedule, 2026-06-02 00:30:00 +00:00.',
    ],
    [
      'lies after the end',
      { ...BERLIN, endsAt },
      '2026-06-11T00:30:00Z',
      'after-end: It is after the end of the schedule, 2026-06-10 02:30:00 +02:00.',
    ],
    [
      'lies before the start, and there is an end too',
      { ...BERLIN, startsAt, endsAt },
      '2026-06-01T00:30:00Z',
      'before-start: It is before the start of the schedule, 2026-06-02 02:30:00 +02:00.',
    ],
    [
      'lies after the end, and there is a start too',
      { ...BERLIN, startsAt, endsAt },
      '2026-06-11T00:30:00Z',
      'after-end: It is after the end of the schedule, 2026-06-10 02:30:00 +02:00.',
    ],
    [
      'does not match the expression, before the start',
      { ...BERLIN, startsAt },
      '2026-06-01T00:31:00Z',
      'not-due: The schedule runs 30 2 * * * in Europe/Berlin, which does not name this instant.',
    ],
    [
      'does not match the expression, after the end',
      { ...BERLIN, endsAt },
      '2026-06-11T00:31:00Z',
      'not-due: The schedule runs 30 2 * * * in Europe/Berlin, which does not name this instant.',
    ],
    [
      'falls on an excluded date, of its zone',
      { ...BERLIN, cron: '30 0 * * *', except: ['2026-12-25'] },
      '2026-12-24T23:30:00Z',
      'excluded-date: 2026-12-25 is one of the dates on which the schedule does not run.',
    ],
    [
      'falls on an excluded date before the start',
      { ...BERLIN, startsAt, except: ['2026-06-01'] },
      '2026-06-01T00:30:00Z',
      'excluded-date: 2026-06-01 is one of the dates on which the schedule does not run.',
    ],
    [
      'does not match the expression on an excluded date either',
      { ...BERLIN, except: ['2026-06-01'] },
      '2026-06-01T00:31:00Z',
      'not-due: The schedule runs 30 2 * * * in Europe/Berlin, which does not name this instant.',
    ],
    [
      'is the second pass through a time of day that runs once',
      BERLIN,
      '2026-10-25T01:30:00Z',
      'clock-change: A clock change repeats this time of day, and the rule "shift" runs it on one of the two passes only, which this is not.',
    ],
    [
      'is that on an excluded date, which would not make it run',
      { ...BERLIN, except: ['2026-10-25'] },
      '2026-10-25T01:30:00Z',
      'clock-change: A clock change repeats this time of day, and the rule "shift" runs it on one of the two passes only, which this is not.',
    ],
    [
      'is that within a start and an end',
      { ...BERLIN, startsAt, endsAt: '2027-01-01T00:00:00Z' },
      '2026-10-25T01:30:00Z',
      'clock-change: A clock change repeats this time of day, and the rule "shift" runs it on one of the two passes only, which this is not.',
    ],
    [
      'is where the default rule moves a time that was skipped',
      { ...BERLIN, dst: 'skip' },
      '2026-03-29T01:30:00Z',
      'clock-change: A clock change skips the time that the expression names, and the rule "skip" does not run it here.',
    ],
    [
      'is where cron moves a time that was skipped',
      BERLIN,
      '2026-03-29T01:00:00Z',
      'clock-change: A clock change skips the time that the expression names, and the rule "shift" does not run it here.',
    ],
    [
      'does not match an interval',
      { every: '90m' },
      '2026-06-01T01:00:00Z',
      'not-due: The schedule runs every 1h30m, which does not name this instant.',
    ],
    [
      'is not the only one',
      { at: '2026-06-01T10:00:00Z' },
      '2026-06-01T10:00:01Z',
      'not-due: The schedule runs once at 2026-06-01 10:00:00 +00:00, which does not name this instant.',
    ],
  ])('%s', (_, input, instant, expected) => {
    expect(absence(input, instant)).toBe(expected)
  })

  it('may be another one of H, which the key decides', () => {
    const { definition, recurrence } = resolve({ cron: 'H 9 * * *', startsAt })
    const first = recurrence.nextMs(at('2026-06-03T00:00:00Z'))!
    const before = first - 2 * 86_400_000
    expect(absenceOf(definition, SEED, before).code).toBe('before-start')
    expect(absenceOf(definition, 'default/another', before).code).toBe('not-due')
  })
})

describe('what a definition says', () => {
  it('is whether it names an instant, to the millisecond', () => {
    const { recurrence } = resolve({ cron: '30 2 * * *' })
    const instant = at('2026-06-01T02:30:00Z')
    expect([instant - 1, instant, instant + 1].map((one) => names(recurrence, one))).toEqual([
      false,
      true,
      false,
    ])
  })

  it.each<[string, Partial<ScheduleInput>, string, string]>([
    ['an expression', BERLIN, 'Europe/Berlin', '30 2 * * * in Europe/Berlin'],
    ['several', { cron: ['0 9 * * *', '0 17 * * *'] }, 'UTC', '0 9 * * * or 0 17 * * * in UTC'],
    ['an interval', { every: '5m' }, 'UTC', 'every 5m'],
    ['one instant', { at: 0 }, 'UTC', 'once at 1970-01-01 00:00:00 +00:00'],
  ])('of %s is its zone and when it runs', (_, input, zone, text) => {
    const { definition } = resolve(input)
    expect(zoneOf(definition)).toBe(zone)
    expect(recurrenceText(definition)).toBe(text)
  })
})
