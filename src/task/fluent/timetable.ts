import type { Instant } from '../../clock/clock.ts'
import { ConfigError } from '../../errors.ts'
import { compileRecurrence } from '../../schedule/compile-recurrence.ts'
import type { CronSpec, Recurrence } from '../../schedule/recurrence.ts'
import { LocalWindow, type TimeOfDay } from './local-window.ts'

/** The fields of a cron expression that a frequency sets. What it leaves open, others may narrow. */
export interface Frequency {
  readonly second?: string
  readonly minute: string
  readonly hour: string
  readonly dayOfMonth?: string
  readonly month?: string
  readonly weekday?: string
  /** The frequency says nothing of the time of day but a default: `at` may say it. */
  readonly takesTime?: boolean
  /** The day of the week is a default: `days` may name others. */
  readonly takesWeekdays?: boolean
}

/** What a task's calls say of when it runs, each said once. */
export interface Said {
  readonly frequency?: Frequency | { readonly expressions: readonly string[] }
  readonly time?: readonly TimeOfDay[]
  readonly weekdays?: readonly number[]
  readonly between?: readonly [TimeOfDay, TimeOfDay]
  readonly unlessBetween?: readonly [TimeOfDay, TimeOfDay]
  readonly timezone?: string
}

/** When a task runs. */
export interface TaskTiming {
  /** Its nominal instants. */
  readonly recurrence: Recurrence
  readonly spec: CronSpec
  /** The wall-clock windows that no cron expression says, in words. */
  readonly windows: readonly string[]
}

type Slot = keyof Said

/** What was said of one thing, and by which call. */
interface Once<K extends Slot> {
  readonly call: string
  readonly value: Said[K]
}

/**
 * When a task runs, as its calls say it. Each says one thing, in any order; two that say different things of the same are
 * an error, and so are two that cannot both be true. What a group says holds where the task itself says nothing.
 */
export class Timetable {
  readonly #said: { -readonly [K in Slot]?: Once<K> } = {}
  readonly #group: Timetable | undefined

  constructor(group?: Timetable) {
    this.#group = group
  }

  /**
   * @param call as the user wrote it, for messages
   * @throws {ConfigError} when an earlier call said something else
   */
  say(call: string, said: Said): void {
    for (const slot of Object.keys(said) as Slot[]) {
      const before = this.#said[slot]
      if (before !== undefined && JSON.stringify(before.value) !== JSON.stringify(said[slot]))
        throw new ConfigError(`${call} contradicts ${before.call}: ${REMEDY[slot]}`)
      Object.assign(this.#said, { [slot]: { call, value: said[slot] } })
    }
  }

  /**
   * @param seed makes `H` in an expression stable
   * @param timezone that of tasks which name none
   * @throws {ConfigError} when calls contradict each other, none says how often, or the task would never run
   * @throws {CronSyntaxError} when an expression is not valid
   * @throws {UnknownZoneError} when the runtime does not know the time zone
   */
  compile(seed: string, timezone: string): TaskTiming {
    const zone = this.#get('timezone')?.value ?? timezone
    const spec: CronSpec = {
      kind: 'cron',
      expressions: this.#expressions(),
      timezone: zone,
      syntax: 'extended',
      dst: 'shift',
      except: [],
    }
    const between = this.#get('between')
    const unlessBetween = this.#get('unlessBetween')
    let recurrence = compileRecurrence(spec, seed)
    if (between !== undefined) recurrence = new LocalWindow(recurrence, between.value!, zone, true)
    if (unlessBetween !== undefined)
      recurrence = new LocalWindow(recurrence, unlessBetween.value!, zone, false)

    const windows = [between, unlessBetween].filter((said) => said !== undefined)
    if (recurrence.nextMs(FROM) === undefined) {
      const said = [this.#get('frequency'), this.#time(), this.#get('weekdays'), ...windows]
      const calls = said.flatMap((one) => (one === undefined ? [] : [one.call]))
      throw new ConfigError(`the task would never run: ${[...new Set(calls)].join(', ')}`)
    }
    return { recurrence, spec, windows: windows.map(({ call }) => call) }
  }

  #expressions(): readonly string[] {
    const said = this.#get('frequency')
    const time = this.#time()
    const weekdays = this.#weekdays()
    // `at` alone means every day, as `dailyAt` does.
    const frequency = said?.value ?? (time === undefined ? undefined : DAILY)
    if (frequency === undefined)
      throw new ConfigError('nothing says how often the task runs: everyMinute(), daily(), cron(…)')

    if ('expressions' in frequency) {
      const other = time ?? weekdays
      if (other !== undefined)
        throw new ConfigError(`${other.call} contradicts ${said!.call}: write it into the expression`)
      return frequency.expressions
    }
    if (time !== undefined && frequency.takesTime !== true && time.call !== said?.call)
      throw new ConfigError(
        `${time.call} contradicts ${said!.call}, which says the time itself: use daily() or longer`,
      )
    if (weekdays !== undefined && frequency.weekday !== undefined && frequency.takesWeekdays !== true)
      throw new ConfigError(`${weekdays.call} contradicts ${said!.call}, which names the days itself`)
    return expressionsOf(frequency, time?.value, weekdays?.value)
  }

  /** A group's days are for tasks whose own frequency names none. */
  #weekdays(): Once<'weekdays'> | undefined {
    const own = this.#said.weekdays
    if (own !== undefined || this.#group === undefined) return own
    const frequency = this.#said.frequency?.value
    const namesDays =
      frequency !== undefined &&
      ('expressions' in frequency || (frequency.weekday !== undefined && frequency.takesWeekdays !== true))
    return namesDays ? undefined : this.#group.#weekdays()
  }

  /** The group's time of day belongs to the group's frequency. */
  #time(): Once<'time'> | undefined {
    const own = this.#said.time
    if (own !== undefined || this.#said.frequency !== undefined || this.#group === undefined) return own
    return this.#group.#time()
  }

  #get<K extends Slot>(slot: K): Once<K> | undefined {
    const own = this.#said[slot]
    return own === undefined && this.#group !== undefined ? this.#group.#get(slot) : own
  }
}

/** Any instant does: windows repeat from day to day. */
const FROM: Instant = Date.UTC(2026, 0, 1)

const DAILY: Frequency = { minute: '0', hour: '0', takesTime: true }

const REMEDY: Readonly<Record<Slot, string>> = {
  frequency: 'a task has one frequency; define two tasks, or use cron()',
  time: 'a task has one time of day; use twiceDaily(), cron() with several expressions, or two tasks',
  weekdays: 'name all days in one call of days()',
  between: 'a task has one window',
  unlessBetween: 'a task has one such window',
  timezone: 'a task has one time zone',
}

function expressionsOf(
  frequency: Frequency,
  times: readonly TimeOfDay[] | undefined,
  weekdays: readonly number[] | undefined,
): string[] {
  const { second, minute, hour, dayOfMonth = '*', month = '*' } = frequency
  const days = weekdays?.join(',') ?? frequency.weekday ?? '*'
  // Both must be true of a day that is restricted twice.
  const weekday = dayOfMonth !== '*' && days !== '*' ? `+${days}` : days
  const seconds = second === undefined ? '' : `${second} `
  const clocks = times?.map((time) => `${time.minute} ${time.hour}`) ?? [`${minute} ${hour}`]
  return clocks.map((clock) => `${seconds}${clock} ${dayOfMonth} ${month} ${weekday}`)
}
