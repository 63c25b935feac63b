import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../errors.ts'
import type { TaskBuilder } from './task-builder.ts'
import { TaskSchedule } from './task-schedule.ts'

/** A method and its arguments, as they are written. */
type Call = string

const at = (text: string) => Date.parse(text)
const HOUR = 3_600_000
const QUARTER = HOUR / 4

function build(calls: readonly Call[]) {
  const schedule = new TaskSchedule()
  const task = schedule.job('task') as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const call of calls) {
    const [, method = '', args = ''] = /^(\w+)\((.*)\)$/.exec(call) ?? []
    task[method]!(...(JSON.parse(`[${args.replaceAll("'", '"')}]`) as unknown[]))
  }
  return schedule.build({ timezone: 'UTC' })[0]!
}

function instants(say: (task: TaskBuilder) => unknown, after: string, until: string): string[] {
  const schedule = new TaskSchedule()
  say(schedule.call(() => {}).name('task'))
  const { recurrence } = schedule.build({ timezone: 'UTC' })[0]!.timing
  const found: string[] = []
  for (let next = recurrence.nextMs(at(after), at(until)); next !== undefined;) {
    found.push(new Date(next).toISOString().replace(':00.000Z', 'Z'))
    next = recurrence.nextMs(next, at(until))
  }
  return found
}

describe('calls that contradict each other', () => {
  const ofTime: readonly (readonly [Call, Call])[] = [
    ['daily()', 'hourly()'],
    ['everyMinute()', "dailyAt('13:00')"],
    ['everySecond()', 'everyMinute()'],
    ['monthly()', 'quarterly()'],
    ['lastDayOfMonth()', 'yearlyOn(1, 2)'],
    ['weeklyOn(1)', 'weeklyOn(2)'],
    ['hourlyAt(5)', 'hourlyAt(6)'],
    ["cron('* * * * *')", 'everyMinute()'],
    ["cron('0 1 * * *')", "cron('0 2 * * *')"],
    ["at('1:00')", "at('2:00')"],
    ["dailyAt('13:00')", "at('14:00')"],
    ["weeklyOn(1, '8:00')", "at('9:00')"],
    ["monthlyOn(4, '8:00')", "at('9:00')"],
    ["at('3:00')", 'everySecond()'],
    ["at('3:00')", 'everyFiveMinutes()'],
    ["at('3:00')", 'hourly()'],
    ["at('3:00')", 'everySixHours(30)'],
    ["at('3:00')", 'twiceDaily(1, 13)'],
    ["at('3:00')", "cron('0 4 * * *')"],
    ['weeklyOn(1)', 'tuesdays()'],
    ['weeklyOn(1)', 'weekdays()'],
    ['weekdays()', "cron('0 4 * * *')"],
  ]
  const besides: readonly (readonly [Call, Call])[] = [
    ['mondays()', 'tuesdays()'],
    ['weekends()', 'days(1)'],
    ["between('8:00', '9:00')", "between('8:00', '10:00')"],
    ["unlessBetween('8:00', '9:00')", "unlessBetween('8:00', '10:00')"],
    ["timezone('Europe/Berlin')", "timezone('Asia/Tokyo')"],
    ["name('one')", "name('two')"],
    ["lockName('one')", "lockName('two')"],
  ]
  /** Of these, the error names the method. */
  const ofTraits: readonly (readonly [Call, Call])[] = [
    ['store({"queue":"one"})', 'store({"queue":"two"})'],
    ["environments('one')", "environments('two')"],
    ["timeout('1m')", "timeout('2m')"],
    ['withoutOverlapping({"renew":true})', 'withoutOverlapping({"renew":false})'],
    ["description('one')", "description('two')"],
  ]

  function refusal(calls: readonly Call[]): string {
    try {
      build(calls)
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError)
      return (error as Error).message
    }
    return 'not refused'
  }

  it.each([...ofTime, ...besides])('%s and %s', (one, two) => {
    const rest = ofTime.some((pair) => pair[0] === one) ? [] : ['daily()']
    for (const calls of [
      [...rest, one, two],
      [two, one, ...rest],
    ]) {
      expect(refusal(calls)).toContain(one)
      expect(refusal(calls)).toContain(two)
    }
  })

  it.each(ofTraits)('%s and %s', (one, two) => {
    const method = one.slice(0, one.indexOf('(') + 1)
    for (const calls of [
      ['daily()', one, two],
      ['daily()', two, one],
    ])
      expect(refusal(calls)).toContain(method)
  })
})

describe('a task that says too little', () => {
  it.each<[string, readonly Call[]]>([
    ['nothing', []],
    ['days of the week alone', ['weekdays()']],
    ['a window alone', ["between('8:00', '9:00')"]],
    ['a zone alone', ["timezone('Europe/Berlin')"]],
  ])('%s, is refused with a remedy', (_, calls) => {
    expect(() => build(calls)).toThrow(ConfigError)
    expect(() => build(calls)).toThrow(/"task".*how often.*daily\(\)/)
  })

  it('no expression, is refused, as JavaScript may give none', () => {
    expect(() => build(['cron()'])).toThrow(ConfigError)
  })
})

