import { describe, expect, it } from 'vitest'
import { ConfigError, CronSyntaxError, UnknownZoneError } from '../../errors.ts'
import { Frequencies } from './frequencies.ts'
import { TaskSchedule } from './task-schedule.ts'

type Say = (t: Frequencies) => unknown
type Row = readonly [Say, string, string, string]

/** A Wednesday. */
const FROM = '03-04 05:06:07'

/** `03-04 05:06:07` is of 2026; other years are written out. All in UTC. */
const at = (text: string) => Date.parse(`${/^\d{4}-/.test(text) ? '' : '2026-'}${text}Z`)
const iso = (text: string) => new Date(at(text)).toISOString()
const shown = (say: Say) => String(say).replace(/^\(?t\)? => t\./, '')

function build(say: Say) {
  const schedule = new TaskSchedule()
  say(schedule.call(() => {}).name('task'))
  return schedule.build({ timezone: 'UTC' })[0]!.timing
}

function next(say: Say, from = FROM, count = 3): string[] {
  const { recurrence } = build(say)
  const found: string[] = []
  let instant = at(from)
  while (found.length < count) {
    instant = recurrence.nextMs(instant)!
    found.push(new Date(instant).toISOString())
  }
  return found
}

const named = (rows: readonly Row[]) =>
  rows.map(([say, ...instants]) => ({ call: shown(say), say, instants }))

const SECONDS: readonly Row[] = [
  [(t) => t.everySecond(), '03-04 05:06:08', '03-04 05:06:09', '03-04 05:06:10'],
  [(t) => t.everyTwoSeconds(), '03-04 05:06:08', '03-04 05:06:10', '03-04 05:06:12'],
  [(t) => t.everyFiveSeconds(), '03-04 05:06:10', '03-04 05:06:15', '03-04 05:06:20'],
  [(t) => t.everyTenSeconds(), '03-04 05:06:10', '03-04 05:06:20', '03-04 05:06:30'],
  [(t) => t.everyFifteenSeconds(), '03-04 05:06:15', '03-04 05:06:30', '03-04 05:06:45'],
  [(t) => t.everyTwentySeconds(), '03-04 05:06:20', '03-04 05:06:40', '03-04 05:07:00'],
  [(t) => t.everyThirtySeconds(), '03-04 05:06:30', '03-04 05:07:00', '03-04 05:07:30'],
]

const MINUTES: readonly Row[] = [
  [(t) => t.everyMinute(), '03-04 05:07', '03-04 05:08', '03-04 05:09'],
  [(t) => t.everyTwoMinutes(), '03-04 05:08', '03-04 05:10', '03-04 05:12'],
  [(t) => t.everyThreeMinutes(), '03-04 05:09', '03-04 05:12', '03-04 05:15'],
  [(t) => t.everyFourMinutes(), '03-04 05:08', '03-04 05:12', '03-04 05:16'],
  [(t) => t.everyFiveMinutes(), '03-04 05:10', '03-04 05:15', '03-04 05:20'],
  [(t) => t.everyTenMinutes(), '03-04 05:10', '03-04 05:20', '03-04 05:30'],
  [(t) => t.everyFifteenMinutes(), '03-04 05:15', '03-04 05:30', '03-04 05:45'],
  [(t) => t.everyThirtyMinutes(), '03-04 05:30', '03-04 06:00', '03-04 06:30'],
]

const HOURS: readonly Row[] = [
  [(t) => t.hourly(), '03-04 06:00', '03-04 07:00', '03-04 08:00'],
  [(t) => t.hourlyAt(17), '03-04 05:17', '03-04 06:17', '03-04 07:17'],
  [(t) => t.hourlyAt(5, 40), '03-04 05:40', '03-04 06:05', '03-04 06:40'],
  [(t) => t.hourlyAt(40, 5), '03-04 05:40', '03-04 06:05', '03-04 06:40'],
  [(t) => t.everyOddHour(), '03-04 07:00', '03-04 09:00', '03-04 11:00'],
  [(t) => t.everyOddHour(15), '03-04 05:15', '03-04 07:15', '03-04 09:15'],
  [(t) => t.everyTwoHours(), '03-04 06:00', '03-04 08:00', '03-04 10:00'],
  [(t) => t.everyTwoHours(20), '03-04 06:20', '03-04 08:20', '03-04 10:20'],
  [(t) => t.everyThreeHours(), '03-04 06:00', '03-04 09:00', '03-04 12:00'],
  [(t) => t.everyThreeHours(30), '03-04 06:30', '03-04 09:30', '03-04 12:30'],
  [(t) => t.everyFourHours(), '03-04 08:00', '03-04 12:00', '03-04 16:00'],
  [(t) => t.everyFourHours(10), '03-04 08:10', '03-04 12:10', '03-04 16:10'],
  [(t) => t.everySixHours(), '03-04 06:00', '03-04 12:00', '03-04 18:00'],
  [(t) => t.everySixHours(45), '03-04 06:45', '03-04 12:45', '03-04 18:45'],
]

