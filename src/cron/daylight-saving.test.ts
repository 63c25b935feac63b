import { describe, expect, it } from 'vitest'
import { CronExpression } from './cron-expression.ts'
import { DST_RULES, type DstChoice, type DstRule } from './dst-rule.ts'

describe('an overlap from 03:00 to 02:00 (Europe/Berlin, 25 October 2026)', () => {
  const window = ['2026-10-24T22:00:00Z', '2026-10-25T03:00:00Z'] as const

  it.each([
    ['0 * * * *', '00:00+ 01:00+ 02:00+ 02:00 03:00 04:00'],
    ['30 * * * *', '00:30+ 01:30+ 02:30+ 02:30 03:30'],
    ['0 2-3 * * *', '02:00+ 02:00 03:00'],
    ['0 1-4 * * *', '01:00+ 02:00+ 02:00 03:00 04:00'],
    ['30 0-2,2-3 * * *', '00:30+ 01:30+ 02:30+ 02:30 03:30'],
  ])('%s fires on both passes', (expression, expected) => {
    expect(walls(expression, 'Europe/Berlin', window)).toBe(expected)
  })

  it.each([
    ['0 2 * * *', '02:00+'],
    ['30 2 * * *', '02:30+'],
    ['0 2,3 * * *', '02:00+ 03:00'],
    ['0 0-2 * * *', '00:00+ 01:00+ 02:00+'],
    ['*/30 2 * * *', '02:00+ 02:30+'],
    ['5 2-12/2 * * *', '02:05+'],
    ['0 */1 * * *', '00:00+ 01:00+ 02:00+ 03:00 04:00'],
    ['0 0-23/1 * * *', '00:00+ 01:00+ 02:00+ 03:00 04:00'],
  ])('%s fires on the first pass only', (expression, expected) => {
    expect(walls(expression, 'Europe/Berlin', window)).toBe(expected)
  })
})

describe('a gap shifts by its length, wherever it is', () => {
  it.each([
    ['an hour', '15 2 * * *', 'Europe/Berlin', '2026-03-29', '2026-03-29 03:15'],
    ['an hour west of UTC', '30 2 * * *', 'America/New_York', '2026-03-08', '2026-03-08 03:30'],
    ['half an hour', '15 2 * * *', 'Australia/Lord_Howe', '2026-10-04', '2026-10-04 02:45'],
    ['two hours', '30 1 * * *', 'Antarctica/Troll', '2026-03-29', '2026-03-29 03:30'],
    ['midnight', '0 0 * * *', 'Africa/Cairo', '2026-04-24', '2026-04-24 01:00'],
    ['45 minutes', '30 0 * * *', 'Pacific/Chatham', '2026-09-27', '2026-09-27 00:30'],
    ['a day', '0 12 30 12 *', 'Pacific/Apia', '2011-12-30', '2011-12-31 12:00'],
    ['44 minutes and a half', '30 0 * * *', 'Africa/Monrovia', '1972-01-07', '1972-01-07 01:14'],
  ])('%s: %s in %s', (_, expression, zone, day, expected) => {
    const cron = new CronExpression(expression, zone)
    expect(wallTime(cron.next(new Date(Date.parse(day) - 15 * 3_600_000))!, zone)).toBe(expected)
  })

  it('lets a shifted run and a regular one at the same instant be one', () => {
    const window = ['2026-03-29T00:00:00Z', '2026-03-29T02:00:00Z'] as const
    expect(walls('0 2,3 * * *', 'Europe/Berlin', window)).toBe('03:00+')
    expect(walls('*/30 * * * *', 'Europe/Berlin', window)).toBe('01:00 01:30 03:00+ 03:30+ 04:00+')
  })

  it('runs a date that never was on the day that took its place, once', () => {
    const window = ['2011-12-29T10:00:00Z', '2012-01-01T10:00:00Z'] as const
    const cron = new CronExpression('0 9 * * *', 'Pacific/Apia')
    const days = [...cron.between(new Date(window[0]), new Date(window[1]))].map((at) =>
      wallTime(at, 'Pacific/Apia'),
    )
    expect(days).toEqual(['2011-12-29 09:00', '2011-12-31 09:00', '2012-01-01 09:00'])
  })
})

