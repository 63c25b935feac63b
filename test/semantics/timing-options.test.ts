import { describe, expect, it } from 'vitest'
import { instant, ledger, occurrences, time, useWorld } from './support.ts'

const world = useWorld()

describe('startsAt and endsAt', () => {
  it('bound the runs, both inclusive', async () => {
    const cron = await world.open()
    await cron.start()
    const bounds = { startsAt: instant('10:10'), endsAt: instant('10:20') }
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', ...bounds })
    expect(await cron.describe('a')).toMatchObject({ nextRunAt: new Date(instant('10:10')) })

    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:10 a', '10:15 a', '10:20 a'])
    expect(await cron.describe('a')).toMatchObject({ state: 'active', nextRunAt: undefined })
  })

  it('bound what is caught up and what counts as missed', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    const bounds = { startsAt: instant('10:10'), endsAt: instant('10:30') }
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', catchUp: '50m', ...bounds })
    world.clock.jumpTo(instant('11:10'))
    expect(await cron.dispatch()).toEqual({ planned: 2, missed: 3, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual([
      '10:10..10:20 missed 3',
      '10:25 planned catch-up',
      '10:30 planned catch-up',
    ])
  })

  it('that move withdraw what no longer lies inside', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.patch('a', { endsAt: instant('10:07') })
    const planned = (await occurrences(cron, 'a')).filter(({ state }) => state === 'planned')
    expect(planned.map(({ nominalAt }) => time(nominalAt))).toEqual(['10:05'])
  })
})

describe('maxRuns', () => {
  it('is the number of runs in all', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', maxRuns: 3 })
    await world.clock.advance('2h')
    expect(world.beginnings).toEqual(['10:05 a', '10:10 a', '10:15 a'])
    expect(await cron.describe('a')).toMatchObject({ nextRunAt: undefined })
  })

  it('does not count what an edit withdrew', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', maxRuns: 3 })
    await world.clock.advance('6m')
    await cron.patch('a', { cron: '*/20 * * * *' })
    await world.clock.advance('4h')
    expect(world.beginnings).toEqual(['10:05 a', '10:20 a', '10:40 a'])
  })

  it('does not count what was missed', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', maxRuns: 2 })
    world.clock.jumpTo(instant('10:31'))
    await cron.start()
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:35 a', '10:40 a'])
  })

  it('bounds what is caught up', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', maxRuns: 2, catchUp: '1h' })
    world.clock.jumpTo(instant('10:31'))
    await cron.start()
    await world.clock.advance('1h')
    expect(world.begun).toHaveLength(2)
  })
})

describe('at', () => {
  it('runs once, at its instant', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', at: '2026-06-01T14:30:00+02:00', job: 'note' })
    expect(await cron.describe('a')).toMatchObject({
      at: new Date(instant('12:30')),
      nextRunAt: new Date(instant('12:30')),
    })
    await world.clock.advance('6h')
    expect(world.beginnings).toEqual(['12:30 a'])
  })

  it('is caught up like any other', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', at: instant('12:30'), job: 'note', catchUp: '1h' })
    await cron.schedule({ key: 'b', at: instant('12:30'), job: 'note' })
    world.clock.jumpTo(instant('13:00'))
    expect(await cron.dispatch()).toEqual({ planned: 1, missed: 1, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual(['12:30 planned catch-up'])
    expect(await ledger(cron, 'b')).toEqual(['12:30 missed'])
  })
})

describe('every', () => {
  it('counts from its anchor, whenever it was created', async () => {
    const cron = await world.open()
    world.clock.jumpTo(instant('10:03:17'))
    await cron.start()
    await cron.schedule({ key: 'a', every: '7m', anchor: '2026-06-01T10:01:00Z', job: 'note' })
    await cron.schedule({ key: 'b', every: '20m', job: 'note' })
    await world.clock.advanceTo(instant('10:30'))
    expect(world.beginnings).toEqual(['10:08 a', '10:15 a', '10:20 b', '10:22 a', '10:29 a'])
  })

  it('has no hour that is missing or twice when clocks change', async () => {
    world.clock.jumpTo(Date.parse('2026-03-28T23:30:00Z'))
    const cron = await world.open({ ahead: '12h' })
    await cron.schedule({ key: 'a', every: '1h', job: 'note' })
    const gaps = (await occurrences(cron, 'a')).map(
      ({ nominalAt }, n, all) => Number(all[n + 1]?.nominalAt) - Number(nominalAt),
    )
    expect(new Set(gaps.slice(0, -1))).toEqual(new Set([3_600_000]))
    expect(gaps).toHaveLength(12)
  })
})

