import { describe, expect, it } from 'vitest'
import { ScheduleConflictError, ScheduleNotFoundError } from '../../src/index.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()

describe('trigger()', () => {
  it('runs at once and leaves the cursor and what is planned alone', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'note', payload: { n: 1 } })
    await world.clock.advance('2m')
    const before = await cron.describe('a')

    const occurrence = await cron.trigger('a')
    expect(occurrence).toMatchObject({ origin: 'manual', nominalAt: new Date(instant('10:02')) })
    await world.clock.advance(0)
    expect(world.beginnings).toEqual(['10:02 a'])
    expect(world.begun[0]?.context).toMatchObject({
      payload: { n: 1 },
      occurrence: { origin: 'manual', attempt: 1 },
    })

    expect(await cron.describe('a')).toEqual(before)
    await world.clock.advance('10m')
    expect(world.beginnings).toEqual(['10:02 a', '10:05 a'])
  })

  it('works on a paused schedule', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'note', active: false })
    await cron.trigger('a')
    await world.clock.advance('1s')
    expect(world.beginnings).toEqual(['10:00 a'])
    expect(await cron.describe('a')).toMatchObject({ state: 'paused' })
  })

  it('runs as often as it is called', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'note' })
    const ids = [await cron.trigger('a'), await cron.trigger('a'), await cron.trigger('a')].map(
      ({ id }) => id,
    )
    await world.clock.advance('1s')
    expect(new Set(ids).size).toBe(3)
    expect(world.begun.map(({ context }) => context.occurrence.id).toSorted()).toEqual(ids.toSorted())
  })

  it('at the instant of a planned run is one run more', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'note' })
    world.clock.jumpTo(instant('10:05'))
    await cron.trigger('a')
    await cron.start()
    await world.clock.advance('1s')
    expect(world.begun.map(({ context }) => context.occurrence.origin).toSorted()).toEqual([
      'manual',
      'schedule',
    ])
  })

  it('just before a run that is not planned yet does not take its place', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })
    world.clock.jumpTo(instant('10:29:59.999'))
    await cron.trigger('a')
    await cron.trigger('a')

    expect(await cron.dispatch({ ahead: '1m' })).toEqual({ planned: 1, missed: 0, broken: 0 })
    await cron.start({ roles: ['work'] })
    await world.clock.advance('1s')
    expect(world.begun.map(({ context }) => context.occurrence.origin).toSorted()).toEqual([
      'manual',
      'manual',
      'schedule',
    ])
  })

  it('at the instant of a run that is still to be caught up does not take its place', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note', catchUp: '5m' })
    world.clock.jumpTo(instant('10:30'))
    await cron.trigger('a')

    expect(await cron.dispatch({ ahead: '1m' })).toEqual({ planned: 1, missed: 0, broken: 0 })
    await cron.start({ roles: ['work'] })
    await world.clock.advance('1s')
    expect(world.begun.map(({ context }) => context.occurrence.origin).toSorted()).toEqual([
      'catch-up',
      'manual',
    ])
  })

  it('does not disturb a schedule that is behind', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '*/10 * * * *', job: 'note', catchUp: '15m' })
    world.clock.jumpTo(instant('10:32'))
    await cron.trigger('a')
    expect(await cron.dispatch({ ahead: '1m' })).toEqual({ planned: 2, missed: 1, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual([
      '10:10 missed',
      '10:20 planned catch-up',
      '10:30 planned catch-up',
      '10:32 planned manual',
    ])
  })

  it('does not use up maxRuns', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/10 * * * *', job: 'note', maxRuns: 1 })
    await cron.trigger('a')
    await world.clock.advance('30m')
    expect(world.beginnings).toEqual(['10:00 a', '10:10 a'])
  })

  it('is withdrawn by delete when it has not begun', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '30 * * * *', job: 'note' })
    await cron.trigger('a')
    await cron.delete('a')
    await cron.start()
    await world.clock.advance('1m')
    expect(world.beginnings).toEqual([])
  })

  it('of a broken schedule, or of none, is refused', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '30 10 * * *', job: 'note' })
    await world.tamper('a', () => ({ definition: '{', terms: '{' }))
    world.clock.jumpTo(instant('10:29'))
    await cron.dispatch()

    await expect(cron.trigger('a')).rejects.toBeInstanceOf(ScheduleConflictError)
    await expect(cron.trigger('nowhere')).rejects.toBeInstanceOf(ScheduleNotFoundError)
  })
})