const DAYS: readonly Row[] = [
  [(t) => t.daily(), '03-05 00:00', '03-06 00:00', '03-07 00:00'],
  [(t) => t.at('13:00'), '03-04 13:00', '03-05 13:00', '03-06 13:00'],
  [(t) => t.at('4:05'), '03-05 04:05', '03-06 04:05', '03-07 04:05'],
  [(t) => t.daily().at('23:59'), '03-04 23:59', '03-05 23:59', '03-06 23:59'],
  [(t) => t.dailyAt('5:06'), '03-05 05:06', '03-06 05:06', '03-07 05:06'],
  [(t) => t.dailyAt('13'), '03-04 13:00', '03-05 13:00', '03-06 13:00'],
  [(t) => t.twiceDaily(), '03-04 13:00', '03-05 01:00', '03-05 13:00'],
  [(t) => t.twiceDaily(8, 20), '03-04 08:00', '03-04 20:00', '03-05 08:00'],
  [(t) => t.twiceDailyAt(), '03-04 13:00', '03-05 01:00', '03-05 13:00'],
  [(t) => t.twiceDailyAt(5, 17, 15), '03-04 05:15', '03-04 17:15', '03-05 05:15'],
]

const WEEKS: readonly Row[] = [
  [(t) => t.weekly(), '03-08 00:00', '03-15 00:00', '03-22 00:00'],
  [(t) => t.weekly().at('13:00'), '03-08 13:00', '03-15 13:00', '03-22 13:00'],
  [(t) => t.weekly().mondays(), '03-09 00:00', '03-16 00:00', '03-23 00:00'],
  [(t) => t.weekly().days('thu', 'sat').at('6:00'), '03-05 06:00', '03-07 06:00', '03-12 06:00'],
  [(t) => t.weeklyOn(3), '03-11 00:00', '03-18 00:00', '03-25 00:00'],
  [(t) => t.weeklyOn(7), '03-08 00:00', '03-15 00:00', '03-22 00:00'],
  [(t) => t.weeklyOn('Monday', '8:00'), '03-09 08:00', '03-16 08:00', '03-23 08:00'],
  [(t) => t.weeklyOn(['mon', 'THURSDAY'], '17:30'), '03-05 17:30', '03-09 17:30', '03-12 17:30'],
  [(t) => t.weeklyOn([1, 3]).at('6:00'), '03-04 06:00', '03-09 06:00', '03-11 06:00'],
]

const MONTHS: readonly Row[] = [
  [(t) => t.monthly(), '04-01 00:00', '05-01 00:00', '06-01 00:00'],
  [(t) => t.monthly().at('9:30'), '04-01 09:30', '05-01 09:30', '06-01 09:30'],
  [(t) => t.monthlyOn(), '04-01 00:00', '05-01 00:00', '06-01 00:00'],
  [(t) => t.monthlyOn(4, '15:00'), '03-04 15:00', '04-04 15:00', '05-04 15:00'],
  [(t) => t.monthlyOn(31), '03-31 00:00', '05-31 00:00', '07-31 00:00'],
  [(t) => t.twiceMonthly(), '03-16 00:00', '04-01 00:00', '04-16 00:00'],
  [(t) => t.twiceMonthly(5, 20, '9:15'), '03-05 09:15', '03-20 09:15', '04-05 09:15'],
  [(t) => t.lastDayOfMonth(), '03-31 00:00', '04-30 00:00', '05-31 00:00'],
  [(t) => t.lastDayOfMonth('18:00'), '03-31 18:00', '04-30 18:00', '05-31 18:00'],
  [(t) => t.daysOfMonth(10, 30), '03-10 00:00', '03-30 00:00', '04-10 00:00'],
  [(t) => t.daysOfMonth(4, 1).at('7:00'), '03-04 07:00', '04-01 07:00', '04-04 07:00'],
]

