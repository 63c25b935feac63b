import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CronExpression } from './cron-expression.ts'
import { DST_RULES, type DstChoice } from './dst-rule.ts'

/** Zones of every shape: with and without summer time, ahead and behind, north and south. */
const PLAIN_ZONES = `
  UTC Etc/GMT+12 Etc/GMT-14 +05:45 Asia/Tokyo Asia/Kolkata Asia/Kathmandu Asia/Dhaka Asia/Kabul Asia/Shanghai
  Europe/Berlin Europe/London Europe/Lisbon Europe/Moscow Europe/Istanbul Europe/Volgograd Europe/Chisinau
  America/New_York America/Chicago America/Denver America/Los_Angeles America/Anchorage America/Halifax America/Nuuk
  America/Mexico_City America/Phoenix America/Scoresbysund America/Argentina/San_Luis Atlantic/Azores
  Atlantic/Reykjavik Africa/Lagos Africa/Johannesburg Africa/Khartoum Africa/Sao_Tome Asia/Tehran Asia/Beirut
  Asia/Amman Asia/Gaza Asia/Jerusalem Asia/Colombo Asia/Pyongyang Asia/Vladivostok Asia/Manila Asia/Ulaanbaatar
  Australia/Sydney Australia/Perth Australia/Eucla Australia/Adelaide Pacific/Auckland Pacific/Chatham
  Pacific/Norfolk Pacific/Fiji Pacific/Tongatapu Pacific/Bougainville`

/** Zones that do what no other does, and what that is. */
const PECULIAR_ZONES = {
  'Europe/Dublin': 'winter time is the exception',
  'America/St_Johns': 'changes at one minute past midnight, once by two hours',
  'America/Havana': 'changes at midnight, both ways',
  'America/Sao_Paulo': 'skips midnight',
  'America/Asuncion': 'skips midnight',
  'America/Santiago': 'skips midnight',
  'America/Recife': 'had a summer time of one week',
  'America/Caracas': 'moved by half an hour, at 02:30',
  'America/Montevideo': 'moved by an hour and a half',
  'America/Guyana': 'moved by 45 minutes',
  'America/Danmarkshavn': 'moved by three hours',
  'Africa/Cairo': 'skips midnight, and suspended summer time in Ramadan',
  'Africa/Casablanca': 'changes four times a year',
  'Africa/El_Aaiun': 'changes four times a year',
  'Africa/Monrovia': 'had seconds in its offset until 1972',
  'Australia/Lord_Howe': 'changes by half an hour',
  'Pacific/Apia': 'skipped a day',
  'Pacific/Fakaofo': 'skipped a day',
  'Pacific/Kiritimati': 'skipped a day',
  'Pacific/Kwajalein': 'skipped a day',
  'Antarctica/Troll': 'changes by two hours',
  'Antarctica/Casey': 'moved by three hours, several times',
  'Antarctica/Vostok': 'moved by seven hours',
}

const ZONES = [...PLAIN_ZONES.trim().split(/\s+/), ...Object.keys(PECULIAR_ZONES)]

/** More of them: `CRON_RUNS=20000 npx vitest run src/cron/properties.test.ts` */
const RUNS = Number(process.env['CRON_RUNS'] ?? 250)

const HOUR = 3600
const DAY = 24 * HOUR

describe('CronExpression against a model that walks the clock', () => {
  it('has zones of every shape', () => {
    expect(new Set(ZONES).size).toBeGreaterThanOrEqual(60)
  })

  it('yields what the model yields around every kind of clock change, under every rule, both ways', () => {
    const property = fc.property(
      fc.constantFrom(...ZONES),
      fc.nat(),
      dstChoice(),
      fc.infiniteStream(fc.nat()),
      (zone, pick, dst, random) => {
        const window = windowOf(zone, pick)
        const fields = fieldsNear(window, random)
        const text = textOf(fields)
        const model = instantsOf(fields, window, dst)
        const cron = new CronExpression(text, zone, { dst })

        const found = [...cron.between(window.from * 1000 - 1, window.to * 1000)].map(
          (date) => date.getTime() / 1000,
        )
        expect(found, text).toEqual(model.map(({ instant }) => instant))
        expect(backwards(cron, window), text).toEqual(found)

        for (const { instant, shifted, secondPass } of model) {
          const expected = { instant: new Date(instant * 1000), shiftedMs: shifted * 1000, secondPass }
          expect(cron.occurrenceAt(instant * 1000), text).toEqual(expected)
        }
        for (let i = 0; i < 20; i++) {
          const start = window.from + next(random, window.to - window.from)
          const later = found.find((at) => at > start)
          const earlier = found.findLast((at) => at < start)
          expect(cron.nextMs(start * 1000 + 500, window.to * 1000), text).toBe(inMs(later))
          expect(cron.previousMs(start * 1000 - 500, window.from * 1000), text).toBe(inMs(earlier))
          expect(cron.matches(start * 1000), text).toBe(found.includes(start))
        }
      },
    )
    fc.assert(property, { numRuns: RUNS })
  })
})

