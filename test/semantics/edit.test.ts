import { describe, expect, it } from 'vitest'
import { defineJob, type Carillon } from '../../src/index.ts'
import { gate, instant, ledger, occurrences, useWorld } from './support.ts'

const world = useWorld()

describe('a change of the recurrence', () => {
  it('withdraws what has not begun and plans anew, in a new generation', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    world.clock.jumpTo(instant('10:01'))

    const changed = await cron.schedule({ key: 'a', cron: '7 * * * *', job: 'note' })
    expect(changed).toMatchObject({ generation: 2, revision: 2, cron: '7 * * * *' })
    expect(changed.nextRunAt).toEqual(new Date(instant('10:07')))
    expect(await ledger(cron, 'a')).toEqual(['10:05 superseded', '10:07 planned', '10:10 superseded'])
  })

  it('to instants earlier than the planned ones is not suppressed', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '10 * * * *', job: 'note' })
    await world.clock.advance('1m')
    await cron.patch('a', { cron: '7 * * * *' })

    await world.clock.advance('14m')
    expect(world.beginnings).toEqual(['10:07 a'])
  })

  it('may name an instant again that the old one had planned, and it runs once', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5,9 * * * *', job: 'note' })
    await cron.schedule({ key: 'a', cron: '3,5 * * * *', job: 'note' })

    await world.clock.advance('15m')
    expect(world.beginnings).toEqual(['10:03 a', '10:05 a'])
  })

  it('holds for what the worker has claimed already and is about to begin', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'note' })
    await world.clock.advanceTo(instant('10:04:59.999'))
    await cron.patch('a', { cron: '6 * * * *' })

    await world.clock.advance('2m')
    expect(world.beginnings).toEqual(['10:06 a'])
  })

  it('lets a run that has begun come to its end', async () => {
    const end = gate()
    const slow = defineJob('slow', { handle: () => end.promise })
    const cron = await world.open({ jobs: [slow] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 * * * *', job: 'slow' })
    await world.clock.advance('5m')

    await cron.patch('a', { cron: '30 * * * *' })
    end.resolve()
    await world.clock.advance('1s')
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
  })

  it.each([
    ['the expression', { cron: '1 * * * *' }],
    ['the time zone', { timezone: 'Asia/Kolkata' }],
    ['the rule for clock changes', { dst: 'skip' as const }],
    ['expression to interval', { cron: null, timezone: null, every: '1h' }],
    ['expression to instant', { cron: null, timezone: null, at: '2026-06-01T12:00:00Z' }],
  ])('opens a generation: %s', async (_, change) => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '0 * * * *', timezone: 'Europe/Berlin', job: 'note' })
    expect(await cron.patch('a', change)).toMatchObject({ generation: 2, revision: 2 })
  })
})

describe('a change of anything else', () => {
  it.each([
    ['payload', { payload: { to: 'you' } }],
    ['retries', { retries: 3 }],
    ['backoff', { backoff: { initial: '1s' } }],
    ['pauseAfter', { pauseAfter: 3 }],
    ['expectWithin', { expectWithin: '30m' }],
    ['timeout', { timeout: '1m' }],
    ['catchUp', { catchUp: '5m' }],
    ['note', { note: 'nightly' }],
    ['group', { group: 'reports' }],
  ])('keeps the generation and what is planned: %s', async (_, change) => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', payload: { to: 'me' } })
    const changed = await cron.patch('a', change)
    expect(changed).toMatchObject({ generation: 1, revision: 2 })
    expect(await ledger(cron, 'a')).toEqual(['10:05 planned', '10:10 planned'])
  })

  it('applies to occurrences that are planned and have not begun, even claimed ones', async () => {
    const other = defineJob('other', { handle: (context) => world.record(context) })
    const cron = await world.open({ jobs: [world.note, other] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', payload: 1 })
    await world.clock.advance('5m')
    await world.clock.advanceTo(instant('10:09:59.999'))
    await cron.patch('a', { payload: 2, job: 'other' })
    await world.clock.advance('1ms')

    expect(world.begun.map(({ at, context }) => [at, context.payload])).toEqual([
      ['10:05', 1],
      ['10:10', 2],
    ])
  })

  it('by replacement keeps the generation too', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', payload: 1 })
    const changed = await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', payload: 2 })
    expect(changed).toMatchObject({ generation: 1, revision: 2, payload: 2 })
  })
})

describe('what is overdue and not yet planned when a definition ends', () => {
  const CHANGES = {
    edit: (cron: Carillon) => cron.patch('a', { cron: '0 23 * * *' }),
    pause: (cron: Carillon) => cron.pause('a'),
    delete: (cron: Carillon) => cron.delete('a'),
  }

  it.each(['edit', 'pause', 'delete'] as const)('is recorded and does not vanish: %s', async (change) => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', catchUp: '1h' })
    world.clock.jumpTo(instant('10:12'))
    await CHANGES[change](cron)

    const rows = (await occurrences(cron, 'a')).filter(({ generation }) => generation === 1)
    expect(rows.reduce((sum, { missed }) => sum + (missed?.count ?? 1), 0)).toBe(2)
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['skipped']))
  })
})