const LONGER: readonly Row[] = [
  [(t) => t.quarterly(), '04-01 00:00', '07-01 00:00', '10-01 00:00'],
  [(t) => t.quarterly().at('1:30'), '04-01 01:30', '07-01 01:30', '10-01 01:30'],
  [(t) => t.quarterlyOn(4, '14:00'), '04-04 14:00', '07-04 14:00', '10-04 14:00'],
  [(t) => t.quarterlyOn(31), '07-31 00:00', '10-31 00:00', '2027-01-31 00:00'],
  [(t) => t.yearly(), '2027-01-01 00:00', '2028-01-01 00:00', '2029-01-01 00:00'],
  [(t) => t.yearly().at('12:00'), '2027-01-01 12:00', '2028-01-01 12:00', '2029-01-01 12:00'],
  [(t) => t.yearlyOn(6, 15, '12:30'), '06-15 12:30', '2027-06-15 12:30', '2028-06-15 12:30'],
  [(t) => t.yearlyOn(3, 4, '5:00'), '2027-03-04 05:00', '2028-03-04 05:00', '2029-03-04 05:00'],
  [(t) => t.yearlyOn(2, 29), '2028-02-29 00:00', '2032-02-29 00:00', '2036-02-29 00:00'],
]

const EXPRESSIONS: readonly Row[] = [
  [(t) => t.cron('15 6 * * *'), '03-04 06:15', '03-05 06:15', '03-06 06:15'],
  [(t) => t.cron('*/20 * * * * *'), '03-04 05:06:20', '03-04 05:06:40', '03-04 05:07:00'],
  [(t) => t.cron('30 9 * * *', '0 17 * * FRI'), '03-04 09:30', '03-05 09:30', '03-06 09:30'],
  [(t) => t.cron('0 12 5 * *', '0 17 * * THU'), '03-05 12:00', '03-05 17:00', '03-12 17:00'],
]

const CONSTRAINTS: readonly Row[] = [
  [(t) => t.daily().weekdays(), '03-05 00:00', '03-06 00:00', '03-09 00:00'],
  [(t) => t.daily().weekends(), '03-07 00:00', '03-08 00:00', '03-14 00:00'],
  [(t) => t.daily().sundays(), '03-08 00:00', '03-15 00:00', '03-22 00:00'],
  [(t) => t.daily().mondays(), '03-09 00:00', '03-16 00:00', '03-23 00:00'],
  [(t) => t.daily().tuesdays(), '03-10 00:00', '03-17 00:00', '03-24 00:00'],
  [(t) => t.daily().wednesdays(), '03-11 00:00', '03-18 00:00', '03-25 00:00'],
  [(t) => t.daily().thursdays(), '03-05 00:00', '03-12 00:00', '03-19 00:00'],
  [(t) => t.daily().fridays(), '03-06 00:00', '03-13 00:00', '03-20 00:00'],
  [(t) => t.daily().saturdays(), '03-07 00:00', '03-14 00:00', '03-21 00:00'],
  [(t) => t.daily().days('mon', 3, 'Friday'), '03-06 00:00', '03-09 00:00', '03-11 00:00'],
  [(t) => t.daily().days([0, 7, 6]), '03-07 00:00', '03-08 00:00', '03-14 00:00'],
  [(t) => t.wednesdays().at('6:00'), '03-04 06:00', '03-11 06:00', '03-18 06:00'],
  [(t) => t.twiceDaily(4, 22).weekdays(), '03-04 22:00', '03-05 04:00', '03-05 22:00'],
  [(t) => t.everySixHours().tuesdays(), '03-10 00:00', '03-10 06:00', '03-10 12:00'],
  [(t) => t.everyTenSeconds().saturdays(), '03-07 00:00:00', '03-07 00:00:10', '03-07 00:00:20'],
  // A day of the month and a day of the week must both hold.
  [(t) => t.monthly().mondays(), '06-01 00:00', '2027-02-01 00:00', '2027-03-01 00:00'],
  [(t) => t.lastDayOfMonth('9:00').fridays(), '07-31 09:00', '2027-04-30 09:00', '2027-12-31 09:00'],
  [(t) => t.monthlyOn(13, '13:13').fridays(), '03-13 13:13', '11-13 13:13', '2027-08-13 13:13'],
  [(t) => t.hourly().between('9:00', '10:00'), '03-04 09:00', '03-04 10:00', '03-05 09:00'],
  [(t) => t.twiceDaily(6, 12).unlessBetween('5:00', '7:00'), '03-04 12:00', '03-05 12:00', '03-06 12:00'],
]

