import { describe, expect, it } from 'vitest'
import { WorkerStoppedError } from '../../src/index.ts'
import { aborted, gate, instant, ledger, until, useWorld } from './support.ts'

const world = useWorld()

describe('stop()', () => {
  it('lets a run come to its end', async () => {
    const end = gate()
    const cron = await world.open({ jobs: [world.job('slow', () => end.promise)] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('5m')

    let stopped = false
    const stopping = cron.stop({ grace: '1m' }).then(() => (stopped = true))
    await world.clock.advance('30s')
    expect(stopped).toBe(false)
    end.resolve()
    await stopping
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
  })

  it('aborts after the grace, and the occurrence begins elsewhere with a higher attempt', async () => {
    let reason: unknown
    const first = await world.open({
      jobs: [
        world.job('slow', ({ signal }) => {
          signal.addEventListener('abort', () => (reason = signal.reason))
          return aborted(signal)
        }),
      ],
    })
    const second = await world.open({ jobs: [world.job('slow', () => 'done by the second')] })
    await first.start()
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('5m')
    await second.start()

    const stopping = first.stop({ grace: '20s' })
    await world.clock.advance('19s')
    expect(reason).toBeUndefined()
    await world.clock.advance('2s')
    await stopping
    expect(reason).toBeInstanceOf(WorkerStoppedError)

    await world.clock.advance('1m')
    expect(world.begun.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect((await second.history('a'))[0]).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      server: second.server,
      result: 'done by the second',
    })
  })

  it('does not hang on a handler that ignores the abort, and the occurrence is not lost', async () => {
    const never = gate()
    const first = await world.open({ jobs: [world.job('slow', () => never.promise)] })
    const second = await world.open({ jobs: [world.job('slow', () => 'done by the second')] })
    await first.start()
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advance('5m')
    await second.start()

    let stopped = false
    const stopping = first.stop({ grace: '20s' }).then(() => (stopped = true))
    await world.clock.advance('5m')
    expect(stopped).toBe(true)
    await stopping
    expect((await second.history('a'))[0]).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      server: second.server,
    })
  })

  it('gives back what was claimed and has not begun, so that it is on time elsewhere', async () => {
    const [first, second] = [await world.open(), await world.open()]
    await first.start()
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await world.clock.advanceTo(instant('10:04:59.900'))
    expect(await world.holder()).toBe(first.server)
    await second.start()
    await first.stop()

    await until(async () => (await world.holder()) === second.server)
    await world.clock.advance('1s')
    expect(world.beginnings).toEqual(['10:05 a'])
    expect((await second.history('a'))[0]).toMatchObject({ server: second.server, attempt: 1 })
  })

  it('ends all dispatching and running, and start begins again', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', catchUp: '1h' })
    await world.clock.advance('6m')
    await cron.stop()
    await cron.stop()
    expect(world.clock.pending).toEqual([])
    await world.clock.advance('20m')
    expect(world.beginnings).toEqual(['10:05 a'])

    await cron.start()
    await world.clock.advance('5m')
    expect(world.begun.map(({ context }) => context.occurrence.nominalAt.getTime())).toEqual(
      ['05', '10', '15', '20', '25', '30'].map((minute) => instant(`10:${minute}`)),
    )
  })

  it('takes nothing new while it lets a run end', async () => {
    const end = gate()
    const cron = await world.open({ jobs: [world.job('slow', () => end.promise), world.note] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await cron.schedule({ key: 'b', cron: '6 10 * * *', job: 'note' })
    await world.clock.advance('5m')
    const stopping = cron.stop({ grace: '5m' })
    await world.clock.advance('2m')
    expect(world.beginnings).toEqual(['10:05 a'])
    end.resolve()
    await stopping
    expect(await ledger(cron, 'b')).toEqual(['10:06 planned'])
  })
})

describe('concurrency', () => {
  it('bounds how many run at once, and the others follow', async () => {
    const gates = Array.from({ length: 6 }, gate)
    let next = 0
    const cron = await world.open({ jobs: [world.job('slow', () => gates[next++]?.promise)], concurrency: 2 })
    await cron.start()
    for (let n = 0; n < 6; n++) await cron.schedule({ key: `k${n}`, cron: '5 10 * * *', job: 'slow' })

    await world.clock.advance('6m')
    expect([cron.running, world.begun.length]).toEqual([2, 2])
    gates[0]?.resolve()
    await world.clock.advance('1s')
    expect([cron.running, world.begun.length]).toEqual([2, 3])
    for (const { resolve } of gates) resolve()
    await world.clock.advance('1s')
    expect([cron.running, world.begun.length]).toEqual([0, 6])
  })

  it('gives the first room to what was asked for meanwhile, not to what is still to come', async () => {
    const end = gate()
    const jobs = [world.job('slow', () => end.promise), world.note]
    const cron = await world.open({ jobs, concurrency: 2 })
    await cron.start()
    await cron.schedule({ key: 'long', cron: '1 10 * * *', job: 'slow' })
    await cron.schedule({ key: 'soon', cron: '5 10 * * *', job: 'note' })
    await cron.schedule({ key: 'now', cron: '0 11 * * *', job: 'note' })
    // One runs, and one is held, since it falls due within a second.
    await world.clock.advanceTo(instant('10:04:59.100'))
    await cron.trigger('now')
    await world.clock.advance('100ms')
    expect(world.begun.map(({ key }) => key)).toEqual(['long'])

    end.resolve()
    await world.clock.advance('100ms')
    expect(world.begun.map(({ key }) => key)).toEqual(['long', 'now'])
    await world.clock.advance('1s')
    expect(world.begun.map(({ key }) => key)).toEqual(['long', 'now', 'soon'])
  })
})
