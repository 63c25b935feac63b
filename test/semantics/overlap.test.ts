import { describe, expect, it } from 'vitest'
import type { Duration } from '../../src/clock/duration.ts'
import type { Carillon, ScheduleOptions } from '../../src/index.ts'
import { EVERY_MINUTE, Work } from './overlap-support.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()
const work = new Work(world)

interface Timeline {
  readonly name: string
  readonly policy: Partial<ScheduleOptions>
  readonly takes: Duration
  /** What happens until 10:06. */
  readonly happens: readonly string[]
  /** What becomes of 10:01 to 10:05. */
  readonly ledger: readonly string[]
}

const TIMELINES: readonly Timeline[] = [
  {
    name: 'allow: each begins',
    policy: {},
    takes: '150s',
    happens: [
      '10:01 begins 10:01',
      '10:02 begins 10:02',
      '10:03 begins 10:03',
      '10:03:30 ends 10:01',
      '10:04 begins 10:04',
      '10:04:30 ends 10:02',
      '10:05 begins 10:05',
      '10:05:30 ends 10:03',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 succeeded', '10:04 running', '10:05 running'],
  },
  {
    name: 'skip: what falls due meanwhile does not run',
    policy: { overlap: 'skip' },
    takes: '90s',
    happens: [
      '10:01 begins 10:01',
      '10:02:30 ends 10:01',
      '10:03 begins 10:03',
      '10:04:30 ends 10:03',
      '10:05 begins 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 overlap', '10:03 succeeded', '10:04 overlap', '10:05 running'],
  },
  {
    name: 'queue-one: one waits, further ones do not run',
    policy: { overlap: 'queue-one' },
    takes: '150s',
    happens: ['10:01 begins 10:01', '10:03:30 ends 10:01', '10:03:30 begins 10:02'],
    ledger: ['10:01 succeeded', '10:02 running', '10:03 overlap', '10:04 planned', '10:05 overlap'],
  },
  {
    name: 'queue-all: all run, one after the other',
    policy: { overlap: 'queue-all' },
    takes: '90s',
    happens: [
      '10:01 begins 10:01',
      '10:02:30 ends 10:01',
      '10:02:30 begins 10:02',
      '10:04 ends 10:02',
      '10:04 begins 10:03',
      '10:05:30 ends 10:03',
      '10:05:30 begins 10:04',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 succeeded', '10:04 running', '10:05 planned'],
  },
  {
    name: 'replace: the one under way is told to end, the new one starts when it has gone',
    policy: { overlap: 'replace', retries: 3 },
    takes: '150s',
    happens: ['10:01', '10:02', '10:03', '10:04', '10:05'].flatMap((at, i, all) => [
      ...(i === 0 ? [] : [`${at} is told to end: ${all[i - 1]}`]),
      `${at} begins ${at}`,
    ]),
    ledger: ['10:01 failed', '10:02 failed', '10:03 failed', '10:04 failed', '10:05 running'],
  },
  {
    name: 'maxRunning: so many at the same time',
    policy: { overlap: 'skip', maxRunning: 2 },
    takes: '150s',
    happens: [
      '10:01 begins 10:01',
      '10:02 begins 10:02',
      '10:03:30 ends 10:01',
      '10:04 begins 10:04',
      '10:04:30 ends 10:02',
      '10:05 begins 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 overlap', '10:04 running', '10:05 running'],
  },
  {
    name: 'minimumBreak: what waits begins when it is over',
    policy: { overlap: 'queue-all', minimumBreak: '10s' },
    takes: '55s',
    happens: [
      '10:01 begins 10:01',
      '10:01:55 ends 10:01',
      '10:02:05 begins 10:02',
      '10:03 ends 10:02',
      '10:03:10 begins 10:03',
      '10:04:05 ends 10:03',
      '10:04:15 begins 10:04',
      '10:05:10 ends 10:04',
      '10:05:20 begins 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 succeeded', '10:03 succeeded', '10:04 succeeded', '10:05 running'],
  },
  {
    name: 'minimumBreak: what must not wait does not run',
    policy: { overlap: 'skip', minimumBreak: '10s' },
    takes: '55s',
    happens: [
      '10:01 begins 10:01',
      '10:01:55 ends 10:01',
      '10:03 begins 10:03',
      '10:03:55 ends 10:03',
      '10:05 begins 10:05',
      '10:05:55 ends 10:05',
    ],
    ledger: ['10:01 succeeded', '10:02 overlap', '10:03 succeeded', '10:04 overlap', '10:05 succeeded'],
  },
]

describe.each([1, 2])('in %i processes', (processes) => {
  it.each(TIMELINES)('$name', async ({ policy, takes, happens, ledger: expected }) => {
    const jobs = [work.thatTakes(takes)]
    const crons = await Promise.all(Array.from({ length: processes }, () => world.open({ jobs })))
    const [cron] = crons as [Carillon]
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', ...policy })
    for (const one of crons) await one.start()

    await world.clock.advanceTo(instant('10:06') - 1)
    // Another process hears by the machine's own clock that a run of its own is replaced, or looks after two seconds.
    const mayBeLate = processes > 1 && policy.overlap === 'replace'
    const toTheMinute = (line: string) => line.replace(/^(\d\d:\d\d):0[012]\S*/, '$1')
    expect(mayBeLate ? work.happened.map(toTheMinute) : work.happened).toEqual(happens)
    expect((await ledger(cron, 'a')).slice(0, 5)).toEqual(expected)
  })
})

describe('a mutex', () => {
  it('is shared by schedules, whichever process runs them', async () => {
    const jobs = [work.thatTakes('20s')]
    const [one, other] = [await world.open({ jobs }), await world.open({ jobs })]
    const guard = { ...EVERY_MINUTE, overlap: 'queue-all', mutex: 'disk' } as const
    for (const key of ['b', 'c', 'd']) await one.schedule({ ...guard, key })
    await one.schedule({ ...EVERY_MINUTE, key: 'free' })
    await one.start()
    await other.start()
    await world.clock.advanceTo(instant('10:01:59'))

    const guarded = work.happened.filter((line) => !line.includes('free'))
    expect(guarded.map((line) => line.replace(/[bcd] /, ''))).toEqual([
      '10:01 begins 10:01',
      '10:01:20 ends 10:01',
      '10:01:20 begins 10:01',
      '10:01:40 ends 10:01',
      '10:01:40 begins 10:01',
    ])
    expect(work.happened).toContain('10:01 begins free 10:01')
    expect(new Set(guarded.map((line) => line.split(' ').at(-2)))).toEqual(new Set(['b', 'c', 'd']))
  })

  it('is of its namespace alone', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('20s')] })
    const guard = { ...EVERY_MINUTE, overlap: 'skip', mutex: 'disk' } as const
    await cron.namespace('one').schedule({ ...guard, key: 'b' })
    await cron.namespace('two').schedule({ ...guard, key: 'b' })
    await cron.start()
    await world.clock.advanceTo(instant('10:01'))
    expect(work.happened).toEqual(['10:01 begins b 10:01', '10:01 begins b 10:01'])
  })

  it('lets each schedule say what becomes of its own runs', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('90s')] })
    const guard = { ...EVERY_MINUTE, mutex: 'disk' } as const
    await cron.schedule({ ...guard, key: 'a', overlap: 'queue-all' })
    await world.clock.advanceTo(instant('10:00:30'))
    await cron.schedule({ ...guard, cron: '2 * * * *', key: 'hasty', overlap: 'skip' })
    await cron.schedule({ ...guard, cron: '3 * * * *', key: 'urgent', overlap: 'replace' })
    await cron.start()
    await world.clock.advanceTo(instant('10:03:01'))

    expect(await ledger(cron, 'hasty')).toContain('10:02 overlap')
    expect(work.happened).toEqual([
      '10:01 begins 10:01',
      '10:02:30 ends 10:01',
      '10:02:30 begins 10:02',
      '10:03 is told to end: 10:02',
      '10:03 begins urgent 10:03',
    ])
  })
})

