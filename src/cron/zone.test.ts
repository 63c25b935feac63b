import { describe, expect, it } from 'vitest'
import { UnknownZoneError } from '../errors.ts'
import { CronExpression } from './cron-expression.ts'
import { zoneTable } from './zone.ts'

describe('a time zone', () => {
  it.each([
    ['UTC', '00:00'],
    ['utc', '00:00'],
    ['Etc/UTC', '00:00'],
    ['europe/berlin', '23:00'],
    ['Europe/Kyiv', '22:00'],
    ['Asia/Kolkata', '18:30'],
    ['America/Nuuk', '02:00'],
    ['US/Eastern', '05:00'],
    ['Etc/GMT+5', '05:00'],
    ['+05:30', '18:30'],
    ['-0330', '03:30'],
    ['+14', '10:00'],
    ['-00:00', '00:00'],
  ])('may be written %s', (zone, midnight) => {
    const next = new CronExpression('0 0 * * *', zone).next(Date.UTC(2026, 0, 10))!
    expect(next.toISOString().slice(11, 16)).toBe(midnight === '00:00' ? '00:00' : midnight)
  })

  it.each([
    ['Berlin', 'unknown time zone "Berlin": did you mean "Europe/Berlin"?'],
    ['Europe/Berln', 'unknown time zone "Europe/Berln": did you mean "Europe/Berlin"?'],
    ['Europe/Kiyv', 'unknown time zone "Europe/Kiyv": did you mean "Europe/Kyiv"?'],
    ['new york', 'unknown time zone "new york": did you mean "America/New_York"?'],
    ['UTC+2', 'unknown time zone "UTC+2": write "+02:00"'],
    ['GMT-3:30', 'unknown time zone "GMT-3:30": write "-03:30"'],
    ['', 'unknown time zone "": write a name such as "Europe/Berlin", or "UTC"'],
    ['  ', 'unknown time zone "  ": write a name such as "Europe/Berlin", or "UTC"'],
    ['Z', 'unknown time zone "Z": write "UTC"'],
    ['Local', 'unknown time zone "Local": servers differ in their local time'],
    ['Mars/Phobos', 'unknown time zone "Mars/Phobos"'],
    ['+25:00', 'unknown time zone "+25:00"'],
    [' UTC', 'unknown time zone " UTC": did you mean "UTC"?'],
    ['x'.repeat(5000), 'unknown time zone "xxxx'],
    [null as unknown as string, 'a time zone is a name such as "Europe/Berlin", not object'],
    [5 as unknown as string, 'a time zone is a name such as "Europe/Berlin", not number'],
  ])('may not be %j', (zone, message) => {
    expect(() => new CronExpression('0 0 * * *', zone)).toThrow(message)
    expect(() => new CronExpression('0 0 * * *', zone)).toThrow(UnknownZoneError)
  })

  it('has one table under all its names, in any case', () => {
    expect(zoneTable('asia/KOLKATA')).toBe(zoneTable('Asia/Calcutta'))
    expect(zoneTable('Europe/Berlin')).not.toBe(zoneTable('Europe/Paris'))
  })
})

describe('the clock changes of a zone', () => {
  it.each([
    ['Europe/Berlin', '2026', '2026-03-29T01:00:00Z 7200, 2026-10-25T01:00:00Z 3600'],
    ['Africa/Monrovia', '1972', '1972-01-07T00:44:30Z 0'],
    [
      'America/Recife',
      '2000',
      '2000-02-27T02:00:00Z -10800, 2000-10-08T03:00:00Z -7200, 2000-10-15T02:00:00Z -10800',
    ],
    [
      'Pacific/Apia',
      '2011',
      '2011-04-02T14:00:00Z -39600, 2011-09-24T14:00:00Z -36000, 2011-12-30T10:00:00Z 50400',
    ],
    ['Asia/Kathmandu', '1985', '1985-12-31T18:30:00Z 20700'],
    ['Africa/Casablanca', '2019', '2019-05-05T02:00:00Z 0, 2019-06-09T02:00:00Z 3600'],
    ['America/New_York', '2198', '2198-03-11T07:00:00Z -14400, 2198-11-04T06:00:00Z -18000'],
    ['America/Phoenix', '2026', ''],
    ['+05:30', '2026', ''],
  ])('%s, %s: %s', (zone, year, expected) => {
    expect(changesIn(zone, Number(year))).toBe(expected)
  })

  it('are the same whether a stretch is reached forwards, backwards or at once', () => {
    const years = [2031, 1999, 2150, 2032, 1998]
    const found = years.map((year) => changesIn('Asia/Beirut', year))
    expect(years.map((year) => changesIn('Asia/Beirut', year))).toEqual(found)
    expect(found.every((changes) => changes.split(', ').length === 2)).toBe(true)
  })
})

/** Each change of a year with the offset that it brings, in seconds. */
function changesIn(zone: string, year: number): string {
  const table = zoneTable(zone)
  const found: string[] = []
  let at = Date.UTC(year, 0)
  while (at < Date.UTC(year + 1, 0)) {
    const span = table.spanAt(at)
    const segment = span.segmentAt(at)
    if (span.start(segment) === at && span.offset(segment) !== span.offsetBefore(segment)) {
      found.push(`${new Date(at).toISOString().replace('.000', '')} ${span.offset(segment) / 1000}`)
    }
    at = span.end(segment)
  }
  return found.join(', ')
}
