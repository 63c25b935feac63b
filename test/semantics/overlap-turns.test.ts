import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../src/clock/wait.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { EVERY_MINUTE, Work } from './overlap-support.ts'
import { gate, instant, ledger, time, until, useWorld } from './support.ts'

const world = useWorld()
const work = new Work(world)

describe('a guard is free again', () => {
  it('when a run failed, and a further attempt waits for its turn', async () => {
    const end = gate()
    let calls = 0
    const job = world.job('work', async () => {
      calls++
      if (calls === 1) throw new Error('once')
      if (calls === 2) await end.promise
    })
    const cron = await world.open({ jobs: [job] })
    await cron.schedule({
      ...EVERY_MINUTE,
      key: 'a',
      overlap: 'skip',
      retries: 1,
      backoff: { initial: '70s' },
    })
    await cron.start()
    await world.clock.advanceTo(instant('10:02:30'))
    // The further attempt was due at 10:02:10, and waits for what began at 10:02.
    expect(world.beginnings).toEqual(['10:01 a', '10:02 a'])

    end.resolve()
    await until(async () => {
      await world.clock.advance('1s')
      return world.beginnings.length === 3
    })
    expect(world.begun.at(-1)).toMatchObject({ attempt: 2 })
    await until(async () => (await ledger(cron, 'a'))[0] === '10:01 succeeded')
  })

  it('when the server that ran it is gone, and its lease with it', async () => {
    const asleep = new ManualClock(world.clock.now())
    const end = gate()
    const job = world.job('work', async ({ occurrence: { attempt } }) => attempt === 1 && end.promise)
    const first = await world.open({ jobs: [job], clock: asleep, lease: '30s' })
    const second = await world.open({ jobs: [job], lease: '30s' })
    await first.schedule({ ...EVERY_MINUTE, cron: '1,2 10 * * *', key: 'a', overlap: 'queue-all' })
    await first.start()
    await asleep.advance('1m')
    expect(world.begun).toHaveLength(1)

    // The machine of the first one sleeps from here on. What is due at 10:02 waits, until the lease has run out.
    await world.clock.advanceTo(instant('10:01:20'))
    await second.start()
    await world.clock.advanceTo(instant('10:03'))
    expect(world.begun.slice(1).map(({ context }) => time(context.occurrence.nominalAt))).toEqual([
      '10:01',
      '10:02',
    ])
    expect(world.begun[1]).toMatchObject({ attempt: 2 })
    expect((await ledger(second, 'a')).slice(0, 2)).toEqual(['10:01 succeeded', '10:02 running'])

    end.resolve()
    const closing = first.close()
    await asleep.advance('10m')
    await closing
  })

  it('when the schedule was deleted, for one of the same key', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('90s')] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', overlap: 'queue-all' })
    await cron.start()
    await world.clock.advanceTo(instant('10:01:30'))
    await cron.delete('a')
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', overlap: 'queue-all' })
    await world.clock.advanceTo(instant('10:02:59'))
    expect(work.happened).toEqual(['10:01 begins 10:01', '10:02:30 ends 10:01', '10:02:30 begins 10:02'])
  })

  it('when what waited is withdrawn', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('90s')] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', overlap: 'queue-all' })
    await cron.start()
    await world.clock.advanceTo(instant('10:02:10'))
    await cron.pause('a')
    await world.clock.advanceTo(instant('10:03:30'))
    await cron.resume('a')
    await world.clock.advanceTo(instant('10:04:30'))
    expect(await ledger(cron, 'a')).toContain('10:02 paused')
    expect(work.happened).toEqual(['10:01 begins 10:01', '10:02:30 ends 10:01', '10:04 begins 10:04'])
  })

  it('when it runs by hand like any other time', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('90s')] })
    await cron.schedule({ ...EVERY_MINUTE, cron: '0 0 1 1 *', key: 'a', overlap: 'queue-all' })
    await cron.start()
    await cron.trigger('a')
    await cron.trigger('a')
    await world.clock.advanceTo(instant('10:02'))
    expect(work.happened.map((line) => line.replace(/:00\.\d+/, ''))).toEqual([
      '10:00 begins 10:00',
      '10:01:30 ends 10:00',
      expect.stringMatching(/^10:01:30 begins 10:00/),
    ])
  })
})

describe('a run that is replaced', () => {
  it('has failed for good, and says why', async () => {
    const cron = await world.open({ jobs: [work.thatTakes('90s')] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', overlap: 'replace', retries: 5 })
    await cron.start()
    await world.clock.advanceTo(instant('10:02:30'))
    const [, replaced] = await cron.history('a', { limit: 2 })
    expect(replaced).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'RUN_REPLACED' } })
    expect(replaced!.reason).toBeUndefined()
  })

  it('is waited for by the newest alone, and what waited before is over at once', async () => {
    const stubborn = world.job('work', () => waitUntil(world.clock, world.clock.now() + 90_000))
    const cron = await world.open({ jobs: [stubborn] })
    await cron.schedule({ ...EVERY_MINUTE, cron: '* * * * * *', key: 'a', overlap: 'replace' })
    await cron.start()
    await world.clock.advanceTo(instant('10:00:03.500'))
    expect((await ledger(cron, 'a')).slice(0, 3)).toEqual([
      '10:00:01 running',
      '10:00:02 overlap',
      '10:00:03 planned',
    ])

    // It is not waited for beyond its five seconds.
    await world.clock.advanceTo(instant('10:00:07.500'))
    expect(world.beginnings).toEqual(['10:00:01 a', '10:00:07 a'])
  })

  it('has succeeded when it came to its end in spite of it', async () => {
    const stubborn = world.job('work', async ({ signal }) => {
      await waitUntil(world.clock, world.clock.now() + 90_000, signal)
      return 'done'
    })
    const cron = await world.open({ jobs: [stubborn] })
    await cron.schedule({ ...EVERY_MINUTE, key: 'a', overlap: 'replace' })
    await cron.start()
    await world.clock.advanceTo(instant('10:02:30'))
    expect(world.beginnings).toEqual(['10:01 a', '10:02 a'])
    expect(await ledger(cron, 'a')).toEqual(expect.arrayContaining(['10:01 succeeded', '10:02 running']))
  })
})
