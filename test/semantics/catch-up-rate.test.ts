import { describe, expect, it } from 'vitest'
import type { Carillon, Catalog, CatchUpSettings, ScheduleOptions } from '../../src/index.ts'
import { instant, ledger, occurrences, time, useWorld } from './support.ts'

const world = useWorld()
const SHORT = { ahead: '1m', interval: '1m' } as const
const HOURLY = { cron: '0 * * * *', job: 'note' } as const

/** Schedules that were planned to 10:01, and whose dispatchers come back at 13:30. */
async function awayUntilHalfPastOne(
  catchUp: CatchUpSettings,
  schedules: readonly (ScheduleOptions & { key: string; namespace?: string })[],
): Promise<Carillon> {
  const cron = await world.open({ ...SHORT, catchUp })
  for (const { namespace, ...schedule } of schedules) {
    const door = namespace === undefined ? cron : cron.namespace(namespace)
    await door.schedule(schedule)
  }
  world.clock.jumpTo(instant('13:30'))
  return cron
}

/** The due instants of what is planned, with the nominal ones: `13:30:20 for 11:00`. */
async function planned(door: Catalog, ...keys: string[]): Promise<string[]> {
  const all = await Promise.all(keys.map((key) => occurrences(door, key)))
  return all
    .flat()
    .filter(({ state }) => state !== 'skipped')
    .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())
    .map(({ dueAt, nominalAt }) => `${time(dueAt)} for ${time(nominalAt)}`)
}

/** By when runs are to have ended. */
async function expectations(): Promise<string[]> {
  const rows = await world.sql(
    'select nominal_at, expected_at from carillon_expectations order by nominal_at',
  )
  return rows.map((row) => `${time(Number(row['nominal_at']))} by ${time(Number(row['expected_at']))}`)
}

