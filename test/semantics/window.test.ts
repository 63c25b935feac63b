import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/index.ts'
import { instant, isOn, ledger, useWorld } from './support.ts'

const world = useWorld()

describe('the window of a pass', () => {
  it('holds a run exactly at its far end', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })

    world.clock.jumpTo(instant('10:20'))
    expect(await cron.dispatch({ ahead: '10m' })).toEqual({ planned: 1, missed: 0, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual(['10:30 planned'])
  })

  it('does not hold a run a millisecond beyond its far end', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })

    world.clock.jumpTo(instant('10:19:59.999'))
    expect(await cron.dispatch({ ahead: '10m' })).toEqual({ planned: 0, missed: 0, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual([])
  })

  it('does not hold a run exactly at now: without catch-up it counts as missed', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })

    world.clock.jumpTo(instant('10:30'))
    expect(await cron.dispatch({ ahead: '10m' })).toEqual({ planned: 0, missed: 1, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual(['10:30 missed'])
  })

  it('holds a run one millisecond after now', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })

    world.clock.jumpTo(instant('10:29:59.999'))
    expect(await cron.dispatch({ ahead: '1s' })).toEqual({ planned: 1, missed: 0, broken: 0 })
  })

  it('holds every run of a schedule, not only the first', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '*/20 * * * * *', job: 'note' })

    expect(await cron.dispatch({ ahead: '2m' })).toMatchObject({ planned: 3 })
    expect(await ledger(cron, 'a')).toEqual(
      ['10:00:20', '10:00:40', '10:01', '10:01:20', '10:01:40', '10:02'].map((at) => `${at} planned`),
    )
  })

  it('is refused when it is not longer than nothing', async () => {
    const cron = await world.open()

    for (const ahead of [0, '0s', -1, Number.NaN])
      await expect(cron.dispatch({ ahead })).rejects.toBeInstanceOf(InvalidInputError)
  })
})

describe('repeated passes', () => {
  it('dispatch only what is new', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })

    expect(await cron.dispatch({ ahead: '5m' })).toMatchObject({ planned: 4 })
    expect(await cron.dispatch({ ahead: '5m' })).toMatchObject({ planned: 0 })
    expect(await cron.dispatch({ ahead: '2m' })).toMatchObject({ planned: 0 })
    world.clock.jumpTo(instant('10:03'))
    expect(await cron.dispatch({ ahead: '5m' })).toEqual({ planned: 3, missed: 0, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual(
      ['01', '02', '03', '04', '05', '06', '07', '08'].map((minute) => `10:${minute} planned`),
    )
  })

  it('dispatch nothing again when the clock goes back', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })

    world.clock.jumpTo(instant('09:30'))
    expect(await cron.dispatch({ ahead: '35m' })).toEqual({ planned: 0, missed: 0, broken: 0 })
    expect(await ledger(cron, 'a')).toHaveLength(10)
  })

  it('may run at the same time', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })

    const reports = await Promise.all([5, 5, 10, 2].map((minutes) => cron.dispatch({ ahead: `${minutes}m` })))
    const planned = reports.reduce((sum, report) => sum + report.planned, 0)
    expect(await ledger(cron, 'a')).toHaveLength(1 + planned)
    expect(await cron.dispatch({ ahead: '10m' })).toMatchObject({ planned: 9 - planned })
    expect(await ledger(cron, 'a')).toHaveLength(10)
  })

  // On SQLite a transaction has the whole database: nobody can hold one schedule alone.
  it.skipIf(isOn('sqlite'))('see to what another one lets go of', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })
    await world.sql('begin')
    await world.sql('select schedule_id from carillon_cursors for update')

    const pass = cron.dispatch({ ahead: '10m' })
    await setTimeout(200)
    await world.sql('rollback')
    expect(await pass).toMatchObject({ planned: 9 })
  })
})

describe('a new schedule', () => {
  it('does not wait for the next pass', async () => {
    const cron = await world.open()
    await cron.start()
    await world.clock.advance('1m')

    await cron.schedule({ key: 'a', cron: '*/2 * * * *', job: 'note' })
    expect(await ledger(cron, 'a')).toEqual(
      ['02', '04', '06', '08', '10'].map((minute) => `10:${minute} planned`),
    )
    await world.clock.advance('3m')
    expect(world.beginnings).toEqual(['10:02 a', '10:04 a'])
  })

  it('has no run at the very instant of its creation', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note', catchUp: '1h' })

    await cron.dispatch({ ahead: '1m' })
    expect(await ledger(cron, 'a')).toEqual(['10:01 planned'])
  })

  it('is served on time, all day long, by passes that come by themselves', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '7 * * * *', job: 'note' })
    await cron.start()

    await world.clock.advance('3h')
    expect(world.beginnings).toEqual(['10:07 a', '11:07 a', '12:07 a'])
  })

  it('below a minute runs at its instants', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', every: '1s', job: 'note' })
    await cron.start()

    await world.clock.advance('3s')
    expect(world.beginnings).toEqual(['10:00:01 a', '10:00:02 a', '10:00:03 a'])
  })

  it('runs each of its instants once when the clock is set back under way', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await world.clock.advance('31m')
    world.clock.jumpTo(instant('10:02'))
    await world.clock.advance('60m')
    const seen = world.begun.map(({ context }) => context.occurrence.nominalAt.getTime())
    expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => instant('10:05') + n * 300_000))
  })
})
