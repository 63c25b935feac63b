import { describe, expect, it } from 'vitest'
import { defineJob, ScheduleNotFoundError } from '../../src/index.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()

describe('pause()', () => {
  it('withdraws what has not begun, and nothing runs or is planned until resume', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', catchUp: '1h' })
    await world.clock.advanceTo(instant('10:04:59.999'))

    const paused = await cron.pause('a')
    expect(paused).toMatchObject({ state: 'paused', generation: 2, nextRunAt: undefined })
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual([])
    expect(await ledger(cron, 'a')).toEqual(['10:05 paused', '10:10 paused'])
  })

  it('twice is the same as once', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    const { generation, revision } = await cron.pause('a')
    expect(await cron.pause('a')).toMatchObject({ state: 'paused', generation, revision })
  })

  it('is what active: false stores', async () => {
    const cron = await world.open()
    const stored = await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', active: false })
    expect(stored).toMatchObject({ state: 'paused', nextRunAt: undefined })
    expect(await ledger(cron, 'a')).toEqual([])
    expect(await cron.patch('a', { active: true })).toMatchObject({ state: 'active' })
    expect(await ledger(cron, 'a')).toEqual(['10:05 planned', '10:10 planned'])
  })

  it('keeps a retry from beginning', async () => {
    const failing = defineJob('failing', {
      handle(context) {
        world.record(context)
        throw new Error('no')
      },
    })
    const cron = await world.open({ jobs: [failing] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'failing', retries: 5 })
    await world.clock.advance('5m')
    await cron.pause('a')

    await world.clock.advance('10m')
    expect(world.beginnings).toEqual(['10:05 a'])
    const [occurrence] = await cron.history('a')
    expect(['failed', 'skipped']).toContain(occurrence?.state)
  })
})

describe('resume()', () => {
  /** Paused at 10:02, so that 10:05 and 10:10 are withdrawn; resumed at 10:21. */
  async function pausedForNineteenMinutes() {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', catchUp: '1h' })
    world.clock.jumpTo(instant('10:02'))
    await cron.pause('a')
    world.clock.jumpTo(instant('10:21'))
    return cron
  }
  const planned = (lines: string[]) => lines.filter((line) => line.includes('planned'))

  it('skips what the pause kept from running, whatever the catch-up', async () => {
    const cron = await pausedForNineteenMinutes()
    const resumed = await cron.resume('a')

    expect(resumed).toMatchObject({ state: 'active', generation: 3, nextRunAt: new Date(instant('10:25')) })
    await cron.dispatch()
    expect(planned(await ledger(cron, 'a'))).toEqual(['10:25 planned', '10:30 planned'])
  })

  it('runs the latest of the gap when told so', async () => {
    const cron = await pausedForNineteenMinutes()
    await cron.resume('a', { missed: 'latest' })
    expect(planned(await ledger(cron, 'a'))).toEqual([
      '10:20 planned catch-up',
      '10:25 planned',
      '10:30 planned',
    ])
  })

  it('runs all of the gap when told so, oldest first, those that the pause had withdrawn included', async () => {
    const cron = await pausedForNineteenMinutes()
    await cron.resume('a', { missed: 'all' })
    expect(planned(await ledger(cron, 'a'))).toEqual([
      ...['05', '10', '15', '20'].map((minute) => `10:${minute} planned catch-up`),
      '10:25 planned',
      '10:30 planned',
    ])
    await cron.start({ roles: ['work'] })
    await world.clock.advance('4m')
    expect(world.begun.map(({ context }) => context.occurrence.nominalAt.getTime())).toEqual(
      ['05', '10', '15', '20', '25'].map((minute) => instant(`10:${minute}`)),
    )
  })

  it('does not reach behind the pause', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    world.clock.jumpTo(instant('10:12'))
    await cron.dispatch()
    await cron.pause('a')
    world.clock.jumpTo(instant('10:21'))
    await cron.resume('a', { missed: 'all' })

    const lines = await ledger(cron, 'a')
    expect(lines.filter((line) => line.includes('catch-up'))).toEqual([
      '10:15 planned catch-up',
      '10:20 planned catch-up',
    ])
  })

  it('runs the newest thousand of a long gap', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note', active: false })
    world.clock.jumpTo(instant('10:00') + 2 * 86_400_000)
    await cron.resume('a', { missed: 'all' })

    const [row] = await world.sql(
      `select count(*) as total, min(nominal_at) as first from carillon_occurrences where origin = 'catch-up'
       and state = 'planned'`,
    )
    expect(row).toEqual({ total: 1_000, first: instant('10:00') + 2 * 86_400_000 - 999 * 60_000 })
  })

  it('of one that runs changes nothing', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    world.clock.jumpTo(instant('10:01'))
    const before = await world.dump()
    expect(await cron.resume('a', { missed: 'all' })).toMatchObject({ state: 'active', generation: 1 })
    expect(await world.dump()).toEqual(before)
  })

  it('and pause of a key that does not exist are refused', async () => {
    const cron = await world.open()
    await expect(cron.resume('nowhere')).rejects.toBeInstanceOf(ScheduleNotFoundError)
    await expect(cron.pause('nowhere')).rejects.toBeInstanceOf(ScheduleNotFoundError)
  })
})

describe('delete()', () => {
  it('withdraws what has not begun, and nothing runs', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', catchUp: '1h' })
    await world.clock.advanceTo(instant('10:04:59.999'))

    expect(await cron.delete('a')).toBe(true)
    expect(await cron.delete('a')).toBe(false)
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual([])
    expect(await ledger(cron, 'a')).toEqual(['10:05 deleted', '10:10 deleted'])
    expect(await cron.describe('a')).toBeUndefined()
    expect(await cron.lastScheduled('a')).toBeUndefined()
  })

  it('by another process holds as well', async () => {
    const [worker, web] = [await world.open(), await world.open()]
    await worker.start()
    await web.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await world.clock.advanceTo(instant('10:04:59.999'))
    await web.delete('a')
    await world.clock.advance('30m')
    expect(world.beginnings).toEqual([])
  })

  it('and creation anew start fresh', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', maxRuns: 2, catchUp: '1h' })
    await world.clock.advance('7m')
    await cron.delete('a')

    const anew = await cron.schedule({
      key: 'a',
      cron: '*/5 * * * *',
      job: 'note',
      maxRuns: 2,
      catchUp: '1h',
    })
    expect(anew).toMatchObject({ generation: 1, revision: 1, createdAt: new Date(instant('10:07')) })
    expect(await cron.lastScheduled('a')).toEqual(new Date(instant('10:15')))
    await world.clock.advance('30m')
    expect(world.beginnings).toEqual(['10:05 a', '10:10 a', '10:15 a'])
    expect(new Set(world.begun.map(({ context }) => context.occurrence.id)).size).toBe(3)
  })

  it('many times over within one moment is no trouble', async () => {
    const cron = await world.open()
    for (let n = 0; n < 5; n++) {
      await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
      expect(await cron.delete('a')).toBe(true)
    }
    expect(await cron.describe('a')).toBeUndefined()
  })
})

describe('resume with an answer that there is not', () => {
  it('is refused', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', active: false })

    await expect(cron.resume('a', { missed: 'lastest' as 'latest' })).rejects.toThrow(/did you mean "latest"/)
    expect(await cron.describe('a')).toMatchObject({ state: 'paused' })
  })
})