describe('an edited policy', () => {
  it('counts for what waits already', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('5m')] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', overlap: 'queue-all' })
    await cron.start()
    await world.clock.advanceTo(instant('10:03:30'))
    expect(work.happened).toEqual(['10:01 begins 10:01'])

    await cron.patch('a', { overlap: 'allow' })
    await world.clock.advance('1s')
    expect(work.happened).toEqual(['10:01 begins 10:01', '10:03:30 begins 10:02', '10:03:30 begins 10:03'])
  })

  it('counts what began before there was one', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('5m')] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a' })
    await cron.start()
    await world.clock.advanceTo(instant('10:01:30'))
    const before = await cron.describe('a')
    await cron.patch('a', { overlap: 'skip', maxRunning: 1 })
    await world.clock.advanceTo(instant('10:02:30'))

    expect(work.happened).toEqual(['10:01 begins 10:01'])
    expect(await ledger(cron, 'a')).toContain('10:02 overlap')
    expect(await cron.describe('a')).toMatchObject({
      generation: before!.generation,
      overlap: 'skip',
      maxRunning: 1,
    })
  })

  it('that allows everything again takes its options along', async () => {
    const cron = await world.open()
    await cron.schedule({
      ...EVERY_MINUTE,
      job: 'note',
      key: 'a',
      overlap: 'skip',
      mutex: 'm',
      minimumBreak: '1m',
    })
    expect(await cron.patch('a', { overlap: null })).toMatchObject({
      overlap: 'allow',
      maxRunning: undefined,
      mutex: undefined,
      minimumBreakMs: 0,
    })
  })
})

it.each([
  [{ maxRunning: 2 }, 'maxRunning goes with overlap skip, queue-one, queue-all or replace'],
  [{ mutex: 'm' }, 'mutex goes with overlap'],
  [{ overlap: 'allow', minimumBreak: '1s' }, 'minimumBreak goes with overlap'],
  [{ overlap: 'queue' }, 'overlap "queue" is not right'],
  [{ overlap: 'skip', maxRunning: 0 }, 'maxRunning 0 is not right'],
  [{ overlap: 'skip', mutex: '' }, 'mutex "" is not right'],
  [{ overlap: 'skip', minimumBreak: 'soon' }, 'minimumBreak'],
] as const)('refuses %j', async (policy, message) => {
  const cron = await world.open()
  const options = { ...EVERY_MINUTE, job: 'note', key: 'a', ...policy } as ScheduleOptions
  await expect(cron.schedule(options)).rejects.toThrow(message)
})