describe('a rate of catching up', () => {
  it('has runs due one after the other, the oldest first', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 3 }, [{ key: 'a', ...HOURLY, catchUp: '4h' }])
    const report = await cron.dispatch({ ahead: '1m' })

    expect(report).toEqual({ planned: 3, missed: 0, broken: 0, owed: 3 })
    expect(await planned(cron, 'a')).toEqual(['13:30 for 11:00', '13:30:20 for 12:00', '13:30:40 for 13:00'])
  })

  it('leaves the rest for later, minute by minute', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 2 }, [
      { key: 'a', ...HOURLY, catchUp: '4h' },
      { key: 'b', ...HOURLY, catchUp: '4h' },
    ])
    expect(await cron.dispatch({ ahead: '1m' })).toMatchObject({ planned: 2, owed: 6 })
    expect(await cron.owed()).toMatchObject({ runs: 4, held: 0 })
    expect(await cron.dispatch({ ahead: '1m' }), 'its minute is used up').toMatchObject({ planned: 0 })
    world.clock.jumpTo(instant('13:31'))
    await cron.dispatch({ ahead: '1m' })
    world.clock.jumpTo(instant('13:32'))
    await cron.dispatch({ ahead: '1m' })

    expect(await cron.owed()).toEqual({ runs: 0, held: 0, namespaces: [] })
    expect((await planned(cron, 'a', 'b')).map((line) => line.slice(0, 8).trim())).toEqual([
      '13:30 fo',
      '13:30:30',
      '13:31 fo',
      '13:31:30',
      '13:32 fo',
      '13:32:30',
    ])
    expect(await ledger(cron, 'a')).toEqual([
      '11:00 planned catch-up',
      '12:00 planned catch-up',
      '13:00 planned catch-up',
    ])
  })

  it('does not hold up what is due now', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 1 }, [
      { key: 'a', cron: '* * * * *', job: 'note', catchUp: '4h' },
    ])
    await cron.dispatch({ ahead: '2m' })

    expect(await planned(cron, 'a')).toEqual([
      '10:01 for 10:01',
      '13:30 for 10:02',
      '13:31 for 10:03',
      '13:31 for 13:31',
      '13:32 for 13:32',
    ])
  })

  it('gives each namespace as much as another that wants as much', async () => {
    const many = Array.from({ length: 9 }, (_, i) => ({
      key: `k${i}`,
      namespace: 'large',
      ...HOURLY,
      catchUp: '4h',
    }))
    const cron = await awayUntilHalfPastOne({ perMinute: 4 }, [
      ...many,
      { key: 'k0', namespace: 'small', ...HOURLY, catchUp: '4h' },
    ])
    await cron.dispatch({ ahead: '1m' })

    expect(await planned(cron.namespace('small'), 'k0')).toHaveLength(2)
    expect(await cron.owed()).toMatchObject({
      runs: 26,
      namespaces: [
        { namespace: 'large', schedules: 9, runs: 25, oldestAt: new Date(instant('11:00')) },
        { namespace: 'small', schedules: 1, runs: 1, oldestAt: new Date(instant('13:00')) },
      ],
    })
  })

  it('may be less for a namespace than for all of them', async () => {
    const cron = await awayUntilHalfPastOne({ perMinuteOfNamespace: 2 }, [
      { key: 'a', ...HOURLY, catchUp: '4h' },
      { key: 'b', namespace: 'other', ...HOURLY, catchUp: '4h' },
    ])
    await cron.dispatch({ ahead: '1m' })

    expect(await planned(cron, 'a')).toEqual(['13:30 for 11:00', '13:30:30 for 12:00'])
    expect(await planned(cron.namespace('other'), 'b')).toHaveLength(2)
  })

  it('holds over any number of dispatchers, and none writes what another has', async () => {
    const schedules = Array.from({ length: 8 }, (_, i) => ({ key: `k${i}`, ...HOURLY, catchUp: '4h' }))
    const cron = await awayUntilHalfPastOne({ perMinute: 5 }, schedules)
    const others = [
      await world.open({ ...SHORT, catchUp: { perMinute: 5 } }),
      await world.open({ ...SHORT, catchUp: { perMinute: 5 } }),
    ]
    for (const minute of ['13:30', '13:31', '13:32']) {
      world.clock.jumpTo(instant(minute))
      await Promise.all([cron, ...others].map((door) => door.dispatch({ ahead: '1m' })))
    }
    expect(await planned(cron, ...schedules.map(({ key }) => key))).toHaveLength(15)
    expect(await cron.owed()).toMatchObject({ runs: 9 })
  })

  it('goes on in another process', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 1 }, [{ key: 'a', ...HOURLY, catchUp: '4h' }])
    await cron.dispatch({ ahead: '1m' })
    await cron.close()
    const other = await world.open(SHORT)
    world.clock.jumpTo(instant('13:31'))
    await other.dispatch({ ahead: '1m' })

    expect(await planned(other, 'a'), 'as fast as can be without a rate').toHaveLength(3)
  })

  it('is kept by a process that runs by itself', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 2 }, [{ key: 'a', ...HOURLY, catchUp: '4h' }])
    await cron.start()
    await world.clock.advance('3m')

    expect(world.beginnings).toEqual(['13:30 a', '13:30:30 a', '13:31 a'])
  })

  it('counts what is owed among the runs of a limit', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60 }, [
      { key: 'a', ...HOURLY, catchUp: '4h', maxRuns: 2 },
    ])
    await cron.dispatch({ ahead: '1m' })

    expect(await ledger(cron, 'a')).toEqual(['11:00 planned catch-up', '12:00 planned catch-up'])
    expect(await cron.describe('a')).toMatchObject({ nextRunAt: undefined })
  })

  it('tells the handler for how many it stands, and how late it is', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60 }, [
      { key: 'a', ...HOURLY, catchUp: { within: '4h', policy: 'latest' } },
    ])
    await cron.start()
    await world.clock.advance('1s')

    const [run] = world.begun
    expect(run!.context.occurrence).toMatchObject({ missed: 2, lateMs: 30 * 60_000, origin: 'catch-up' })
    expect(await occurrences(cron, 'a')).toMatchObject([
      { standsFor: 0, missed: { count: 2 } },
      { standsFor: 2 },
    ])
  })
})