const ZONES: readonly Row[] = [
  [(t) => t.dailyAt('9:30').timezone('Asia/Kolkata'), '03-05 04:00', '03-06 04:00', '03-07 04:00'],
  [(t) => t.weekly().timezone('Pacific/Auckland'), '03-07 11:00', '03-14 11:00', '03-21 11:00'],
  [(t) => t.mondays().at('22:00').timezone('America/New_York'), '03-10 02:00', '03-17 02:00', '03-24 02:00'],
  [(t) => t.hourly().timezone('Asia/Kathmandu'), '03-04 05:15', '03-04 06:15', '03-04 07:15'],
  [(t) => t.monthly().timezone('Europe/Berlin'), '03-31 22:00', '04-30 22:00', '05-31 22:00'],
  [(t) => t.lastDayOfMonth().timezone('Europe/Berlin'), '03-30 22:00', '04-29 22:00', '05-30 22:00'],
]

const LARAVEL = `
  cron everySecond everyTwoSeconds everyFiveSeconds everyTenSeconds everyFifteenSeconds everyTwentySeconds
  everyThirtySeconds everyMinute everyTwoMinutes everyThreeMinutes everyFourMinutes everyFiveMinutes everyTenMinutes
  everyFifteenMinutes everyThirtyMinutes hourly hourlyAt everyOddHour everyTwoHours everyThreeHours everyFourHours
  everySixHours daily at dailyAt twiceDaily twiceDailyAt weekly weeklyOn monthly monthlyOn twiceMonthly lastDayOfMonth
  daysOfMonth quarterly quarterlyOn yearly yearlyOn weekdays weekends sundays mondays tuesdays wednesdays thursdays
  fridays saturdays days between unlessBetween timezone`

describe('the next three instants', () => {
  const all = [SECONDS, MINUTES, HOURS, DAYS, WEEKS, MONTHS, LONGER, EXPRESSIONS, CONSTRAINTS, ZONES].flat()

  it.each(named(all))('$call', ({ say, instants }) => {
    expect(next(say)).toEqual(instants.map(iso))
  })

  it("are told of every method, and all of Laravel's are there", () => {
    const told = all.map(([say]) => shown(say)).join('.')
    const own = Object.getOwnPropertyNames(Frequencies.prototype).filter((name) => name !== 'constructor')
    const methods = new Set([...own, ...LARAVEL.trim().split(/\s+/)])
    expect([...methods].filter((method) => !new RegExp(`\\b${method}\\(`).test(told))).toEqual([])
  })

  it('of the last day of a month know leap years', () => {
    const last = (t: Frequencies) => t.lastDayOfMonth()
    expect(next(last, '2028-02-01 00:00', 1)).toEqual(['2028-02-29T00:00:00.000Z'])
    expect(next(last, '2027-02-01 00:00', 1)).toEqual(['2027-02-28T00:00:00.000Z'])
  })
})

