import { describe, expect, it } from 'vitest'
import { jitterMs, jitterOf } from '../jitter.ts'
import { simulate } from './simulate.ts'
import type { SimulatedRun, SimulatedSchedule, SimulationOptions } from './simulation.ts'

const DAY = '2026-06-01'
const at = (time: string) => `${DAY}T${time}Z`
const short = (date: Date | undefined) => date?.toISOString().slice(11, 19).replace(/:00$/, '') ?? '-'

const EVERY_MINUTE: SimulatedSchedule = { key: 'a', cron: '* * * * *', job: 'job', takes: '90s' }

/** What happens from 10:00 to 10:06, as `10:01 ran 10:01-10:02:30`. */
async function runsOf(schedules: readonly SimulatedSchedule[], options: Partial<SimulationOptions> = {}) {
  const runs: string[] = []
  const onRun = ({ nominalAt, outcome, startedAt, endedAt, attempt }: SimulatedRun) => {
    const when = startedAt === undefined ? '' : ` ${short(startedAt)}-${short(endedAt)}`
    runs.push(`${short(nominalAt)} ${outcome}${when}${attempt > 1 ? ` #${attempt}` : ''}`)
  }
  const simulation = await simulate({
    schedules,
    from: at('10:00'),
    until: at('10:05:59'),
    onRun,
    ...options,
  })
  return { runs: runs.toSorted(), ...simulation }
}

it('shares a guard under a mutex', async () => {
  const guard = { overlap: 'queue-all', mutex: 'disk', takes: '20s', cron: '1 10 * * *' } as const
  const { runs, mostAtOnce } = await runsOf(
    ['a', 'b', 'c'].map((key) => ({ ...EVERY_MINUTE, ...guard, key })),
  )
  expect(runs).toEqual([
    '10:01 ran 10:01-10:01:20',
    '10:01 ran 10:01:20-10:01:40',
    '10:01 ran 10:01:40-10:02',
  ])
  expect(mostAtOnce.count).toBe(1)
})

describe('an outage', () => {
  const outages = [{ from: at('10:02:10'), until: at('10:40') }]
  const until = at('10:45:30')

  it('delays what was planned, drops what was not, and begins again what it broke off', async () => {
    const { runs, schedules } = await runsOf([EVERY_MINUTE], { outages, until })
    // The last pass was at 10:00, ten minutes ahead.
    expect(runs.slice(0, 4)).toEqual([
      '10:01 ran 10:40-10:41:30 #2',
      '10:02 ran 10:40-10:41:30 #2',
      '10:03 ran 10:40-10:41:30',
      '10:04 ran 10:40-10:41:30',
    ])
    expect(schedules[0]).toMatchObject({
      missed: 30,
      caughtUp: 0,
      brokenOff: 2,
      ran: 14,
      latestMs: 2_340_000,
    })
    expect(
      schedules[0]!.missedRanges.map(({ from, until: end }) => [short(new Date(from)), short(new Date(end))]),
    ).toEqual([['10:11', '10:40']])
  })

  it('may overlap another one, or lie before the beginning', async () => {
    const before = { from: at('08:00'), until: at('09:00') }
    const within = { from: at('10:01:30'), until: at('10:20') }
    const { runs, schedules } = await runsOf([{ ...EVERY_MINUTE, takes: 0 }], {
      outages: [within, before, ...outages],
      until,
    })
    expect(runs.slice(0, 2)).toEqual(['10:01 ran 10:01-10:01', '10:02 ran 10:40-10:40'])
    expect(schedules[0]).toMatchObject({ ran: 15, missed: 30 })
  })

  it('is made up for as the schedule says', async () => {
    const latest = { within: '1h', policy: 'latest' } as const
    const { schedules } = await runsOf(
      [
        { ...EVERY_MINUTE, takes: 0, catchUp: '1h' },
        { ...EVERY_MINUTE, takes: 0, key: 'b', catchUp: latest },
        { ...EVERY_MINUTE, takes: 0, key: 'c', catchUp: { ...latest, policy: 'all', max: 5 } },
      ],
      { outages, until },
    )
    expect(schedules.map(({ caughtUp, missed }) => [caughtUp, missed])).toEqual([
      [30, 0],
      [1, 29],
      [5, 25],
    ])
    expect(schedules.map(({ ran }) => ran)).toEqual([45, 16, 20])
  })

  it('leaves only the newest to a schedule that replaces: of what was planned, then of what is made up for', async () => {
    const { schedules } = await runsOf(
      [{ ...EVERY_MINUTE, takes: '1s', catchUp: '1h', overlap: 'replace' }],
      {
        outages,
        until,
      },
    )
    expect(schedules[0]).toMatchObject({ missed: 0, caughtUp: 30, replaced: 1, ran: 8, skipped: 36 })
  })

  it('that lasts to the end leaves the rest undispatched', async () => {
    const { schedules } = await runsOf([{ ...EVERY_MINUTE, takes: 0 }], {
      outages: [{ from: at('10:02:10'), until: at('12:00') }],
      until,
    })
    expect(schedules[0]).toMatchObject({ ran: 2, waiting: 8, missed: 35 })
  })
})

it('keeps to the concurrency, the one that is due first at the front', async () => {
  const schedules = ['a', 'b', 'c'].map((key, i) => ({ ...EVERY_MINUTE, cron: `1 10 * * *`, spread: i, key }))
  const { runs, mostAtOnce } = await runsOf(schedules, { concurrency: 2 })
  expect(mostAtOnce).toEqual({ count: 2, at: new Date(at('10:01')) })
  expect(runs).toEqual(['10:01 ran 10:01-10:02:30', '10:01 ran 10:01-10:02:30', '10:01 ran 10:02:30-10:04'])
})

it('delays runs by their jitter, as the planner does', async () => {
  const delays: number[] = []
  await simulate({
    schedules: [{ ...EVERY_MINUTE, jitter: '40s' }],
    from: at('10:00'),
    until: at('10:10:59'),
    onRun: ({ nominalAt, dueAt, startedAt, lateMs }) => {
      delays.push(dueAt.getTime() - nominalAt.getTime())
      expect({ startedAt, lateMs }).toEqual({ startedAt: dueAt, lateMs: 0 })
    },
  })
  const jitter = jitterOf({ namespace: 'default', key: 'a' }, 40_000)
  const drawn = Array.from({ length: 10 }, (_, i) => jitterMs(jitter, Date.parse(at('10:01')) + i * 60_000))
  expect(delays).toEqual(drawn)
})

it('tells the fullest minutes', async () => {
  const { fullestMinutes } = await runsOf([
    { ...EVERY_MINUTE, takes: 0 },
    { ...EVERY_MINUTE, key: 'b', cron: '3,4 * * * *', takes: 0 },
  ])
  expect(fullestMinutes.map(({ at: minute, began }) => `${short(minute)} ${began}`)).toEqual([
    '10:03 2',
    '10:04 2',
    '10:01 1',
    '10:02 1',
    '10:05 1',
  ])
})

it('asks how long a run takes, and leaves out what is paused, used up or over', async () => {
  const asked: string[] = []
  const { runs, schedules } = await runsOf([
    {
      ...EVERY_MINUTE,
      maxRuns: 2,
      takes: ({ key, nominalAt, startedAt, attempt }) => {
        asked.push(`${key} ${short(nominalAt)} ${short(startedAt)} ${attempt}`)
        return '5s'
      },
    },
    { ...EVERY_MINUTE, key: 'b', active: false },
    { ...EVERY_MINUTE, key: 'c', endsAt: at('10:00:30') },
  ])
  expect(asked).toEqual(['a 10:01 10:01 1', 'a 10:02 10:02 1'])
  expect(runs).toEqual(['10:01 ran 10:01-10:01:05', '10:02 ran 10:02-10:02:05'])
  expect(schedules.map(({ ran }) => ran)).toEqual([2, 0, 0])
})

it('simulates a year with two outages and its clock changes', async () => {
  const { schedules } = await simulate({
    schedules: [
      {
        key: 'hourly',
        cron: '0 * * * *',
        timezone: 'Europe/Berlin',
        job: 'job',
        takes: '10m',
        overlap: 'skip',
      },
      {
        key: 'nightly',
        cron: '30 2 * * *',
        timezone: 'Europe/Berlin',
        job: 'job',
        catchUp: '1d',
        takes: '3h',
      },
    ],
    from: '2026-01-01T00:00:00+01:00',
    until: '2027-01-01T00:00:00+01:00',
    outages: [
      { from: '2026-03-01T00:03:00+01:00', until: '2026-03-08T00:00:00+01:00' },
      { from: '2026-10-24T22:00:00+02:00', until: '2026-10-25T04:00:00+01:00' },
    ],
  })
  const [hourly, nightly] = schedules
  // 365 days and the hour that repeats, less the one that is skipped; seven days and seven hours of them are missed.
  expect(hourly!.ran + hourly!.missed + hourly!.skipped + hourly!.unfinished).toBe(365 * 24)
  expect(nightly!.ran + nightly!.missed).toBe(365)
  expect(nightly).toMatchObject({ missed: 6, caughtUp: 2 })
})

it.each<[string, Partial<SimulationOptions>, string]>([
  ['an end before the beginning', { until: at('09:00') }, 'until must be later than from'],
  [
    'an outage that ends before it began',
    { outages: [{ from: at('10:02'), until: at('10:01') }] },
    'an outage ends after',
  ],
  ['what is no instant', { from: 'today' }, 'from'],
  ['a schedule that could not be stored', { schedules: [{ ...EVERY_MINUTE, cron: '* * *' }] }, 'field'],
])('refuses %s', async (_, options, message) => {
  await expect(runsOf([EVERY_MINUTE], options)).rejects.toThrow(message)
})