describe('the rules by name', () => {
  const gap = ['2026-03-08T06:00:00Z', '2026-03-08T08:00:00Z'] as const
  const overlap = ['2026-11-01T05:00:00Z', '2026-11-01T07:00:00Z'] as const

  it.each<[DstRule | Partial<DstChoice>, string, string, string, string]>([
    ['shift', '03:30', '03:30', '01:30+', '01:30+ 01:30'],
    ['vixie', '03:00', '03:30', '01:30+', '01:30+ 01:30'],
    ['skip', '', '03:30', '01:30+', '01:30+'],
    ['literal', '', '03:30', '01:30+ 01:30', '01:30+ 01:30'],
    [{ overlap: 'last' }, '03:30', '03:30', '01:30', '01:30'],
    [{ gap: 'after', overlap: 'both' }, '03:00', '03:30', '01:30+ 01:30', '01:30+ 01:30'],
    [{ gap: 'skip' }, '', '03:30', '01:30+', '01:30+ 01:30'],
  ])('%j: a fixed time and an hourly one, in a gap and in an overlap', (dst, ...expected) => {
    const found = [
      walls('30 2 * * *', 'America/New_York', gap, dst).replaceAll('+', ''),
      walls('30 * * * *', 'America/New_York', gap, dst).replaceAll('+', '').replace('01:30 ', ''),
      walls('30 1 * * *', 'America/New_York', overlap, dst),
      walls('30 * * * *', 'America/New_York', overlap, dst),
    ]
    expect(found).toEqual(expected)
  })

  it('`after` makes up for all skipped times in one run', () => {
    expect(walls('*/20 2 * * *', 'America/New_York', gap, 'vixie')).toBe('03:00+')
  })

  it('stands for two choices each', () => {
    expect(Object.keys(DST_RULES)).toEqual(['shift', 'vixie', 'skip', 'literal'])
    const byName = walls('30 * * * *', 'Europe/Berlin', overlap, 'literal')
    expect(walls('30 * * * *', 'Europe/Berlin', overlap, { gap: 'skip', overlap: 'both' })).toBe(byName)
  })
})

describe('occurrenceAt', () => {
  const cron = new CronExpression('30 2-3 * * *', 'Europe/Berlin')

  it.each([
    ['2026-03-28T01:30:00Z', 0, false],
    ['2026-10-25T00:30:00Z', 0, false],
    ['2026-10-25T01:30:00Z', 0, true],
    ['2026-10-25T02:30:00Z', 0, false],
  ])('%s is %d ms late, second pass %s', (iso, shiftedMs, secondPass) => {
    expect(cron.occurrenceAt(new Date(iso))).toEqual({ instant: new Date(iso), shiftedMs, secondPass })
  })

  it('tells a run that a gap moved from a regular one at the same time', () => {
    const fixed = new CronExpression('30 2 * * *', 'Europe/Berlin')
    const instant = new Date('2026-03-29T01:30:00Z')
    expect(fixed.occurrenceAt(instant)).toEqual({ instant, shiftedMs: 3_600_000, secondPass: false })
    expect(cron.occurrenceAt(instant)).toEqual({ instant, shiftedMs: 0, secondPass: false })
  })

  it('counts from the first skipped time where the rule is `after`', () => {
    const vixie = new CronExpression('15,45 2 * * *', 'Europe/Berlin', { dst: 'vixie' })
    const instant = new Date('2026-03-29T01:00:00Z')
    expect(vixie.occurrenceAt(instant)).toEqual({ instant, shiftedMs: 45 * 60_000, secondPass: false })
  })

  it('is undefined for any other instant', () => {
    expect(cron.occurrenceAt(new Date('2026-03-28T01:30:01Z'))).toBeUndefined()
    expect(cron.occurrenceAt(Date.parse('2026-03-28T01:30:00Z') + 0.5)).toBeUndefined()
  })
})

/** What the clock on the wall shows at each instant of a window; `+` where summer time is on. */
function walls(
  expression: string,
  zone: string,
  [after, until]: readonly [string, string],
  dst: DstRule | Partial<DstChoice> = 'shift',
): string {
  const cron = new CronExpression(expression, zone, { dst })
  const instants = [...cron.between(Date.parse(after) - 1, new Date(until))]
  const winter = offsetMinutes(new Date('2026-01-01'), zone)
  const shown = instants.map(
    (at) => `${wallTime(at, zone).slice(11)}${offsetMinutes(at, zone) > winter ? '+' : ''}`,
  )
  return shown.join(' ')
}

function wallTime(instant: Date, zone: string): string {
  return new Date(instant.getTime() + offsetMinutes(instant, zone) * 60_000)
    .toISOString()
    .slice(0, 16)
    .replace('T', ' ')
}

function offsetMinutes(instant: Date, zone: string): number {
  const clock = new Date(`${instant.toLocaleString('sv', { timeZone: zone })}Z`)
  return (clock.getTime() - Math.floor(instant.getTime() / 1000) * 1000) / 60_000
}
