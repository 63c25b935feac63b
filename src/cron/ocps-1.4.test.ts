import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'

/** Open Cron Pattern Specification 1.4, evaluation: by section. */
describe('OCPS 1.4', () => {
  it.each([
    ['0 12 1 * MON', '2025-09-01', true],
    ['0 12 1 * MON', '2025-09-08', true],
    ['0 12 1 * MON', '2025-10-01', true],
    ['0 12 1 * MON', '2025-10-07', false],
  ])('4.1.1: either day field is enough: %j on %s', fires)

  it.each([
    ['0 12 1 * +MON', '2025-09-01', true],
    ['0 12 1 * +MON', '2025-09-08', false],
    ['0 12 1 * +MON', '2025-10-01', false],
    ['0 12 1-7 * +MON', '2025-10-06', true],
    ['0 0 12 L * +FRI#L', '2026-07-31', true],
    ['0 0 12 1 * +MON 2025', '2025-09-01', true],
  ])('4.1.2: with + before the day of week, both must match: %j on %s', fires)

  it.each([
    '0 12 +1 * MON',
    '+0 12 1 * MON',
    '0 12 1 +9 MON',
    '0 12 1 * MON+',
    '0 12 1 * MON,+TUE',
    '0 12 1 * ++MON',
    '0 12 1 * +',
  ])('4.1.2: + anywhere else is an error: %j', (text) => {
    expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
  })

  it.each([
    ['0 12 ? * MON', '2025-10-06', true],
    ['0 12 ? * MON', '2025-10-07', false],
    ['0 12 1 * ?', '2025-10-01', true],
    ['0 12 1 * ?', '2025-10-07', false],
  ])('4.2: ? is a star in the day fields: %j on %s', fires)

  it.each([
    '? 12 * * *',
    '0 ? * * *',
    '0 12 * ? *',
    '? 0 12 * * *',
    '0 0 12 * * * ?',
    '0 12 ?/2 * *',
    '0 12 ?,1 * *',
  ])('4.2: ? anywhere else is an error: %j', (text) => {
    expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
  })

  it('4.3.2: dates are Gregorian, and a search ends with the year 2199', () => {
    const leapDay = new CronExpression('0 0 29 2 *')
    expect(leapDay.next(new Date('2096-03-01'))).toEqual(new Date('2104-02-29T00:00:00Z'))
    expect(leapDay.next(new Date('2196-03-01'))).toBeUndefined()
  })

  describe('differences on purpose', () => {
    it('4.3.1: a time in a gap is shifted, not skipped; the rule `skip` is the recommended one', () => {
      const fixed = new CronExpression('30 2 * * *', 'Europe/Berlin')
      expect(fixed.next(new Date('2026-03-29T00:00:00Z'))).toEqual(new Date('2026-03-29T01:30:00Z'))

      const skipping = new CronExpression('30 2 * * *', 'Europe/Berlin', { dst: 'skip' })
      expect(skipping.next(new Date('2026-03-29T00:00:00Z'))).toEqual(new Date('2026-03-30T00:30:00Z'))
    })

    it('4.3.1: an hourly run has no hole in an overlap; under the rule `skip` it has', () => {
      const [from, to] = [new Date('2026-10-25T00:00:00Z'), new Date('2026-10-25T03:00:00Z')]
      expect([...new CronExpression('30 * * * *', 'Europe/Berlin').between(from, to)]).toHaveLength(3)
      expect([
        ...new CronExpression('30 * * * *', 'Europe/Berlin', { dst: 'skip' }).between(from, to),
      ]).toHaveLength(2)
    })
  })
})

function fires(expression: string, date: string, expected: boolean): void {
  expect(new CronExpression(expression).matches(new Date(`${date}T12:00:00Z`))).toBe(expected)
}