describe('the order of calls', () => {
  const longer = fc.constantFrom<Call>(
    'daily()',
    'weekly()',
    'monthly()',
    'monthlyOn(13)',
    'twiceMonthly(1, 16)',
    'lastDayOfMonth()',
    'daysOfMonth(1, 15)',
    'quarterly()',
    'yearly()',
  )
  const shorter = fc.constantFrom<Call>(
    'everyTenSeconds()',
    'everyFiveMinutes()',
    'hourlyAt(7)',
    'everyTwoHours(5)',
    'twiceDaily(8, 20)',
  )
  const constraint = (...calls: Call[]) => fc.option(fc.constantFrom(...calls), { nil: undefined })
  const time = fc.constantFrom<Call>("at('8:30')", "at('23:00')")
  const frequency = fc.oneof(
    shorter.map((call) => [call]),
    time.map((call) => [call]),
    fc.tuple(longer, fc.option(time, { nil: undefined })).map((pair) => pair.filter(isSaid)),
  )
  const rest = fc.tuple(
    constraint('weekdays()', 'mondays()', "days('fri', 6)"),
    constraint("timezone('Europe/Berlin')", "timezone('Asia/Kolkata')"),
    constraint("between('8:00', '9:00')", "between('22:00', '0:00')"),
    constraint("unlessBetween('12:00', '13:00')", "unlessBetween('23:30', '0:30')"),
    constraint('withoutOverlapping()'),
    constraint('onOneServer()', "description('text')"),
  )

  it('does not matter', () => {
    const shuffled = fc.tuple(frequency, rest).chain(([said, more]) => {
      const calls = [...said, ...more.filter(isSaid)]
      const order = fc.shuffledSubarray(calls, { minLength: calls.length })
      return fc.tuple(fc.constant(calls), order)
    })
    fc.assert(
      fc.property(shuffled, ([calls, order]) => {
        expect(outcome(order)).toEqual(outcome(calls))
      }),
      { numRuns: 300 },
    )
  })

  it('does not matter, nor does saying the same again', () => {
    fc.assert(
      fc.property(fc.tuple(frequency, rest), ([said, more]) => {
        const calls = [...said, ...more.filter(isSaid)]
        expect(outcome([...calls, ...calls])).toEqual(outcome(calls))
      }),
      { numRuns: 100 },
    )
  })
})

const isSaid = (call: Call | undefined): call is Call => call !== undefined

/** All that can be seen of when a task runs; or why it cannot. */
function outcome(calls: readonly Call[]) {
  try {
    const { timing, overlap, onOneServer, description } = build(calls)
    const first = timing.recurrence.nextMs(at('2026-03-04T05:06:07Z'))
    const second = first === undefined ? undefined : timing.recurrence.nextMs(first)
    return { spec: timing.spec, windows: timing.windows, overlap, onOneServer, description, first, second }
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as Error).message).toMatch(/never run/)
    return (error as Error).message
  }
}

