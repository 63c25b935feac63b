import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../src/clock/wait.ts'
import type { Carillon } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { EDITS } from './overlap-edits.ts'
import { EVERY_MINUTE, Work } from './overlap-support.ts'
import { gate, instant, time, useWorld } from './support.ts'

const world = useWorld()
const work = new Work(world)

describe.each([1, 2])('an edit while runs are under way, in %i processes', (processes) => {
  it.each(EDITS)('$name', async ({ schedules, takes, edits, happens }) => {
    const jobs = [work.thatTakes(takes)]
    const crons = await Promise.all(Array.from({ length: processes }, () => world.open({ jobs })))
    const editor = crons.at(-1)!
    for (const [key, options] of Object.entries(schedules))
      await editor.schedule({ ...EVERY_MINUTE, key, ...options })
    for (const cron of crons) await cron.start()

    for (const [at, edit] of Object.entries(edits)) {
      await world.clock.advanceTo(instant(at))
      await edit(editor)
    }
    await world.clock.advanceTo(instant('10:04') - 1)
    // Another process hears by its heartbeat that a run is replaced which began before there was a policy.
    const hears = processes > 1 && happens.some((line) => line.includes('is told'))
    const toTheMinute = (line: string) => line.replace(/^(\d\d:\d\d):(0|10|11)\S*/, '$1')
    expect(hears ? work.happened.map(toTheMinute) : work.happened).toEqual(happens)
  })
})

const QUEUE = { overlap: 'queue-all' } as const

it.each<[string, (cron: Carillon) => Promise<unknown>]>([
  ['patch', (cron) => cron.patch('a', QUEUE)],
  ['schedule', (cron) => cron.schedule({ ...EVERY_MINUTE, key: 'a', ...QUEUE })],
  ['scheduleMany', (cron) => cron.scheduleMany([{ ...EVERY_MINUTE, key: 'a', ...QUEUE }])],
  ['rollback', (cron) => cron.rollback('a', { revision: 1 })],
  ['a patch of the timing besides', (cron) => cron.patch('a', { cron: '2,3 10 * * *', ...QUEUE })],
])('it is the same by %s', async (_, edit) => {
  const cron = await world.open({ jobs: [work.thatTakes('90s')] })
  await cron.schedule({ ...EVERY_MINUTE, key: 'a', ...QUEUE })
  await cron.patch('a', { overlap: 'allow' })
  await cron.start()
  await world.clock.advanceTo(instant('10:01:30'))
  await edit(cron)
  await world.clock.advanceTo(instant('10:03'))
  expect(work.happened).toEqual(['10:01 begins 10:01', '10:02:30 ends 10:01', '10:02:30 begins 10:02'])
})

describe('a run that began before there was a policy', () => {
  it('is told of as any other while somebody waits for its end', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('5m')] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a' })
    await cron.start()
    await world.clock.advanceTo(instant('10:01:30'))
    await cron.patch('a', QUEUE)
    await world.clock.advanceTo(instant('10:02:30'))
    const [, run] = await cron.history('a')
    expect(run).toMatchObject({ state: 'running', reason: undefined })
    expect(await cron.history('a', { reasons: ['overlap'] })).toEqual([])
  })

  it('keeps its break also when it fails and is to begin again', async () => {
    const job = world.job('work', async ({ occurrence: { nominalAt } }) => {
      await waitUntil(world.clock, world.clock.now() + 55_000)
      if (time(nominalAt) === '10:01') throw new Error('no')
    })
    const cron = await world.open({ jobs: [job] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', retries: 1, backoff: { initial: '10m' } })
    await cron.start()
    await world.clock.advanceTo(instant('10:01:30'))
    await cron.patch('a', { ...QUEUE, minimumBreak: '20s' })
    await world.clock.advanceTo(instant('10:02:30'))
    expect(world.beginnings).toEqual(['10:01 a', '10:02:15 a'])
  })

  it('is waited for until its lease has run out, when its server is gone', async () => {
    const asleep = new ManualClock(world.clock.now())
    const end = gate()
    const job = world.job(
      'work',
      async ({ occurrence: { attempt, key } }) => key === 'a' && attempt === 1 && end.promise,
    )
    const first = await world.open({ jobs: [job], clock: asleep, lease: '90s' })
    const second = await world.open({ jobs: [job], lease: '90s' })
    await first.schedule({ ...EVERY_MINUTE, cron: '1 10 * * *', key: 'a' })
    await first.schedule({ ...EVERY_MINUTE, cron: '2 10 * * *', key: 'b', ...QUEUE, mutex: 'm' })
    await first.start()
    await asleep.advance('1m')
    await second.patch('a', { ...QUEUE, mutex: 'm' })

    // The machine of the first one sleeps from here on.
    await world.clock.advanceTo(instant('10:01:20'))
    await second.start()
    const began = () => world.begun.map(({ key, attempt }) => `${key} #${attempt}`)
    await world.clock.advanceTo(instant('10:02:20'))
    expect(began()).toEqual(['a #1'])
    await world.clock.advanceTo(instant('10:02:50'))
    expect(began().toSorted()).toEqual(['a #1', 'a #2', 'b #1'])

    end.resolve()
    const closing = first.close()
    await asleep.advance('10m')
    await closing
  })
})
