import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'

/** Open Cron Pattern Specification 1.1, nicknames: by section. */
describe('OCPS 1.1', () => {
  it.each([
    ['@yearly', '0 0 1 1 *', '2027-01-01 00:00'],
    ['@annually', '0 0 1 1 *', '2027-01-01 00:00'],
    ['@monthly', '0 0 1 * *', '2026-02-01 00:00'],
    ['@weekly', '0 0 * * 0', '2026-01-04 00:00'],
    ['@daily', '0 0 * * *', '2026-01-02 00:00'],
    ['@midnight', '0 0 * * *', '2026-01-02 00:00'],
    ['@hourly', '0 * * * *', '2026-01-01 01:00'],
  ])('7.1: %s is %s', (nickname, fields, next) => {
    const cron = new CronExpression(nickname)
    const start = Date.UTC(2026, 0, 1)
    expect(cron.next(start)?.toISOString().slice(0, 16)).toBe(next.replace(' ', 'T'))

    const year = [...cron.between(start, Date.UTC(2028, 0))]
    expect(year).toEqual([...new CronExpression(fields).between(start, Date.UTC(2028, 0))])
  })

  it('7.1: blanks around a nickname do not count', () => {
    expect(String(new CronExpression('  @daily\t'))).toBe('0 0 * * *')
  })

  it.each(['@Daily', '@DAILY', '@daily 0 0 * * *', '0 0 * * * @daily', '@daily @hourly', '@fortnightly'])(
    '7.1: %j is an error: case counts, and nothing stands beside a nickname',
    (text) => {
      expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
    },
  )

  it.each(['/30 * * * *', '*/ * * * *', '*/0 * * * *'])('6.2: the step %j is an error', (text) => {
    expect(() => new CronExpression(text)).toThrow(CronSyntaxError)
  })

  it('6.2: every item of a list is checked', () => {
    expect(() => new CronExpression('*/1,61 * * * *')).toThrow(CronSyntaxError)
  })

  describe('differences on purpose', () => {
    it('refuses @reboot when it is read, because a stored schedule has no start-up', () => {
      expect(() => new CronExpression('@reboot')).toThrow('run it where your program starts')
    })

    it('reads SUN as 0, so that SAT-SUN runs backwards; SAT-7 is the way to write it', () => {
      expect(() => new CronExpression('0 0 * * SAT-SUN')).toThrow(CronSyntaxError)
      expect(new CronExpression('0 0 * * SAT-7').matches(Date.UTC(2026, 0, 4))).toBe(true)
    })
  })
})