describe('without a rate', () => {
  it('tells the handler for how many it stands, too', async () => {
    const cron = await world.open(SHORT)
    await cron.schedule({ key: 'a', ...HOURLY, catchUp: { within: '4h', max: 2 } })
    world.clock.jumpTo(instant('13:30'))
    await cron.start()
    await world.clock.advance('1s')

    expect(world.begun.map(({ context }) => context.occurrence.missed)).toEqual([1, 0])
  })
})

describe('what is owed', () => {
  it.each([
    ['superseded', (cron: Carillon) => cron.patch('a', { cron: '30 * * * *' })],
    ['paused', (cron: Carillon) => cron.pause('a')],
    ['deleted', (cron: Carillon) => cron.delete('a')],
  ] as const)('is %s with its schedule', async (reason, change: (cron: Carillon) => Promise<unknown>) => {
    const cron = await awayUntilHalfPastOne({ perMinute: 1 }, [{ key: 'a', ...HOURLY, catchUp: '4h' }])
    await cron.dispatch({ ahead: '1m' })
    await change(cron)

    expect(await ledger(cron, 'a')).toEqual([`11:00 ${reason} catch-up`, `12:00..13:00 ${reason} 2`])
    expect(await cron.owed()).toMatchObject({ runs: 0 })
  })

  it('is not counted among the runs of a limit once it was taken back', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 1 }, [
      { key: 'a', ...HOURLY, catchUp: '4h', maxRuns: 3 },
    ])
    await cron.dispatch({ ahead: '1m' })
    await cron.patch('a', { cron: '31 13 * * *' })
    await cron.dispatch({ ahead: '1m' })

    expect(await cron.describe('a')).toMatchObject({ lastScheduledAt: new Date(instant('13:31')) })
  })

  it('is to have ended within as long as any other run', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60 }, [
      { key: 'a', ...HOURLY, catchUp: { within: '4h', policy: 'latest' }, expectWithin: '1h' },
    ])
    await cron.dispatch({ ahead: '1m' })

    expect(await expectations()).toEqual(['13:00 by 14:30'])
  })

  it('is told by explain', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 1 }, [{ key: 'a', ...HOURLY, catchUp: '4h' }])
    await cron.dispatch({ ahead: '1m' })

    expect(await cron.explain('a', new Date(instant('12:00')))).toMatchObject({
      verdict: 'will-run',
      code: 'owed',
    })
    expect(await cron.explain('a', new Date(instant('12:30')))).toMatchObject({ code: 'not-due' })
  })
})