/** A stretch of time around a clock change, as `Intl` sees it: what the clock on the wall shows, step by step. */
interface Window {
  readonly zone: string
  /** The instants that are judged, in seconds, both inclusive. The walls reach farther. */
  readonly from: number
  readonly to: number
  /** The seconds between two walls: a minute, unless the zone's offset has seconds. */
  readonly step: number
  readonly start: number
  /** The local time at `start`, `start + step` and so on, in seconds. */
  readonly walls: readonly number[]
  /** The other way round: the instants at which the clock shows a local time. */
  readonly shown: ReadonlyMap<number, readonly number[]>
}

const windows = new Map<string, Window>()
const changes = new Map<string, readonly number[]>()
const clocks = new Map<string, (seconds: number) => number>()

/** One of the zone's clock changes from 1970 to 2037, and what is around it. */
function windowOf(zone: string, pick: number): Window {
  const all = once(changes, zone, changesOf)
  const change = all[pick % all.length]!
  return once(windows, `${zone} ${change}`, () => readWindow(zone, change))
}

function readWindow(zone: string, change: number): Window {
  const clock = once(clocks, zone, clockOf)
  const isOdd = [change - DAY, change + DAY].some((at) => (clock(at) - at) % 60 !== 0)
  const step = isOdd ? 1 : 60
  // The walls reach farther than any clock is moved in this zone.
  const [reach, margin] = isOdd ? [2 * HOUR, 2 * HOUR] : [20 * HOUR, 26 * HOUR]
  const start = change - reach - margin
  const walls = wallsOf(clock, start, change + reach + margin, step)
  const instants = walls.map((_, i) => start + i * step)
  const shown = Map.groupBy(instants, (_, i) => walls[i]!)
  return { zone, from: change - reach, to: change + reach, step, start, walls, shown }
}

/** What the clock shows at each step; read where it jumps, and counted on where it doesn't. */
function wallsOf(
  clock: (seconds: number) => number,
  start: number,
  end: number,
  step: number,
): readonly number[] {
  const walls: number[] = []
  for (let at = start; at <= end; at += HOUR / 4) {
    const isSteady = clock(at + HOUR / 4) - clock(at) === HOUR / 4
    const first = clock(at)
    for (let i = 0; i < HOUR / 4; i += step) walls.push(isSteady ? first + i : clock(at + i))
  }
  return walls
}

/** Where the offset changes, found by sampling every five days; for a zone without changes, some instant. */
function changesOf(zone: string): readonly number[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    timeZoneName: 'longOffset',
  })
  const offset = (seconds: number) => format.format(seconds * 1000).slice(5)
  const found: number[] = []
  for (let at = 0; at < 68 * 365 * DAY; at += 5 * DAY) {
    let [low, high] = [at, at + 5 * DAY]
    const before = offset(low)
    if (offset(high) === before) continue
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (offset(middle) === before) low = middle
      else high = middle
    }
    found.push(high)
  }
  return found.length > 0 ? found : [1_709_164_800]
}

/** The clock on the wall, from the calendar fields that `Intl` prints. */
function clockOf(zone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...({ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' } as const),
    ...({ hour: 'numeric', minute: 'numeric', second: 'numeric' } as const),
  })
  return (seconds) => {
    const parts = format.format(seconds * 1000).match(/\d+/g)!
    const [month, day, year, hour, minute, second] = parts.map(Number)
    return Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000
  }
}

function once<Value>(known: Map<string, Value>, key: string, make: (key: string) => Value): Value {
  const value = known.get(key) ?? make(key)
  known.set(key, value)
  return value
}

/** What a field may be in the model: `*`, or items that know their text and their values. */
type ModelField = '*' | readonly ModelItem[]

interface ModelItem {
  readonly text: string
  readonly has: (value: number, date: Date) => boolean
  /** The bounds of a plain range. */
  readonly range?: readonly [from: number, to: number]
}

