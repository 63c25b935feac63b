import { describe, expect, it } from 'vitest'
import type { Carillon, ScheduleOptions } from '../../src/index.ts'
import { EVERY_MINUTE, Work } from './overlap-support.ts'
import { TIMELINES } from './overlap-timelines.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()
const work = new Work(world)

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