describe('a cron expression in a zone', () => {
  it('follows the change of the clocks through the ledger', async () => {
    world.clock.jumpTo(Date.parse('2026-10-24T22:00:00Z'))
    const cron = await world.open({ ahead: '6h' })
    const zone = { timezone: 'Europe/Berlin', job: 'note' }
    await cron.schedule({ key: 'hourly', cron: '30 * * * *', ...zone })
    await cron.schedule({ key: 'nightly', cron: '30 2 * * *', ...zone })
    const at = async (key: string) =>
      (await occurrences(cron, key)).map(({ nominalAt }) => nominalAt.toISOString().slice(11, 16))
    expect(await at('hourly')).toEqual(['22:30', '23:30', '00:30', '01:30', '02:30', '03:30'])
    expect(await at('nightly')).toEqual(['00:30'])
  })
})

describe('spread', () => {
  it('is stable for a key: across processes, edits and lives', async () => {
    const dueAt = async () => {
      const cron = await world.open()
      await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', spread: '4m' })
      await cron.patch('a', { payload: 7, note: 'n' })
      const [occurrence] = await occurrences(cron, 'a')
      await cron.delete('a')
      return occurrence?.dueAt.getTime()
    }
    const first = await dueAt()
    expect(first).toBeGreaterThanOrEqual(instant('10:05'))
    expect(first).toBeLessThan(instant('10:09'))
    world.clock.jumpTo(instant('10:00:30'))
    const again = (await world.open()).namespace('default')
    await again.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', spread: '4m' })
    const due = (await occurrences(again, 'a'))
      .filter(({ state }) => state === 'planned')
      .map(({ dueAt }) => dueAt)
    expect(due).toEqual([new Date(first ?? 0)])
  })

  it('keeps what it delays in order and apart, however wide it is', async () => {
    const cron = await world.open()
    for (let n = 0; n < 10; n++)
      await cron.schedule({ key: `k${n}`, cron: '* * * * *', job: 'note', spread: '1h' })
    for (let n = 0; n < 10; n++) {
      const rows = await occurrences(cron, `k${n}`)
      for (const [i, { dueAt, nominalAt }] of rows.entries()) {
        expect(dueAt.getTime()).toBeGreaterThanOrEqual(nominalAt.getTime())
        const next = rows[i + 1]
        if (next !== undefined) expect(dueAt.getTime()).toBeLessThan(next.nominalAt.getTime())
      }
    }
  })
})

describe('a schedule that has come to its end', () => {
  it.each([
    ['maxRuns is raised', { maxRuns: 2 }, { maxRuns: 3 }, ['10:05 a', '10:10 a', '10:35 a']],
    [
      'maxRuns is taken away',
      { maxRuns: 1, endsAt: instant('10:42') },
      { maxRuns: null },
      ['10:05 a', '10:35 a', '10:40 a'],
    ],
    [
      'its end is moved',
      { endsAt: instant('10:07') },
      { endsAt: instant('10:42') },
      ['10:05 a', '10:35 a', '10:40 a'],
    ],
  ])('goes on when %s', async (_, bounds, change, runs) => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', ...bounds })
    await world.clock.advance('32m')
    await cron.patch('a', change)
    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(runs)
  })

  it('goes on when its instant is moved', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule({ key: 'a', at: instant('10:05'), job: 'note' })
    await world.clock.advance('10m')
    await cron.patch('a', { at: instant('11:00') })
    await world.clock.advance('2h')
    expect(world.beginnings).toEqual(['10:05 a', '11:00 a'])
  })
})