describe('a window', () => {
  it('includes both of its ends, to the second', () => {
    expect(
      instants(
        (task) => task.everyThirtySeconds().between('9:00', '9:01'),
        '2026-03-04T05:00:00Z',
        '2026-03-05T09:00:00Z',
      ),
    ).toEqual(['2026-03-04T09:00Z', '2026-03-04T09:00:30.000Z', '2026-03-04T09:01Z', '2026-03-05T09:00Z'])
    expect(
      instants((task) => task.hourly().between('9:00', '9:00'), '2026-03-04T00:00Z', '2026-03-06T00:00Z'),
    ).toEqual(['2026-03-04T09:00Z', '2026-03-05T09:00Z'])
  })

  it('to leave out leaves out both of its ends', () => {
    expect(
      instants(
        (task) => task.everySixHours().unlessBetween('6:00', '12:00'),
        '2026-03-04T00:00Z',
        '2026-03-05T06:00Z',
      ),
    ).toEqual(['2026-03-04T18:00Z', '2026-03-05T00:00Z'])
  })

  it('may span midnight', () => {
    const [after, until] = ['2026-03-04T05:06Z', '2026-03-05T22:00Z']
    expect(instants((task) => task.hourly().between('22:00', '2:00'), after, until)).toEqual([
      '2026-03-04T22:00Z',
      '2026-03-04T23:00Z',
      '2026-03-05T00:00Z',
      '2026-03-05T01:00Z',
      '2026-03-05T02:00Z',
      '2026-03-05T22:00Z',
    ])
    expect(instants((task) => task.everySixHours().unlessBetween('20:00', '6:00'), after, until)).toEqual([
      '2026-03-04T12:00Z',
      '2026-03-04T18:00Z',
      '2026-03-05T12:00Z',
      '2026-03-05T18:00Z',
    ])
  })

  it('may have a part left out', () => {
    const say = (task: TaskBuilder) => task.hourly().between('11:00', '15:00').unlessBetween('12:00', '13:30')
    expect(instants(say, '2026-03-04T00:00Z', '2026-03-05T00:00Z')).toEqual([
      '2026-03-04T11:00Z',
      '2026-03-04T14:00Z',
      '2026-03-04T15:00Z',
    ])
  })

  it("goes by the wall clock of the task's zone", () => {
    const say = (task: TaskBuilder) => task.hourly().between('9:00', '10:00').timezone('Asia/Kolkata')
    expect(instants(say, '2026-03-04T00:00Z', '2026-03-05T00:00Z')).toEqual([
      '2026-03-04T03:30Z',
      '2026-03-04T04:30Z',
    ])
  })

  it('holds on both passes of a repeated hour, and not where its hour is skipped', () => {
    const say = (task: TaskBuilder) =>
      task.everyThirtyMinutes().between('2:00', '2:30').timezone('Europe/Berlin')
    expect(instants(say, '2026-10-24T12:00Z', '2026-10-26T01:00Z')).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
      '2026-10-26T01:00Z',
    ])
    expect(instants(say, '2026-03-28T00:00Z', '2026-03-30T12:00Z')).toEqual([
      '2026-03-28T01:00Z',
      '2026-03-28T01:30Z',
      '2026-03-30T00:00Z',
      '2026-03-30T00:30Z',
    ])
  })

  it('lets through what the wall clock shows, forwards and backwards', () => {
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' })
    const time = fc.nat(287).map((fives) => {
      const minutes = fives * 5
      return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
    })
    const day = fc.constantFrom(at('2026-03-28T00:00Z'), at('2026-10-24T00:00Z'))
    fc.assert(
      fc.property(time, time, day, fc.boolean(), (from, until, since, isInside) => {
        const passes = (shown: string) =>
          (from <= until ? from <= shown && shown <= until : from <= shown || shown <= until) === isInside
        const quarters = Array.from({ length: 96 }, (_, i) => at('2026-06-01T00:00Z') + i * QUARTER)
        fc.pre(quarters.some((quarter) => passes(clock.format(quarter))))

        const { recurrence } = build([
          'everyFifteenMinutes()',
          `${isInside ? 'between' : 'unlessBetween'}('${from}', '${until}')`,
          "timezone('Europe/Berlin')",
        ]).timing
        const end = since + 72 * HOUR
        const expected = Array.from({ length: 288 }, (_, i) => since + (i + 1) * QUARTER)
        const found: number[] = []
        for (
          let next = recurrence.nextMs(since, end);
          next !== undefined;
          next = recurrence.nextMs(next, end)
        )
          found.push(next)
        expect(found).toEqual(expected.filter((instant) => passes(clock.format(instant))))
        const back: number[] = []
        for (let last = recurrence.previousMs(end + 1, since + 1); last !== undefined;) {
          back.unshift(last)
          last = recurrence.previousMs(last, since + 1)
        }
        expect(back).toEqual(found)
      }),
      { numRuns: 60 },
    )
  })

  it.each<[readonly Call[]]>([
    [["dailyAt('3:00')", "between('9:00', '17:00')"]],
    [['daily()', "at('3:00')", "unlessBetween('22:00', '6:00')"]],
    [['hourly()', "between('9:10', '9:50')"]],
    [['twiceDaily(1, 13)', "unlessBetween('0:00', '13:00')"]],
    [['hourly()', "between('9:00', '10:00')", "unlessBetween('8:00', '11:00')"]],
    [["cron('0 3 * * MON')", "between('4:00', '2:00')"]],
  ])('that lets nothing through is refused: %j', (calls) => {
    expect(() => build(calls)).toThrow(ConfigError)
    expect(() => build(calls)).toThrow(/never run/)
    for (const call of calls.filter((call) => call !== 'daily()')) expect(() => build(calls)).toThrow(call)
  })

  it('that lets nothing through is refused at once, however often the task would run', () => {
    const module = new URL('task-schedule.ts', import.meta.url).href
    const script = `
      const { TaskSchedule } = await import(${JSON.stringify(module)})
      const schedule = new TaskSchedule()
      const task = schedule.call(() => {}).name('task').everySecond()
      task.between('9:00', '10:00').unlessBetween('8:00', '11:00')
      try { schedule.build({ timezone: 'UTC' }) } catch (error) { console.log(error.message) }`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 10_000,
    })
    expect(stdout).toMatch(/never run/)
  })

  it('is no reason to refuse what runs seldom', () => {
    const { recurrence } = build(['yearlyOn(2, 29)', 'mondays()', "between('0:00', '1:00')"]).timing
    expect(recurrence.nextMs(at('2026-03-04T00:00Z'))).toBe(at('2044-02-29T00:00Z'))
  })
})
