import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import { CronExpression, type CronOptions } from './cron-expression.ts'

describe('CronExpression', () => {
  it('takes `after` as exclusive and `until` as inclusive', () => {
    const hourly = new CronExpression('0 * * * *')
    const noon = Date.UTC(2026, 0, 1, 12)

    expect(hourly.nextMs(noon)).toBe(noon + 3_600_000)
    expect(hourly.nextMs(noon - 1)).toBe(noon)
    expect(hourly.nextMs(noon - 1, noon)).toBe(noon)
    expect(hourly.nextMs(noon - 1, noon - 1)).toBeUndefined()
  })

  it('takes `before` as exclusive and `since` as inclusive', () => {
    const hourly = new CronExpression('0 * * * *')
    const noon = Date.UTC(2026, 0, 1, 12)

    expect(hourly.previousMs(noon)).toBe(noon - 3_600_000)
    expect(hourly.previousMs(noon + 1)).toBe(noon)
    expect(hourly.previousMs(noon + 1, noon)).toBe(noon)
    expect(hourly.previousMs(noon + 1, noon + 1)).toBeUndefined()
  })

  it('takes dates and numbers alike, and gives dates', () => {
    const daily = new CronExpression('0 0 * * *')
    const newYear = new Date('2026-01-01T00:00:00Z')

    expect(daily.next(newYear.getTime() - 1)).toEqual(newYear)
    expect(daily.next(new Date(newYear.getTime() - 1), newYear)).toEqual(newYear)
    expect(daily.previous(newYear.getTime() + 1)).toEqual(newYear)
    expect(daily.previous(new Date(newYear.getTime() + 1), newYear)).toEqual(newYear)
  })

  it('walks all instants between two, as often as it is asked', () => {
    const walk = new CronExpression('0 */6 * * *').between(
      Date.UTC(2026, 0, 1),
      new Date('2026-01-02T00:00:00Z'),
    )
    const hours = ['T06:00', 'T12:00', 'T18:00', 'T00:00']

    expect([...walk].map((date) => date.toISOString().slice(10, 16))).toEqual(hours)
    expect([...walk]).toHaveLength(4)
  })

  it('matches instants to the millisecond', () => {
    const cron = new CronExpression('30 8 * * MON', 'Europe/Berlin')
    expect(cron.matches(new Date('2026-01-05T07:30:00.000Z'))).toBe(true)
    expect(cron.matches(new Date('2026-01-05T07:30:00.001Z'))).toBe(false)
    expect(cron.matches(new Date('2026-01-05T07:30:01.000Z'))).toBe(false)
    expect(cron.matches(new Date('2026-01-06T07:30:00.000Z'))).toBe(false)
  })

  it('keeps text and zone as they were given, and prints itself in normal form', () => {
    const cron = new CronExpression('  0 9  * * mon-FRI', 'europe/berlin')
    expect([cron.expression, cron.timezone]).toEqual(['  0 9  * * mon-FRI', 'europe/berlin'])
    expect(String(cron)).toBe('0 9 * * 1-5')
    expect(String(new CronExpression('@weekly'))).toBe('0 0 * * 0')
  })

  it('gives one seed one time, and other seeds other times', () => {
    const times = ['a', 'a', 'b'].map((seed) => String(new CronExpression('H H * * *', 'UTC', { seed })))
    expect(times[0]).toBe(times[1])
    expect(times[0]).not.toBe(times[2])
    expect(String(new CronExpression(times[0]!))).toBe(times[0])
  })

  it.each<[CronOptions, string]>([
    [{ syntax: 'quartz' as 'standard' }, 'syntax is "quartz", not one of standard, extended'],
    [
      { dst: 'vixi' as 'vixie' },
      'dst is "vixi", not one of shift, vixie, skip, literal: did you mean "vixie"?',
    ],
    [
      { dst: null as unknown as 'shift' },
      'dst is a value of type object, not one of shift, vixie, skip, literal',
    ],
    [{ dst: { gap: 'drop' as 'skip' } }, 'dst.gap is "drop", not one of shift, after, skip'],
    [{ dst: { overlap: 'twice' as 'both' } }, 'dst.overlap is "twice", not one of auto, first, last, both'],
    [{ seed: 5 as unknown as string }, 'seed is not a string'],
  ])('refuses the options %j', (options, message) => {
    expect(() => new CronExpression('* * * * *', 'UTC', options)).toThrow(message)
    expect(() => new CronExpression('* * * * *', 'UTC', options)).toThrow(InvalidInputError)
  })
})