describe('in Berlin', () => {
  const cases: readonly (readonly [Say, string, string, string, string])[] = [
    // 29 March: 2:00 to 3:00 is skipped at 01:00Z.
    [(t) => t.dailyAt('13:00'), '03-27 12:00', '03-28 12:00', '03-29 11:00', '03-30 11:00'],
    [(t) => t.dailyAt('2:30'), '03-27 12:00', '03-28 01:30', '03-29 01:30', '03-30 00:30'],
    [(t) => t.hourly(), '03-28 23:30', '03-29 00:00', '03-29 01:00', '03-29 02:00'],
    [(t) => t.everyTwoHours(), '03-28 23:30', '03-29 01:00', '03-29 02:00', '03-29 04:00'],
    [(t) => t.weekly().at('0:30'), '03-21 00:00', '03-21 23:30', '03-28 23:30', '04-04 22:30'],
    // 25 October: 2:00 to 3:00 is repeated at 01:00Z.
    [(t) => t.dailyAt('2:30'), '10-24 12:00', '10-25 00:30', '10-26 01:30', '10-27 01:30'],
    [(t) => t.hourly(), '10-24 23:30', '10-25 00:00', '10-25 01:00', '10-25 02:00'],
    [(t) => t.everyThirtyMinutes(), '10-25 00:15', '10-25 00:30', '10-25 01:00', '10-25 01:30'],
    [(t) => t.twiceDaily(2, 14), '10-24 20:00', '10-25 00:00', '10-25 13:00', '10-26 01:00'],
    [(t) => t.weekly(), '10-24 12:00', '10-24 22:00', '10-31 23:00', '11-07 23:00'],
  ]

  it.each(cases.map(([say, from, ...instants]) => ({ call: shown(say), say, from, instants })))(
    '$call, from $from on',
    ({ say, from, instants }) => {
      expect(next((t) => say(t.timezone('Europe/Berlin')), from)).toEqual(instants.map(iso))
    },
  )
})

describe('what makes no sense', () => {
  const cases: readonly (readonly [string, Say])[] = [
    ['hourlyAt(60)', (t) => t.hourlyAt(60)],
    ['hourlyAt(1.5)', (t) => t.hourlyAt(1.5)],
    ['everyTwoHours(-1)', (t) => t.everyTwoHours(-1)],
    ['everyOddHour(60)', (t) => t.everyOddHour(60)],
    ['twiceDaily(1, 24)', (t) => t.twiceDaily(1, 24)],
    ['twiceDailyAt(1, 13, 60)', (t) => t.twiceDailyAt(1, 13, 60)],
    ["at('24:00')", (t) => t.at('24:00')],
    ["at('12:60')", (t) => t.at('12:60')],
    ["at('1:5')", (t) => t.at('1:5')],
    ["at('noon')", (t) => t.at('noon')],
    ["dailyAt('')", (t) => t.dailyAt('')],
    ["weeklyOn('someday')", (t) => t.weeklyOn('someday')],
    ['weeklyOn(8)', (t) => t.weeklyOn(8)],
    ['days(-1)', (t) => t.days(-1)],
    ["days('mo')", (t) => t.days('mo')],
    ['days()', (t) => t.days([])],
    ['monthlyOn(0)', (t) => t.monthlyOn(0)],
    ['monthlyOn(32)', (t) => t.monthlyOn(32)],
    ['twiceMonthly(1, 32)', (t) => t.twiceMonthly(1, 32)],
    ['daysOfMonth(1, 0)', (t) => t.daysOfMonth(1, 0)],
    ['quarterlyOn(32)', (t) => t.quarterlyOn(32)],
    ['yearlyOn(13, 1)', (t) => t.yearlyOn(13, 1)],
    ['yearlyOn(1, 32)', (t) => t.yearlyOn(1, 32)],
    ["between('9:00', '25:00')", (t) => t.hourly().between('9:00', '25:00')],
    ["unlessBetween('x', '9:00')", (t) => t.hourly().unlessBetween('x', '9:00')],
  ]

  it.each(cases)('%s is refused, by name', (call, say) => {
    const refused = () => build(say)
    expect(refused).toThrow(ConfigError)
    expect(refused).toThrow(`${call}: `)
  })

  it.each<[string, Say]>([
    ["'0 0 30 2 *'", (t) => t.cron('0 0 30 2 *')],
    ['yearlyOn(2, 30)', (t) => t.yearlyOn(2, 30)],
    ['yearlyOn(4, 31)', (t) => t.yearlyOn(4, 31, '8:00')],
  ])('%s never runs, which is refused', (_, say) => {
    expect(() => build(say)).toThrow(ConfigError)
  })

  it('in an expression or a zone is refused when the tasks are built', () => {
    expect(() => build((t) => t.cron('61 * * * *'))).toThrow(CronSyntaxError)
    expect(() => build((t) => t.daily().timezone('Europe/Berlinn'))).toThrow(UnknownZoneError)
  })
})
