import { describe, expect, it } from 'vitest'
import { QuotaExceededError, type QuotaSettings } from '../../src/index.ts'
import { collect, useWorld } from './support.ts'

const world = useWorld()
const MINUTELY = { cron: '* * * * *', job: 'note' } as const
const HOURLY = { cron: '0 * * * *', job: 'note' } as const

const keysOf = async (door: Awaited<ReturnType<typeof world.open>>) =>
  (await collect(door.describeAll())).map(({ key }) => key)

describe('a quota of schedules', () => {
  const quotas = { schedules: 2 } as const

  it('refuses the one that is too many, and says which limit it is', async () => {
    const cron = await world.open({ quotas })
    await cron.schedule({ key: 'a', ...HOURLY })
    await cron.schedule({ key: 'b', ...HOURLY })

    await expect(cron.schedule({ key: 'c', ...HOURLY })).rejects.toThrow(
      expect.objectContaining({ code: 'QUOTA_EXCEEDED', namespace: 'default', quota: 'schedules', limit: 2 }),
    )
    expect(await keysOf(cron)).toEqual(['a', 'b'])
  })

  it('lets those be changed that are there, and makes room for what is deleted', async () => {
    const cron = await world.open({ quotas })
    await cron.schedule({ key: 'a', ...HOURLY })
    await cron.schedule({ key: 'b', ...HOURLY })
    await cron.schedule({ key: 'a', ...MINUTELY })
    await cron.delete('b')
    await cron.schedule({ key: 'c', ...HOURLY })

    expect(await keysOf(cron)).toEqual(['a', 'c'])
  })

  it('counts each namespace for itself', async () => {
    const cron = await world.open({ quotas })
    for (const name of ['x', 'y']) {
      const door = cron.namespace(name)
      await door.schedule({ key: 'a', ...HOURLY })
      await door.schedule({ key: 'b', ...HOURLY })
      await expect(door.schedule({ key: 'c', ...HOURLY })).rejects.toThrow(QuotaExceededError)
    }
  })

  it('holds for calls made at once, in several processes', async () => {
    const processes = [await world.open({ quotas }), await world.open({ quotas })]
    const calls = Array.from({ length: 10 }, (_, i) =>
      processes[i % 2]!.schedule({ key: `k${i}`, ...HOURLY }),
    )
    const settled = await Promise.allSettled(calls)

    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await keysOf(processes[0]!)).toHaveLength(2)
  })

  it('refuses a step of many that does not fit, whole', async () => {
    const cron = await world.open({ quotas })
    const three = ['a', 'b', 'c'].map((key) => ({ key, ...HOURLY }))
    await expect(cron.scheduleMany(three)).rejects.toThrow(/may have 2 schedules, and would have more/)
    expect(await keysOf(cron)).toEqual([])
  })

  it('leaves what there is when it becomes smaller', async () => {
    const before = await world.open()
    for (const key of ['a', 'b', 'c']) await before.schedule({ key, ...HOURLY })
    const cron = await world.open({ quotas: { schedules: 1 } })
    await cron.patch('a', { cron: '5 * * * *' })
    await cron.delete('b')

    expect(await keysOf(cron)).toEqual(['a', 'c'])
  })
})

describe('a quota of the shortest interval', () => {
  const quotas = { shortestInterval: '5m' } as const

  it.each([
    ['every minute', MINUTELY, /runs are 1m apart, and namespace "default" may have them no closer than 5m/],
    ['twice in a while', { cron: '0,1 9 * * *', job: 'note' }, /1m apart/],
    ['every ten seconds', { every: '10s', job: 'note' }, /10s apart/],
  ])('refuses what runs %s', async (_, options, message) => {
    const cron = await world.open({ quotas })
    await expect(cron.schedule({ key: 'a', ...options })).rejects.toThrow(message)
  })

  it('lets through what runs just so often, or once', async () => {
    const cron = await world.open({ quotas })
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.schedule({ key: 'b', every: '5m', job: 'note' })
    await cron.schedule({ key: 'c', at: '2027-01-01T00:00:00Z', job: 'note' })
    await expect(cron.patch('a', { cron: '*/4 * * * *' })).rejects.toThrow(
      expect.objectContaining({ quota: 'shortestInterval', limit: 300_000 }),
    )
  })
})

describe('a quota of runs a minute', () => {
  const quotas = { runsPerMinute: 2 } as const

  it('refuses what makes a minute of the next day too full', async () => {
    const cron = await world.open({ quotas })
    await cron.schedule({ key: 'a', ...HOURLY })
    await cron.schedule({ key: 'b', cron: '0 7 * * *', job: 'note' })

    await expect(cron.schedule({ key: 'c', cron: '0 7 * * *', job: 'note' })).rejects.toThrow(
      /may have 2 runs a minute, and its fullest minute of the next 24 hours would have 3/,
    )
    await cron.schedule({ key: 'c', cron: '1 7 * * *', job: 'note' })
    await expect(cron.patch('c', { cron: '0 7 * * *' })).rejects.toThrow(QuotaExceededError)
    expect(await cron.describe('c')).toMatchObject({ cron: '1 7 * * *' })
  })

  it('counts what is active, and is asked again by a resumption', async () => {
    const cron = await world.open({ quotas })
    for (const key of ['a', 'b']) await cron.schedule({ key, ...MINUTELY })
    await cron.pause('a')
    await cron.schedule({ key: 'c', ...MINUTELY })

    await expect(cron.resume('a')).rejects.toThrow(QuotaExceededError)
    expect(await cron.describe('a')).toMatchObject({ state: 'paused' })
    await cron.delete('c')
    expect(await cron.resume('a')).toMatchObject({ state: 'active' })
  })

  it('refuses what runs far more often', async () => {
    const cron = await world.open({ quotas })
    await expect(cron.schedule({ key: 'a', every: '1s', job: 'note' })).rejects.toThrow(
      /2 runs a minute.*would have (60|far more)/,
    )
  })

  it('lets what is too much already become less', async () => {
    const before = await world.open()
    for (const key of ['a', 'b', 'c', 'd']) await before.schedule({ key, ...MINUTELY })
    const cron = await world.open({ quotas })
    await cron.patch('a', { cron: '0 * * * *' })
    await expect(cron.patch('a', { cron: '* * * * *' })).resolves.toBeDefined()
  })
})

describe('quotas', () => {
  it('may be each namespace’s own', async () => {
    const quotas: QuotaSettings = (namespace) => (namespace === 'free' ? { schedules: 1 } : undefined)
    const cron = await world.open({ quotas })
    const [free, paid] = [cron.namespace('free'), cron.namespace('paid')]
    await free.schedule({ key: 'a', ...HOURLY })
    await paid.scheduleMany(['a', 'b', 'c'].map((key) => ({ key, ...HOURLY })))

    await expect(free.schedule({ key: 'b', ...HOURLY })).rejects.toThrow(QuotaExceededError)
  })

  it.each([
    [{ schedules: -1 }, /quotas\.schedules is a whole number from 0/],
    [{ runsPerMinute: 1.5 }, /quotas\.runsPerMinute is a whole number/],
    [{ shortestInterval: 'soon' }, /quotas\.shortestInterval/],
    [{ schedule: 1 }, /unknown option "quotas\.schedule"/],
  ])('refuse %j', async (quotas, message) => {
    await expect(world.open({ quotas: quotas as QuotaSettings })).rejects.toThrow(message)
  })
})
