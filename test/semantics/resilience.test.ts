import { describe, expect, it } from 'vitest'
import { gate, instant, ledger, useWorld } from './support.ts'

const world = useWorld()

describe('one bad thing does not spoil the others', () => {
  it('a backoff that comes to fractions of a millisecond is written all the same', async () => {
    const failing = world.job('failing', () => {
      throw new Error('always')
    })
    const cron = await world.open({ jobs: [failing, world.job('good', () => 'ok')] })
    await cron.start()
    const backoff = { initial: '1s', factor: 1.5 }
    await cron.schedule({ key: 'failing', cron: '1 10 * * *', job: 'failing', retries: 6, backoff })
    await cron.schedule({ key: 'good', cron: '*/2 * * * *', job: 'good' })

    await world.clock.advance('10m')
    expect(world.begun.filter(({ key }) => key === 'failing')).toHaveLength(7)
    expect((await cron.history('good')).map(({ state, attempt }) => [state, attempt])).toEqual(
      Array.from({ length: 5 }, () => ['succeeded', 1]),
    )
  })

  it('a row that the database refuses is set aside for good, and the others go on', async () => {
    const cron = await world.open()
    for (const key of ['a', 'bad', 'c']) await cron.schedule({ key, cron: '*/5 * * * *', job: 'note' })
    await world.tamper('bad', ({ definition, terms }) => ({
      definition,
      terms: terms.replace('"queue":"default",', ''),
    }))

    await cron.start()
    await world.clock.advance('1h')
    expect(await cron.describe('bad')).toMatchObject({ state: 'broken' })
    expect(world.begun.filter(({ key }) => key === 'a')).toHaveLength(12)
    expect(world.begun.filter(({ key }) => key === 'c')).toHaveLength(12)
  })

  it('a logger that throws decides nothing', async () => {
    const raise = () => {
      throw new Error('the logger is closed')
    }
    const cron = await world.open({ logger: { info: raise, warn: raise, error: raise } })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })

    await world.clock.advance('3m')
    expect(world.beginnings).toHaveLength(3)
    expect((await cron.history('a')).map(({ state }) => state)).toEqual([
      'succeeded',
      'succeeded',
      'succeeded',
    ])
  })
})

describe('a clock that jumps', () => {
  it('forward, does not take a run from the process that runs it', async () => {
    const end = gate()
    const cron = await world.open({ jobs: [world.job('slow', () => end.promise)] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'slow' })
    await world.clock.advanceTo(instant('10:05:01'))

    world.clock.jumpTo(instant('10:07'))
    await world.clock.advance('20s')
    end.resolve()
    await world.clock.advance('1s')
    expect(await cron.history('a')).toMatchObject([{ state: 'succeeded', attempt: 1 }])
    expect(world.beginnings).toHaveLength(1)
  })

  it('back, does not keep new schedules waiting for the old time', async () => {
    const cron = await world.open()
    await cron.start()
    await world.clock.advance('1m')

    world.clock.jumpTo(instant('07:00'))
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })
    await world.clock.advance('3h')
    expect(world.begun).toHaveLength(180)
    expect((await ledger(cron, 'a')).filter((line) => line.includes('missed'))).toEqual([])
  })
})

describe('start and stop', () => {
  it('start during stop starts again', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })

    const stopped = cron.stop()
    await cron.start()
    await stopped
    await world.clock.advance('5m')
    expect(world.beginnings).toHaveLength(5)
  })
})

describe('a duration beyond all instants', () => {
  it('is refused before it is stored', async () => {
    const cron = await world.open()
    const before = await world.dump()

    const forever = cron.schedule({ key: 'a', every: Number.MAX_SAFE_INTEGER, job: 'note' })
    await expect(forever).rejects.toThrow(/every .* is not a duration/)
    expect(await world.dump()).toEqual(before)
  })
})
