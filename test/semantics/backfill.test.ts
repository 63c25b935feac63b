import { describe, expect, it } from 'vitest'
import { ScheduleConflictError, type BackfillReport } from '../../src/index.ts'
import { gate, instant, ledger, occurrences, time, until, useWorld } from './support.ts'

const world = useWorld()
const HOURLY = { key: 'a', cron: '0 * * * *', job: 'note' } as const
const SHORT = { ahead: '1m', interval: '1m' } as const
const at = (text: string) => new Date(instant(text))

/** A schedule that was stored at 10:00 and not dispatched until 15:30. */
async function missedSince(options: object = {}) {
  const cron = await world.open(SHORT)
  await cron.schedule({ ...HOURLY, ...options })
  world.clock.jumpTo(instant('15:30'))
  await cron.dispatch()
  return cron
}

describe('a backfill', () => {
  it('makes up for what was missed, and the ledger has each instant once', async () => {
    const cron = await missedSince()
    expect(await ledger(cron, 'a')).toEqual(['11:00..15:00 missed 5'])
    const report = await cron.backfill('a', { from: at('12:00'), until: at('13:00') })

    expect(report).toEqual({
      planned: 2,
      present: 0,
      firstAt: at('12:00'),
      lastAt: at('13:00'),
      dueUntil: at('15:30:01'),
      overlap: 'allow',
      maxRunning: undefined,
      generations: { 1: 2 },
    } satisfies BackfillReport)
    expect(await ledger(cron, 'a')).toEqual([
      '11:00 missed',
      '12:00 planned backfill',
      '13:00 planned backfill',
      '14:00..15:00 missed 2',
    ])
  })

  it('runs them at a rate, with the payload of now', async () => {
    const cron = await missedSince({ payload: 'old' })
    await cron.patch('a', { payload: 'new' })
    await cron.backfill('a', { from: at('11:00'), rate: 2 })
    await cron.start()
    await world.clock.advance('3m')

    expect(world.beginnings).toEqual(['15:30 a', '15:30:30 a', '15:31 a', '15:31:30 a', '15:32 a'])
    const infos = world.begun.map(({ context }) => context)
    expect(infos.map(({ occurrence }) => time(occurrence.nominalAt))).toEqual([
      '11:00',
      '12:00',
      '13:00',
      '14:00',
      '15:00',
    ])
    expect(infos[0]).toMatchObject({ payload: 'new', occurrence: { origin: 'backfill' } })
    expect((await occurrences(cron, 'a')).map(({ state }) => state)).toEqual(Array(5).fill('succeeded'))
  })

  it('asks the definition that was in force then', async () => {
    const cron = await missedSince()
    await cron.patch('a', { cron: '15 * * * *' })
    world.clock.jumpTo(instant('17:30'))
    await cron.dispatch()
    const report = await cron.backfill('a', { from: at('14:30') })

    expect(report.generations).toEqual({ 1: 1, 2: 2 })
    expect(await ledger(cron, 'a')).toEqual([
      '11:00..14:00 missed 4',
      '15:00 planned backfill',
      '16:15 planned backfill',
      '17:15 planned backfill',
    ])
    await cron.start()
    await world.clock.advance('10s')
    expect(world.begun, 'those of an older generation too').toHaveLength(3)
  })

  it('reaches behind the day that the schedule was stored', async () => {
    const cron = await world.open(SHORT)
    await cron.schedule(HOURLY)
    const report = await cron.backfill('a', { from: at('08:00') })

    expect(report).toMatchObject({ planned: 3, firstAt: at('08:00'), lastAt: at('10:00') })
  })

  it('makes up for a pause', async () => {
    const cron = await world.open(SHORT)
    await cron.schedule(HOURLY)
    await cron.pause('a')
    world.clock.jumpTo(instant('12:30'))
    await expect(cron.backfill('a', { from: at('10:30') })).rejects.toThrow(
      /cannot be backfilled: resume it first/,
    )
    await cron.resume('a')

    expect(await cron.backfill('a', { from: at('10:30') })).toMatchObject({
      planned: 2,
      generations: { 2: 2 },
    })
  })

  it('leaves what ran, and is harmless when it is said twice', async () => {
    const cron = await missedSince()
    await cron.backfill('a', { from: at('12:00'), until: at('13:00') })
    await cron.start()
    await world.clock.advance('10s')

    expect(await cron.backfill('a', { from: at('12:00') })).toMatchObject({ planned: 2, present: 2 })
    expect(await cron.backfill('a', { from: at('12:00') })).toMatchObject({
      planned: 0,
      present: 4,
      dueUntil: undefined,
    })
  })

  it('takes the place of what was skipped', async () => {
    const cron = await world.open({ ahead: '2h', interval: '1h' })
    await cron.schedule(HOURLY)
    await cron.pause('a')
    await cron.resume('a')
    expect(await ledger(cron, 'a')).toEqual([
      '11:00 paused',
      '11:00 planned',
      '12:00 paused',
      '12:00 planned',
    ])
    await cron.pause('a')
    world.clock.jumpTo(instant('12:30'))
    await cron.resume('a')
    await cron.backfill('a', { from: at('10:30') })

    const planned = (await occurrences(cron, 'a')).filter(({ state }) => state === 'planned')
    expect(
      planned.filter(({ origin }) => origin === 'backfill').map(({ nominalAt }) => time(nominalAt)),
    ).toEqual(['11:00', '12:00'])
  })

  it('only says what it would do', async () => {
    const cron = await missedSince()
    const before = await world.dump()

    expect(await cron.backfill('a', { from: at('11:00'), dryRun: true })).toMatchObject({
      planned: 5,
      dueUntil: at('15:30:04'),
    })
    expect(await world.dump()).toEqual(before)
  })

  it('goes on in steps, and tells how far it is', async () => {
    const cron = await missedSince()
    await cron.patch('a', { cron: '* * * * *' })
    const seen: number[] = []
    const report = await cron.backfill('a', {
      from: new Date(instant('15:31') - 86_400_000),
      until: at('10:00'),
      rate: Infinity,
      onProgress: ({ planned }) => seen.push(planned),
    })
    // Before it was stored it was hourly; nothing else was in force then.
    expect(report).toMatchObject({ planned: 19 })
    expect(seen).toEqual([19])

    world.clock.jumpTo(instant('15:30') + 86_400_000)
    await cron.dispatch()
    const steps: number[] = []
    const minutes = await cron.backfill('a', {
      from: at('15:31'),
      rate: Infinity,
      onProgress: ({ planned }) => steps.push(planned),
    })
    expect(minutes).toMatchObject({ planned: 1_440 - 1, present: 1, dueUntil: new Date(world.clock.now()) })
    expect(steps).toEqual([499, 999, 1_439])
  })

  it('is withdrawn by an edit, a pause and a removal', async () => {
    const cron = await missedSince()
    await cron.backfill('a', { from: at('15:00') })
    await cron.patch('a', { cron: '15 * * * *' })

    expect(await ledger(cron, 'a')).toEqual(['11:00..14:00 missed 4', '15:00 superseded backfill'])
  })

  it('does not count among the runs of a limit', async () => {
    const cron = await missedSince({ maxRuns: 1, catchUp: { within: '1h', max: 1 } })
    await cron.backfill('a', { from: at('13:00') })
    await cron.patch('a', { cron: '31 15 * * *' })

    expect((await ledger(cron, 'a')).at(-1)).toBe('15:31 planned')
  })

  it('waits for its turn where others would be skipped', async () => {
    const door = gate()
    const cron = await world.open({ ...SHORT, jobs: [world.job('slow', () => door.promise)] })
    await cron.schedule({ ...HOURLY, job: 'slow', overlap: 'skip' })
    world.clock.jumpTo(instant('12:30'))
    await cron.dispatch()
    await cron.start()
    await cron.backfill('a', { from: at('11:00'), rate: Infinity })
    await world.clock.advance('10s')
    expect(world.begun).toHaveLength(1)

    door.resolve()
    await world.clock.advance('10s')
    await until(() => world.begun.length === 2)
    expect((await occurrences(cron, 'a')).map(({ reason }) => reason)).toEqual([undefined, undefined])
  })

  it('retries what fails, although its generation is over', async () => {
    let calls = 0
    const job = world.job('fails', () => {
      if (++calls === 1) throw new Error('not yet')
    })
    const cron = await world.open({ ...SHORT, jobs: [job] })
    await cron.schedule({ ...HOURLY, job: 'fails', retries: 1, backoff: { initial: '1s' } })
    world.clock.jumpTo(instant('11:30'))
    await cron.patch('a', { cron: '15 * * * *' })
    await cron.start()
    await cron.backfill('a', { from: at('11:00') })
    await world.clock.advance('10s')

    expect(world.beginnings).toEqual(['11:30 a', '11:30:01 a #2'])
  })

  it('is to have ended within as long as any other run', async () => {
    const cron = await missedSince({ expectWithin: '1h' })
    await cron.backfill('a', { from: at('14:00'), rate: 1 })
    const rows = await world.sql(
      `select e.nominal_at, e.expected_at from carillon_expectations e
       join carillon_occurrences o on o.schedule_id = e.schedule_id and o.nominal_at = e.nominal_at
       where o.origin = 'backfill' order by e.nominal_at`,
    )

    expect(rows.map((row) => [time(Number(row['nominal_at'])), time(Number(row['expected_at']))])).toEqual([
      ['14:00', '16:30'],
      ['15:00', '16:31'],
    ])
  })

  it('is told by explain', async () => {
    const cron = await missedSince()
    await cron.backfill('a', { from: at('12:00') })
    await cron.start()
    await world.clock.advance('10s')

    const { code, text } = await cron.explain('a', at('13:00'))
    expect([code, text]).toEqual(['succeeded', expect.stringContaining('A backfill made up for it.')])
  })

  it.each([
    [{ from: at('16:00') }, /from lies behind until, or in the future/],
    [{ from: at('12:00'), until: at('11:00') }, /from lies behind until/],
    [{ from: at('12:00'), rate: 0 }, /rate is a number of runs a minute/],
    [{ from: new Date(0), until: at('11:00') }, /more than 100,000 instants.*several parts/],
  ])('refuses %j', async (options, message) => {
    const cron = await missedSince()
    await expect(cron.backfill('a', options)).rejects.toThrow(message)
  })

  it('refuses a key that is not there', async () => {
    const cron = await world.open()
    await expect(cron.backfill('b', { from: 0 })).rejects.toThrow(/no schedule has the key "b"/)
  })

  it('stops when the schedule is changed meanwhile', async () => {
    const cron = await missedSince()
    await cron.patch('a', { cron: '* * * * *' })
    world.clock.jumpTo(instant('15:30') + 86_400_000)
    await cron.dispatch()
    const backfill = cron.backfill('a', {
      from: at('15:31'),
      onProgress: async () => {
        await cron.patch('a', { cron: '5 * * * *' })
      },
    })
    await expect(backfill).rejects.toThrow(ScheduleConflictError)
  })
})
