import { ConfigError } from '../../errors.ts'
import { timeOfDay } from './local-window.ts'
import { Timetable, type Frequency } from './timetable.ts'

/** A day of the week: 0 to 7, where 0 and 7 are Sunday, or its English name, or the first three letters of it. */
export type Weekday = number | string

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MIDNIGHT = { minute: '0', hour: '0', takesTime: true } as const

/**
 * How often something runs, said with the methods of Laravel's scheduler. The order of the calls does not matter; two that
 * contradict each other are a `ConfigError`.
 *
 * @see docs/reference/tasks.md
 */
export class Frequencies {
  protected readonly timetable: Timetable

  constructor(group?: Frequencies) {
    this.timetable = new Timetable(group?.timetable)
  }

  /** By a cron expression, with or without seconds; or several, which together name the union of their instants. */
  cron(...expressions: readonly [string, ...string[]]): this {
    this.timetable.say(`cron(${list(expressions)})`, { frequency: { expressions } })
    return this
  }

  everySecond(): this {
    return this.#seconds('everySecond()', '*')
  }

  everyTwoSeconds(): this {
    return this.#seconds('everyTwoSeconds()', '*/2')
  }

  everyFiveSeconds(): this {
    return this.#seconds('everyFiveSeconds()', '*/5')
  }

  everyTenSeconds(): this {
    return this.#seconds('everyTenSeconds()', '*/10')
  }

  everyFifteenSeconds(): this {
    return this.#seconds('everyFifteenSeconds()', '*/15')
  }

  everyTwentySeconds(): this {
    return this.#seconds('everyTwentySeconds()', '*/20')
  }

  everyThirtySeconds(): this {
    return this.#seconds('everyThirtySeconds()', '*/30')
  }

  everyMinute(): this {
    return this.#minutes('everyMinute()', '*')
  }

  everyTwoMinutes(): this {
    return this.#minutes('everyTwoMinutes()', '*/2')
  }

  everyThreeMinutes(): this {
    return this.#minutes('everyThreeMinutes()', '*/3')
  }

  everyFourMinutes(): this {
    return this.#minutes('everyFourMinutes()', '*/4')
  }

  everyFiveMinutes(): this {
    return this.#minutes('everyFiveMinutes()', '*/5')
  }

  everyTenMinutes(): this {
    return this.#minutes('everyTenMinutes()', '*/10')
  }

  everyFifteenMinutes(): this {
    return this.#minutes('everyFifteenMinutes()', '*/15')
  }

  everyThirtyMinutes(): this {
    return this.#minutes('everyThirtyMinutes()', '*/30')
  }

  hourly(): this {
    return this.#hours('hourly()', '*', 0)
  }

  /** At these minutes of each hour. */
  hourlyAt(...minutes: readonly [number, ...number[]]): this {
    return this.#hours(`hourlyAt(${minutes.join(', ')})`, '*', ...minutes)
  }

  /** At 1:00, 3:00 … 23:00, or so many minutes later. */
  everyOddHour(minute = 0): this {
    return this.#hours(`everyOddHour(${minute})`, '1-23/2', minute)
  }

  everyTwoHours(minute = 0): this {
    return this.#hours(`everyTwoHours(${minute})`, '*/2', minute)
  }

  everyThreeHours(minute = 0): this {
    return this.#hours(`everyThreeHours(${minute})`, '*/3', minute)
  }

  everyFourHours(minute = 0): this {
    return this.#hours(`everyFourHours(${minute})`, '*/4', minute)
  }

  everySixHours(minute = 0): this {
    return this.#hours(`everySixHours(${minute})`, '*/6', minute)
  }

  /** At midnight, unless `at` says when. */
  daily(): this {
    return this.#days('daily()', MIDNIGHT)
  }

  /** The time of day, as `13:00`, of a task that runs daily or less often; on its own, daily. */
  at(time: string): this {
    const call = `at('${time}')`
    this.timetable.say(call, { time: [timeOfDay(time, call)] })
    return this
  }

  dailyAt(time: string): this {
    return this.#days(`dailyAt('${time}')`, MIDNIGHT, time)
  }

  /** At two full hours, 1:00 and 13:00 by default. */
  twiceDaily(first = 1, second = 13): this {
    return this.#twice(`twiceDaily(${first}, ${second})`, first, second, 0)
  }

  twiceDailyAt(first = 1, second = 13, minute = 0): this {
    return this.#twice(`twiceDailyAt(${first}, ${second}, ${minute})`, first, second, minute)
  }

  /** On Sundays at midnight, unless `days` or `at` say otherwise. */
  weekly(): this {
    return this.#days('weekly()', { ...MIDNIGHT, weekday: '0', takesWeekdays: true })
  }

  weeklyOn(days: Weekday | readonly Weekday[], time?: string): this {
    const call = `weeklyOn(${list([days].flat())}${time === undefined ? '' : `, '${time}'`})`
    return this.#days(call, { ...MIDNIGHT, weekday: weekdays(days, call).join(',') }, time)
  }

  /** On the first at midnight, unless `at` says when. */
  monthly(): this {
    return this.#days('monthly()', { ...MIDNIGHT, dayOfMonth: '1' })
  }

  monthlyOn(day = 1, time?: string): this {
    return this.#ofMonth('monthlyOn', [day], time)
  }

  twiceMonthly(first = 1, second = 16, time?: string): this {
    return this.#ofMonth('twiceMonthly', [first, second], time)
  }

  /** On whatever day the month ends with. */
  lastDayOfMonth(time?: string): this {
    const call = `lastDayOfMonth(${time === undefined ? '' : `'${time}'`})`
    return this.#days(call, { ...MIDNIGHT, dayOfMonth: 'L' }, time)
  }

