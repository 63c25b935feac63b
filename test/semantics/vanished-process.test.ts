import { describe, expect, it } from 'vitest'
import { LeaseLostError } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { gate, instant, useWorld } from './support.ts'

const world = useWorld()

describe('a process that is not heard of any more', () => {
  it('loses its run to another one, is told so when it wakes, and what it writes no longer counts', async () => {
    const asleep = new ManualClock(world.clock.now())
    const ends = [gate(), gate()]
    const reasons: unknown[] = []
    const job = world.job('slow', async ({ occurrence: { attempt }, signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await ends[attempt - 1]?.promise
      return attempt
    })
    const first = await world.open({ jobs: [job], clock: asleep, lease: '30s', server: 'first' })
    const second = await world.open({ jobs: [job], lease: '30s', server: 'second' })
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await first.start()
    await asleep.advance('5m')
    expect(world.begun.map(({ attempt }) => attempt)).toEqual([1])

    // The machine of the first process sleeps: its clock stands still, that of the second goes on.
    await world.clock.advance('5m')
    await second.start()
    await world.clock.advance('20s')
    expect(world.begun).toHaveLength(1)
    await world.clock.advance('25s')
    expect(world.begun.map(({ attempt }) => attempt)).toEqual([1, 2])

    asleep.jumpTo(world.clock.now())
    await asleep.advance('15s')
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toBeInstanceOf(LeaseLostError)
    ends[0]?.resolve()
    await asleep.advance('1s')
    expect((await second.history('a'))[0]).toMatchObject({
      state: 'running',
      attempt: 2,
      server: second.server,
    })

    ends[1]?.resolve()
    await world.clock.advance('1s')
    expect((await second.history('a'))[0]).toMatchObject({ state: 'succeeded', attempt: 2, result: 2 })
    const closing = first.close()
    await asleep.advance('5m')
    await closing
  })

  it('loses its run in seconds to one whose own lease is long', async () => {
    const asleep = new ManualClock(world.clock.now())
    const end = gate()
    const job = world.job('slow', () => end.promise)
    const first = await world.open({ jobs: [job], clock: asleep, lease: '2s' })
    // It looks for leases while there are none, and cannot take the run for itself.
    const second = await world.open({ lease: '1h' })
    await second.start()
    await world.clock.advance('1s')
    await first.schedule({ key: 'a', at: world.clock.now() + 500, job: 'slow' })
    await first.start({ roles: ['work'] })
    await asleep.advanceTo(world.clock.now() + 500)
    expect(await first.history('a', { until: instant('10:10') })).toMatchObject([{ state: 'running' }])
    await world.clock.advance('30s')
    expect(await second.history('a')).toMatchObject([{ state: 'planned', attempt: 1 }])

    end.resolve()
    const closing = first.close()
    await asleep.advance('5m')
    await closing
  })

  it('gives up what it had claimed and not begun', async () => {
    const asleep = new ManualClock(world.clock.now())
    const first = await world.open({ clock: asleep })
    const second = await world.open()
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await first.start()
    await asleep.advanceTo(instant('10:04:59.900'))
    await second.start()

    await world.clock.advance('6m')
    expect(world.begun).toHaveLength(1)
    expect((await second.history('a'))[0]).toMatchObject({ state: 'succeeded', server: second.server })
    await asleep.advance('1m')
    expect(world.begun).toHaveLength(1)
    const closing = first.close()
    await asleep.advance('5m')
    await closing
  })
})