describe('the limits of a search', () => {
  it.each([
    '0 0 30 2 *',
    '0 0 31 4,6,9,11 *',
    '0 0 0 29 2 * 2100',
    '0 0 31 2 +MON',
    '0 0 L-30 2 *',
    '0 0 31W 6 *',
  ])('%s fires never, and says so', (expression) => {
    const cron = new CronExpression(expression, 'Europe/Berlin')
    expect(cron.nextMs(-Infinity)).toBeUndefined()
    expect(cron.previousMs(Infinity)).toBeUndefined()
    expect([...cron.between(0, Date.UTC(2199, 11, 31))]).toEqual([])
  })

  it('are the years 1970 and 2199 of the local time', () => {
    const midnight = new CronExpression('0 0 * * *', 'Pacific/Kiritimati')
    expect(midnight.next(-Infinity)).toEqual(new Date('1970-01-01T10:40:00Z'))
    expect(midnight.previous(Infinity)).toEqual(new Date('2199-12-30T10:00:00Z'))

    const late = new CronExpression('59 23 * * *', 'Etc/GMT+12')
    expect(late.previous(Infinity)).toEqual(new Date('2200-01-01T11:59:00Z'))
    expect(late.next(late.previous(Infinity)!)).toBeUndefined()
    expect(late.previous(late.next(-Infinity)!)).toBeUndefined()
  })

  it('let years far from now be as exact as this one', () => {
    const cron = new CronExpression('30 2 * * SUN', 'America/New_York')
    expect(cron.next(new Date('2190-03-13T00:00:00Z'))).toEqual(new Date('2190-03-14T07:30:00Z'))
    expect(cron.next(new Date('1974-01-05T00:00:00Z'))).toEqual(new Date('1974-01-06T07:30:00Z'))
  })

  it.each([NaN, Infinity, 1e300, Date.UTC(2300, 0)])('find nothing after %d, and end', (after) => {
    const cron = new CronExpression('* * * * *')
    expect(cron.nextMs(after)).toBeUndefined()
    expect(cron.nextMs(0, NaN)).toBeUndefined()
    expect(cron.matches(after)).toBe(false)
    expect(cron.occurrenceAt(after)).toBeUndefined()
  })

  it.each([NaN, -Infinity, -1e300, Date.UTC(1960, 0)])('find nothing before %d, and end', (before) => {
    expect(new CronExpression('* * * * *').previousMs(before)).toBeUndefined()
  })
})

describe('any instant of 1970 to 2199', () => {
  const expressions = fc.constantFrom(
    '* * * * *',
    '*/15 9-17 * * MON-FRI',
    '0 2 * * *',
    '0 0 29 2 *',
    '30 4 1,15 * 5',
    '0 0 L-2 */3 +THU',
    '*/7 * * * * *',
    '15 30 2 LW * *',
    '0 12 ? * FRI#L',
    '59 59 23 31 12 * */4',
    '0 0 15W 1-7 *',
    '45 1-3 * * 0',
  )
  const zones = fc.constantFrom('UTC', '-03:30', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca')
  const rules = fc.constantFrom('shift', 'vixie', 'skip', 'literal')

  it('has one next and one previous instant, wherever a search begins', () => {
    const instants = fc.integer({ min: 0, max: Date.UTC(2190, 0) })
    const property = fc.property(
      expressions,
      zones,
      rules,
      instants,
      fc.nat(),
      (text, zone, dst, start, spread) => {
        const cron = new CronExpression(text, zone, { dst: dst as 'shift' })
        let at = cron.nextMs(start)!
        expect(at).toBeGreaterThan(start)
        for (let i = 0; i < 10; i++) {
          const next = cron.nextMs(at)
          if (next === undefined) break
          const between = at + (spread % (next - at))

          expect(next).toBeGreaterThan(at)
          expect(next % 1000).toBe(0)
          expect([cron.matches(at), cron.matches(next)]).toEqual([true, true])
          expect(cron.nextMs(between)).toBe(next)
          expect(cron.previousMs(between + 1)).toBe(at)
          expect(cron.previousMs(next)).toBe(at)
          at = next
        }
      },
    )
    fc.assert(property, { numRuns: 300 })
  })
})