describe('a flood', () => {
  const schedules = [
    { key: 'a', ...HOURLY, catchUp: '4h' },
    { key: 'b', namespace: 'other', ...HOURLY, catchUp: '4h' },
  ]

  it('waits for an operator above a threshold, while all else goes on', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60, holdAbove: 5 }, [
      ...schedules,
      { key: 'c', cron: '* * * * *', job: 'note' },
    ])
    expect(await cron.dispatch({ ahead: '1m' })).toMatchObject({ planned: 1, owed: 6, held: 6 })
    expect(await cron.owed()).toMatchObject({ runs: 6, held: 6 })

    expect(await cron.releaseOwed({ namespace: 'other' })).toBe(3)
    await cron.dispatch({ ahead: '1m' })
    expect(await cron.owed(), 'what is left is no flood').toMatchObject({ runs: 0, held: 0 })
  })

  it('goes by itself up to the threshold', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60, holdAbove: 6 }, schedules)
    expect(await cron.dispatch({ ahead: '1m' })).toMatchObject({ planned: 6, owed: 6 })
  })

  it('is let go namespace by namespace', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60, holdAbove: 0 }, schedules)
    await cron.dispatch({ ahead: '1m' })
    await cron.releaseOwed({ namespace: 'other' })
    await cron.dispatch({ ahead: '1m' })

    expect(await planned(cron.namespace('other'), 'b')).toHaveLength(3)
    expect(await planned(cron, 'a')).toEqual([])
    expect(await cron.owed()).toMatchObject({ runs: 3, held: 3 })
  })

  it('is dropped when an operator says so, and the ledger tells of it', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60, holdAbove: 0 }, schedules)
    await cron.dispatch({ ahead: '1m' })

    expect(await cron.dropOwed({ namespace: 'other' })).toBe(3)
    expect(await ledger(cron.namespace('other'), 'b')).toEqual(['11:00..13:00 cancelled 3'])
    expect(await cron.owed()).toMatchObject({ runs: 3 })
    expect(await cron.dropOwed()).toBe(3)
    expect(await cron.owed()).toMatchObject({ runs: 0 })
  })

  it('is dropped also where its schedule cannot be read any more', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60, holdAbove: 0 }, schedules)
    await cron.dispatch({ ahead: '1m' })
    await world.tamper('a', ({ definition }) => ({ definition, terms: '{' }))

    expect(await cron.dropOwed()).toBe(6)
    expect(await cron.owed()).toMatchObject({ runs: 0 })
  })
})

describe('a preview of a pass', () => {
  it('says what the pass then does, and writes nothing', async () => {
    const cron = await awayUntilHalfPastOne({ perMinute: 60, holdAbove: 4 }, [
      { key: 'a', ...HOURLY, catchUp: '4h' },
      { key: 'b', namespace: 'other', ...HOURLY, catchUp: { within: '4h', max: 2 } },
      { key: 'c', cron: '* * * * *', job: 'note' },
      { key: 'later', cron: '0 20 * * *', job: 'note' },
    ])
    const before = await world.dump()
    const preview = await cron.previewDispatch({ ahead: '2m' })

    expect(await world.dump()).toEqual(before)
    expect(preview).toMatchObject({
      schedules: 3,
      planned: 2,
      caughtUp: 5,
      missed: 210,
      broken: 0,
      owed: 0,
      held: 5,
    })
    expect(preview.namespaces).toEqual([
      { namespace: 'default', schedules: 2, planned: 2, caughtUp: 3, missed: 209 },
      { namespace: 'other', schedules: 1, planned: 0, caughtUp: 2, missed: 1 },
    ])
    expect(preview.largest.map(({ key }) => key)).toEqual(['c', 'a', 'b'])
    expect(await cron.dispatch({ ahead: '2m' })).toEqual({
      planned: 2,
      missed: 210,
      broken: 0,
      owed: 5,
      held: 5,
    })
  })

  it('goes on from page to page', async () => {
    const cron = await world.open(SHORT)
    const schedules = Array.from({ length: 2_300 }, (_, i) => ({
      key: `k${i}`,
      cron: '5 11 * * *',
      job: 'note',
    }))
    await cron.scheduleMany(schedules)
    world.clock.jumpTo(instant('11:04:30'))

    expect(await cron.previewDispatch({ ahead: '1m' })).toMatchObject({ schedules: 2_300, planned: 2_300 })
  })
})

describe('the option catchUp', () => {
  it.each([
    [{ perMinute: 0 }, /catchUp\.perMinute is a whole number/],
    [{ perMinute: 60_001 }, /from 1 to 60,000/],
    [{ perMinuteOfNamespace: 1.5 }, /catchUp\.perMinuteOfNamespace/],
    [{ holdAbove: -1 }, /catchUp\.holdAbove is a whole number of runs/],
    [{ perMinut: 1 }, /unknown option "catchUp\.perMinut": did you mean/],
  ])('refuses %j', async (catchUp, message) => {
    await expect(world.open({ catchUp: catchUp as CatchUpSettings })).rejects.toThrow(message)
  })
})
