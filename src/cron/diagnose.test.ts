import { describe, expect, it } from 'vitest'
import { CronExpression } from './cron-expression.ts'
import type { DstRule } from './dst-rule.ts'

const now = new Date('2026-01-01T00:00:00Z')

describe('diagnose', () => {
  it.each([
    '0 9 * * MON-FRI',
    '*/15 * * * *',
    '0 0 1 * *',
    '0 0 L * *',
    '0 0 13 * +FRI',
    '0 0 29 2 *',
    '@hourly',
  ])('has nothing to say about %s', (expression) => {
    expect(new CronExpression(expression).diagnose(now)).toEqual([])
  })

  it.each([
    ['0 0 30 2 *', 'never: never fires: there is no such date'],
    ['0 0 0 1 1 * 2020', 'ended: does not fire any more: its last year is over'],
    ['0 0 31 * *', 'short-months: does not fire on day 31 of FEB, APR, JUN, SEP, NOV: there is no such date'],
    ['0 0 30 1-6 *', 'short-months: does not fire on day 30 of FEB: there is no such date'],
    [
      '0 0 13 * FRI',
      'either-day: fires when the day of month or the day of week matches; write "+" before the day of',
    ],
    ['*/7 * * * *', 'uneven-step: minute */7 begins anew with every hour: its last interval is shorter'],
    ['0 */5 * * *', 'uneven-step: hour */5 begins anew with every day: its last interval is shorter'],
    [
      '0 0 */2 * *',
      'uneven-step: day of month */2 begins anew with every month: its last interval is shorter',
    ],
    [
      '*/40 * * * * *',
      'uneven-step: second */40 begins anew with every minute: its last interval is shorter',
    ],
  ])('%s: %s', (expression, expected) => {
    const findings = new CronExpression(expression).diagnose(now)
    expect(findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringContaining(expected),
    ])
  })

  it.each<[DstRule, string, string]>([
    ['shift', 'it fires at 2026-03-29 03:30 instead', 'it fires on the first pass'],
    ['vixie', 'it fires at 2026-03-29 03:00 instead', 'it fires on the first pass'],
    ['skip', 'it does not fire', 'it fires on the first pass'],
    ['literal', 'it does not fire', 'it fires on both passes'],
  ])('tells what the next clock changes do under the rule %s', (dst, inGap, inOverlap) => {
    const findings = new CronExpression('30 2 * * *', 'Europe/Berlin', { dst }).diagnose(now)
    expect(findings).toEqual([
      {
        code: 'skipped-time',
        message: `2026-03-29 02:30 does not exist in Europe/Berlin: ${inGap}`,
        at: new Date('2026-03-29T01:00:00Z'),
      },
      {
        code: 'repeated-time',
        message: `2026-10-25 02:30 comes twice in Europe/Berlin: ${inOverlap}`,
        at: new Date('2026-10-25T01:00:00Z'),
      },
    ])
  })

  it('looks from the given instant on', () => {
    const cron = new CronExpression('30 2 * * *', 'Europe/Berlin')
    const findings = cron.diagnose(new Date('2026-03-29T01:00:00Z'))
    expect(findings.map(({ at }) => at?.toISOString().slice(0, 10))).toEqual(['2027-03-28', '2026-10-25'])
  })

  it('says that a range of hours fires twice, and nothing about every hour', () => {
    const [finding] = new CronExpression('0 1-4 * * *', 'Europe/London').diagnose(new Date('2026-06-01'))
    expect(finding?.message).toContain(
      '2027-03-28 01:00 does not exist in Europe/London: it fires at 2027-03-28 02:00',
    )
    expect(new CronExpression('0 * * * *', 'Europe/London').diagnose(now)).toEqual([])
  })

  it('knows a zone without clock changes', () => {
    expect(new CronExpression('30 2 * * *', 'Asia/Tokyo').diagnose(now)).toEqual([])
  })
})