  /** On these days of each month; at midnight, unless `at` says when. */
  daysOfMonth(...days: readonly [number, ...number[]]): this {
    return this.#ofMonth('daysOfMonth', days)
  }

  /** On the first of January, April, July and October. */
  quarterly(): this {
    return this.#days('quarterly()', { ...MIDNIGHT, dayOfMonth: '1', month: '1-12/3' })
  }

  /** On this day of the first month of each quarter. */
  quarterlyOn(day = 1, time?: string): this {
    return this.#ofMonth('quarterlyOn', [day], time, '1-12/3')
  }

  /** On the first of January. */
  yearly(): this {
    return this.#days('yearly()', { ...MIDNIGHT, dayOfMonth: '1', month: '1' })
  }

  /** On this day of this month, 1 to 12. */
  yearlyOn(month = 1, day = 1, time?: string): this {
    const call = `yearlyOn(${month}, ${day}${time === undefined ? '' : `, '${time}'`})`
    whole(call, 'month', [month], 1, 12)
    whole(call, 'day', [day], 1, 31)
    return this.#days(call, { ...MIDNIGHT, dayOfMonth: String(day), month: String(month) }, time)
  }

  /** Only on these days of the week. */
  days(...days: readonly [Weekday | readonly Weekday[], ...Weekday[]]): this {
    return this.#weekdays(`days(${list(days.flat())})`, days.flat())
  }

  weekdays(): this {
    return this.#weekdays('weekdays()', [1, 2, 3, 4, 5])
  }

  weekends(): this {
    return this.#weekdays('weekends()', [0, 6])
  }

  sundays(): this {
    return this.#weekdays('sundays()', [0])
  }

  mondays(): this {
    return this.#weekdays('mondays()', [1])
  }

  tuesdays(): this {
    return this.#weekdays('tuesdays()', [2])
  }

  wednesdays(): this {
    return this.#weekdays('wednesdays()', [3])
  }

  thursdays(): this {
    return this.#weekdays('thursdays()', [4])
  }

  fridays(): this {
    return this.#weekdays('fridays()', [5])
  }

  saturdays(): this {
    return this.#weekdays('saturdays()', [6])
  }

  /** Only from one time of day to another, both included, by the wall clock of the time zone. May span midnight. */
  between(from: string, until: string): this {
    const call = `between('${from}', '${until}')`
    this.timetable.say(call, { between: [timeOfDay(from, call), timeOfDay(until, call)] })
    return this
  }

  /** Not from one time of day to another, both included. May span midnight. */
  unlessBetween(from: string, until: string): this {
    const call = `unlessBetween('${from}', '${until}')`
    this.timetable.say(call, { unlessBetween: [timeOfDay(from, call), timeOfDay(until, call)] })
    return this
  }

  /** The IANA name of the time zone in which all of this is read. */
  timezone(timezone: string): this {
    this.timetable.say(`timezone('${timezone}')`, { timezone })
    return this
  }

  #seconds(call: string, second: string): this {
    return this.#days(call, { second, minute: '*', hour: '*' })
  }

  #minutes(call: string, minute: string): this {
    return this.#days(call, { minute, hour: '*' })
  }

  #hours(call: string, hour: string, ...minutes: readonly number[]): this {
    whole(call, 'minute', minutes, 0, 59)
    return this.#days(call, { minute: minutes.join(','), hour })
  }

  #twice(call: string, first: number, second: number, minute: number): this {
    whole(call, 'hour', [first, second], 0, 23)
    whole(call, 'minute', [minute], 0, 59)
    return this.#days(call, { minute: String(minute), hour: `${first},${second}` })
  }

  #ofMonth(method: string, days: readonly number[], time?: string, month = '*'): this {
    const call = `${method}(${days.join(', ')}${time === undefined ? '' : `, '${time}'`})`
    whole(call, 'day', days, 1, 31)
    return this.#days(call, { ...MIDNIGHT, dayOfMonth: days.join(','), month }, time)
  }

  #days(call: string, frequency: Frequency, time?: string): this {
    this.timetable.say(call, {
      frequency,
      ...(time === undefined ? {} : { time: [timeOfDay(time, call)] }),
    })
    return this
  }

  #weekdays(call: string, days: readonly Weekday[]): this {
    this.timetable.say(call, { weekdays: weekdays(days, call) })
    return this
  }
}

function list(values: readonly (string | number)[]): string {
  return values.map((value) => (typeof value === 'string' ? `'${value}'` : value)).join(', ')
}

function weekdays(days: Weekday | readonly Weekday[], call: string): number[] {
  const numbers = [days].flat().map((day) => {
    const place =
      typeof day === 'number'
        ? day % 7
        : WEEKDAYS.findIndex((name) => name === day.toLowerCase() || name.slice(0, 3) === day.toLowerCase())
    const isNumber = typeof day !== 'number' || (Number.isInteger(day) && day >= 0 && day <= 7)
    if (isNumber && place >= 0) return place
    throw new ConfigError(`${call}: ${JSON.stringify(day)} is not a day of the week: 0 to 7, or as 'monday'`)
  })
  if (numbers.length === 0) throw new ConfigError(`${call}: it names no day`)
  return [...new Set(numbers)].sort((a, b) => a - b)
}

function whole(call: string, what: string, values: readonly number[], from: number, until: number): void {
  const wrong = values.find((value) => !Number.isInteger(value) || value < from || value > until)
  if (values.length === 0 || wrong !== undefined)
    throw new ConfigError(`${call}: ${what} is a whole number from ${from} to ${until}`)
}
