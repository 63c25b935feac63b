import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'

/** Open Cron Pattern Specification 1.0, the baseline: by section. */
describe('OCPS 1.0', () => {
  it.each([
    ['15 10 * * *', '2025-03-10 10:15', true],
    ['15 10 * * *', '2025-03-10 10:14', false],
    ['  15   10\t*  * * ', '2025-03-10 10:15', true],
  ])('4.1: five fields, blanks around and between them: %j at %s', fires)

  it.each([
    ['0 0 1 1 *', '2027-01-01 00:00', true],
    ['59 23 31 12 *', '2027-12-31 23:59', true],
    ['0 0 * JAN *', '2027-01-15 00:00', true],
    ['0 0 * dec *', '2027-12-15 00:00', true],
    ['30 8 * jan Mon', '2025-01-06 08:30', true],
    ['30 8 * jan Mon', '2025-02-03 08:30', false],
    ['0 0 * * 0', '2027-01-03 00:00', true],
    ['0 0 * * 7', '2027-01-03 00:00', true],
    ['0 0 * * sun', '2027-01-03 00:00', true],
    ['0 0 * * SAT', '2027-01-02 00:00', true],
    ['0 0 * * 0,7', '2027-01-04 00:00', false],
  ])('4.2: the values of the fields, names in any case, Sunday 0 or 7: %j at %s', fires)

  it.each(['L', 'W', '5#1', '?', '+1', '1;2', '0 0', '{1}', '1.5', '¹', '@daily'])(
    '4.3: no other characters, in the standard syntax: %j',
    (day) => {
      expect(() => new CronExpression(`0 0 ${day} * *`, 'UTC', { syntax: 'standard' })).toThrow(
        CronSyntaxError,
      )
    },
  )

  it.each([
    ['0,15,30,45 * * * *', '2025-01-01 00:45', true],
    ['0,15,30,45 * * * *', '2025-01-01 00:46', false],
    ['0 9-17 * * *', '2025-01-01 17:00', true],
    ['0 9-17 * * *', '2025-01-01 18:00', false],
    ['5-59/15 9 * * *', '2025-03-10 09:50', true],
    ['5-59/15 9 * * *', '2025-03-10 09:05', true],
    ['5-59/15 9 * * *', '2025-03-10 09:15', false],
    ['*/20 * * * *', '2025-01-01 00:40', true],
    ['0 0 */10 * *', '2025-01-11 00:00', true],
    ['0 0 */10 * *', '2025-01-10 00:00', false],
    ['1-3,10-12/2,*/30 * * * *', '2025-01-01 00:12', true],
    ['1-3,10-12/2,*/30 * * * *', '2025-01-01 00:30', true],
    ['1-3,10-12/2,*/30 * * * *', '2025-01-01 00:11', false],
  ])('5: lists of ranges, stars and steps, each on its own: %j at %s', fires)

  it.each([
    ['0 12 1 * MON', '2025-10-01 12:00', true],
    ['0 12 1 * MON', '2025-10-06 12:00', true],
    ['0 12 1 * MON', '2025-10-07 12:00', false],
    ['0 12 * * MON', '2025-10-07 12:00', false],
    ['0 12 1-31 * MON', '2025-10-07 12:00', true],
    ['0 12 1 * 0-6', '2025-10-07 12:00', true],
    ['0 12 1 * *', '2025-10-07 12:00', false],
  ])('6.1: either day field, unless one is literally a star: %j at %s', fires)

  it.each([
    '60 * * * *',
    '0 24 * * *',
    '0 0 0 * *',
    '0 0 32 * *',
    '0 0 * 13 *',
    '0 0 * * 8',
    '0 0 10-5 * *',
    '*/0 * * * *',
  ])('6.2: out of range, descending and zero are errors: %j', (expression) => {
    expect(() => new CronExpression(expression)).toThrow(CronSyntaxError)
  })

  it('6.2: a date that never comes is valid, and has no next instant', () => {
    expect(new CronExpression('* * 31 2 *').next(0)).toBeUndefined()
  })

  it('6.4: the zone is the reader’s', () => {
    expect(new CronExpression('0 0 * * *', 'Asia/Tokyo').next(0)).toEqual(new Date('1970-01-01T15:00:00Z'))
  })

  describe('differences on purpose', () => {
    it('reads a/n as a to the maximum in steps of n', () => {
      fires('5/20 * * * *', '2025-01-01 00:45', true)
      fires('5/20 * * * *', '2025-01-01 00:40', false)
    })

    it('refuses a star in a list, which later revisions allow', () => {
      expect(() => new CronExpression('*,5 * * * *')).toThrow(CronSyntaxError)
    })

    it('refuses a step that is longer than the field', () => {
      expect(() => new CronExpression('*/60 * * * *')).toThrow(CronSyntaxError)
    })

    it('takes a line break as a blank', () => {
      fires('15\r\n10 * * *', '2025-03-10 10:15', true)
    })
  })
})

function fires(expression: string, local: string, expected: boolean): void {
  const instant = Date.parse(`${local.replace(' ', 'T')}:00Z`)
  for (const syntax of ['standard', 'extended'] as const) {
    expect(new CronExpression(expression, 'UTC', { syntax }).matches(instant)).toBe(expected)
  }
}