type ModelFieldName = 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek'

interface ModelFields extends Readonly<Record<ModelFieldName, ModelField>> {
  readonly second: ModelField | undefined
  readonly bothDays: boolean
}

/** An expression that is likely to fire around the window's clock change. */
function fieldsNear(window: Window, random: Random): ModelFields {
  const middle = new Date(window.walls[window.walls.length >> 1]! * 1000)
  const list = (chance: number, item: () => ModelItem): ModelField =>
    next(random, 100) < chance ? '*' : Array.from({ length: 1 + next(random, 3) }, item)

  const near = (value: number, reach: number, min: number, max: number) =>
    Math.min(max, Math.max(min, value - reach + next(random, reach * 2 + 1)))
  const hour = () => near(middle.getUTCHours(), 3, 0, 23)
  const day = () => near(middle.getUTCDate(), 1, 1, 31)
  const anyOf = (min: number, max: number) => min + next(random, max - min + 1)

  return {
    second: next(random, 4) > 0 ? undefined : [value(anyOf(0, 59)), value(0)],
    minute: list(30, () => plainItem(random, 0, 59, () => anyOf(0, 59))),
    hour: list(25, () => plainItem(random, 0, 23, hour)),
    dayOfMonth:
      next(random, 20) === 0
        ? [workday(anyOf(1, 32))]
        : list(70, () => (next(random, 3) === 0 ? fromEnd(next(random, 3)) : plainItem(random, 1, 31, day))),
    month: list(85, () => plainItem(random, 1, 12, () => middle.getUTCMonth() + 1)),
    dayOfWeek: list(75, () =>
      next(random, 3) === 0 ? nth(anyOf(0, 6), anyOf(1, 6)) : plainItem(random, 0, 6, () => anyOf(0, 6)),
    ),
    bothDays: next(random, 4) === 0,
  }
}

function plainItem(random: Random, min: number, max: number, pick: () => number): ModelItem {
  const [a, b] = [pick(), pick()]
  const [from, to] = [Math.min(a, b), Math.max(a, b)]
  const step = 1 + next(random, max)
  const kinds: readonly ModelItem[] = [
    value(a),
    { text: `${from}-${to}`, has: (x) => x >= from && x <= to, range: [from, to] },
    { text: `${from}-${to}/${step}`, has: (x) => x >= from && x <= to && (x - from) % step === 0 },
    { text: `*/${step}`, has: (x) => (x - min) % step === 0 },
    { text: `${a}/${step}`, has: (x) => x >= a && (x - a) % step === 0 },
  ]
  return kinds[next(random, kinds.length)]!
}

function value(a: number): ModelItem {
  return { text: String(a), has: (x) => x === a }
}

function fromEnd(days: number): ModelItem {
  return { text: days === 0 ? 'L' : `L-${days}`, has: (day, date) => day === lengthOfMonth(date) - days }
}

/** The working day nearest to a date, in its month; 32 for the last one. */
function workday(date: number): ModelItem {
  const isWorkday = (day: number, month: Date) => {
    const weekday = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), day)).getUTCDay()
    return weekday > 0 && weekday < 6
  }
  const nearest = (month: Date) => {
    const length = lengthOfMonth(month)
    const target = date === 32 ? length : date
    const around = [target, target - 1, target + 1, target - 2, target + 2]
    return target > length ? 0 : around.find((day) => day >= 1 && day <= length && isWorkday(day, month))
  }
  return { text: date === 32 ? 'LW' : `${date}W`, has: (day, month) => day === nearest(month) }
}

function nth(weekday: number, n: number): ModelItem {
  if (n === 6) {
    const isLast = (date: Date) => date.getUTCDate() + 7 > lengthOfMonth(date)
    return { text: `${weekday}#L`, has: (x, date) => x === weekday && isLast(date) }
  }
  return {
    text: `${weekday}#${n}`,
    has: (x, date) => x === weekday && Math.ceil(date.getUTCDate() / 7) === n,
  }
}

function lengthOfMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}

function textOf(fields: ModelFields): string {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek, bothDays } = fields
  const text = (field: ModelField) => (field === '*' ? '*' : field.map((item) => item.text).join(','))
  const five = [minute, hour, dayOfMonth, month].map(text).join(' ')
  const days = `${bothDays ? '+' : ''}${text(dayOfWeek)}`
  return `${second === undefined ? '' : `${text(second)} `}${five} ${days}`
}

interface ModelInstant {
  readonly instant: number
  readonly shifted: number
  readonly secondPass: boolean
}

/** What fires in a window: each local time that the fields name, at the instants at which the clock shows it. */
function instantsOf(fields: ModelFields, window: Window, dst: DstChoice): readonly ModelInstant[] {
  const found = new Map<number, ModelInstant>()
  const fire = (instant: number, shifted: number, secondPass: boolean) => {
    if (instant < window.from || instant > window.to || (shifted > 0 && found.has(instant))) return
    found.set(instant, { instant, shifted, secondPass })
  }

  const [first, last] = [Math.min(...window.walls), Math.max(...window.walls)]
  const seconds = secondsOf(fields)
  for (let minute = Math.ceil(first / 60) * 60; minute <= last - 60; minute += 60) {
    if (!matchesMinute(fields, new Date(minute * 1000))) continue
    for (const second of seconds) {
      const local = minute + second
      const [one, two] = instantsShowing(window, local)
      const isInterval = repeats(fields, new Date(local * 1000))
      if (one === undefined) {
        const gap = gapAround(window, local)
        if (dst.gap === 'shift') fire(local - gap.offset, gap.length, false)
        if (dst.gap === 'after' && !isInterval) fire(gap.end, gap.endLocal - local, false)
      } else {
        if (two === undefined || dst.overlap !== 'last') fire(one, 0, false)
        if (two !== undefined && dst.overlap !== 'first' && (dst.overlap !== 'auto' || isInterval))
          fire(two, 0, true)
      }
    }
  }
  return [...found.values()].sort((a, b) => a.instant - b.instant)
}

/** When the clock on the wall shows a local time: never, once or twice. */
function instantsShowing({ shown, step }: Window, local: number): readonly number[] {
  const rest = local % step
  return (shown.get(local - rest) ?? []).map((instant) => instant + rest)
}

/** The jump of the clock over a local time. */
function gapAround({ walls, start, step }: Window, local: number) {
  const i = walls.findIndex((wall, at) => wall < local && walls[at + 1]! > local)
  const instant = start + i * step
  const [before, after] = [walls[i]!, walls[i + 1]!]
  return { offset: before - instant, length: after - before - step, end: instant + step, endLocal: after }
}

function matchesMinute(
  { minute, hour, dayOfMonth, month, dayOfWeek, bothDays }: ModelFields,
  date: Date,
): boolean {
  const has = (field: ModelField, number: number) =>
    field === '*' || field.some((item) => item.has(number, date))
  const time = has(minute, date.getUTCMinutes()) && has(hour, date.getUTCHours())
  if (!time || !has(month, date.getUTCMonth() + 1)) return false

  const days = [has(dayOfMonth, date.getUTCDate()), has(dayOfWeek, date.getUTCDay())]
  const either = dayOfMonth !== '*' && dayOfWeek !== '*' && !bothDays
  return either ? days.includes(true) : !days.includes(false)
}

function secondsOf({ second }: ModelFields): readonly number[] {
  const seconds = Array.from({ length: 60 }, (_, i) => i)
  if (second === undefined) return [0]
  return second === '*' ? seconds : seconds.filter((at) => second.some((item) => item.has(at, new Date(0))))
}

/** Whether the hour of a repeated local time is of the kind that fires twice. */
function repeats({ hour }: ModelFields, date: Date): boolean {
  const h = date.getUTCHours()
  return hour === '*' || hour.some(({ range }) => range !== undefined && range[0] <= h && h < range[1])
}

function backwards(cron: CronExpression, { from, to }: Window): readonly number[] {
  const found: number[] = []
  let instant = cron.previousMs(to * 1000 + 1, from * 1000)
  while (instant !== undefined) {
    found.unshift(instant / 1000)
    instant = cron.previousMs(instant, from * 1000)
  }
  return found
}

function dstChoice(): fc.Arbitrary<DstChoice> {
  const named = fc.constantFrom(...Object.values(DST_RULES))
  const gap = fc.constantFrom('shift' as const, 'after' as const, 'skip' as const)
  const overlap = fc.constantFrom('auto' as const, 'first' as const, 'last' as const, 'both' as const)
  return fc.oneof(named, fc.record({ gap, overlap }))
}

/** An endless row of numbers, drawn by fast-check. */
type Random = fc.Stream<number>

function next(random: Random, below: number): number {
  return random.next().value! % below
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}
