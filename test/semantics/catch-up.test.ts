import { describe, expect, it } from 'vitest'
import type { CatchUpInput, Duration, RecurrenceInput } from '../../src/index.ts'
import { instant, ledger, occurrences, useWorld } from './support.ts'

const world = useWorld()
const SHORT = { ahead: '1m', interval: '1m' }

/** An every-minute schedule, planned to 10:01, whose dispatcher is away until 10:10. */
async function awayForNineMinutes(catchUp: Duration | CatchUpInput | undefined) {
  const cron = await world.open(SHORT)
  await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note', catchUp })
  world.clock.jumpTo(instant('10:10'))
  return { cron, report: await cron.dispatch({ ahead: '1m' }), lines: await ledger(cron, 'a') }
}

describe('catch-up', () => {
  it('is off by default: what was missed is one row with its count', async () => {
    const { report, lines } = await awayForNineMinutes(undefined)
    expect(report).toEqual({ planned: 1, missed: 9, broken: 0 })
    expect(lines).toEqual(['10:01 planned', '10:02..10:10 missed 9', '10:11 planned'])
  })

  it('is off with 0', async () => {
    const { lines } = await awayForNineMinutes(0)
    expect(lines).toEqual(['10:01 planned', '10:02..10:10 missed 9', '10:11 planned'])
  })

  it('sends what is younger; an age exactly as long is too old; a run at now counts as missed and is sent', async () => {
    const { report, lines } = await awayForNineMinutes('5m')
    expect(report).toEqual({ planned: 6, missed: 4, broken: 0 })
    expect(lines).toEqual([
      '10:01 planned',
      '10:02..10:05 missed 4',
      ...['06', '07', '08', '09', '10'].map((minute) => `10:${minute} planned catch-up`),
      '10:11 planned',
    ])
  })

  it('sends one that is a millisecond younger than the limit', async () => {
    const { lines } = await awayForNineMinutes(300_001)
    expect(lines).toContain('10:05 planned catch-up')
    expect(lines).toContain('10:02..10:04 missed 3')
  })

  it('sends only the latest when told so', async () => {
    const { report, lines } = await awayForNineMinutes({ within: '5m', policy: 'latest' })
    expect(report).toEqual({ planned: 2, missed: 8, broken: 0 })
    expect(lines).toEqual([
      '10:01 planned',
      '10:02..10:09 missed 8',
      '10:10 planned catch-up',
      '10:11 planned',
    ])
  })

  it('sends the newest up to max', async () => {
    const { report, lines } = await awayForNineMinutes({ within: '5m', max: 2 })
    expect(report).toEqual({ planned: 3, missed: 7, broken: 0 })
    expect(lines).toEqual([
      '10:01 planned',
      '10:02..10:08 missed 7',
      '10:09 planned catch-up',
      '10:10 planned catch-up',
      '10:11 planned',
    ])
  })

  it('writes no row when nothing is dropped', async () => {
    const { report, lines } = await awayForNineMinutes('1h')
    expect(report).toEqual({ planned: 10, missed: 0, broken: 0 })
    expect(lines.filter((line) => line.includes('missed'))).toEqual([])
  })

  it('is judged again for each absence, and nothing is caught up twice', async () => {
    const { cron } = await awayForNineMinutes('5m')
    expect(await cron.dispatch({ ahead: '1m' })).toEqual({ planned: 0, missed: 0, broken: 0 })
    world.clock.jumpTo(instant('10:13:30'))
    expect(await cron.dispatch({ ahead: '1m' })).toEqual({ planned: 3, missed: 0, broken: 0 })
    expect((await ledger(cron, 'a')).slice(-3)).toEqual([
      '10:12 planned catch-up',
      '10:13 planned catch-up',
      '10:14 planned',
    ])
  })

  it('does not need a regular run in the window', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '0 12 * * *', job: 'note', catchUp: '2h' })

    world.clock.jumpTo(instant('12:05'))
    expect(await cron.dispatch({ ahead: '10m' })).toEqual({ planned: 1, missed: 0, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual(['12:00 planned catch-up'])
  })

  it('runs what was missed oldest first, and tells how late it is', async () => {
    const { cron } = await awayForNineMinutes('5m')
    await cron.start({ roles: ['work'] })
    await world.clock.advance(0)

    const seen = world.begun.map(({ context: { occurrence } }) => occurrence)
    const late = seen.map(({ lateMs, nominalAt }) => [nominalAt.getTime(), lateMs])
    expect(late).toEqual(
      ['01', '06', '07', '08', '09', '10'].map((minute) => [
        instant(`10:${minute}`),
        instant('10:10') - instant(`10:${minute}`),
      ]),
    )
    expect(seen.map(({ origin }) => origin)).toEqual(['schedule', ...Array<string>(5).fill('catch-up')])
  })

  it('never reaches behind the creation', async () => {
    const cron = await world.open(SHORT)
    world.clock.jumpTo(instant('10:30:30'))
    await cron.schedule({ key: 'a', cron: '*/10 * * * *', job: 'note', catchUp: '6h' })

    expect(await cron.dispatch({ ahead: '1m' })).toEqual({ planned: 0, missed: 0, broken: 0 })
    expect(await ledger(cron, 'a')).toEqual([])
  })

  it('never reaches behind a change of the recurrence', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '0 9 * * *', job: 'note', catchUp: '1h' })
    world.clock.jumpTo(instant('10:30:30'))
    await cron.schedule({ key: 'a', cron: '*/10 * * * *', job: 'note', catchUp: '1h' })

    await cron.dispatch()
    expect(await ledger(cron, 'a')).toEqual(['10:40 planned'])
  })

  it('never reaches behind a resume', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/10 * * * *', job: 'note', catchUp: '6h', active: false })
    world.clock.jumpTo(instant('12:05'))
    await cron.resume('a')

    await cron.dispatch()
    const lines = await ledger(cron, 'a')
    expect(lines.filter((line) => line.includes('planned'))).toEqual(['12:10 planned'])
  })

  it('counts in the time zone of the expression, over a change of the clocks', async () => {
    world.clock.jumpTo(Date.parse('2026-10-24T12:00:00Z'))
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '0 12 * * *', timezone: 'Europe/Berlin', job: 'note' })

    world.clock.jumpTo(Date.parse('2026-10-26T12:00:00Z'))
    expect(await cron.dispatch()).toEqual({ planned: 0, missed: 2, broken: 0 })
    const [missed] = await occurrences(cron, 'a')
    expect(missed).toMatchObject({
      nominalAt: new Date('2026-10-25T11:00:00Z'),
      missed: { until: new Date('2026-10-26T11:00:00Z'), count: 2 },
    })
  })
})

describe('after a year away', () => {
  const YEAR_MS = 365 * 86_400_000
  const DROPPED = YEAR_MS / 1_000 - 60 - 10

  async function awayForAYear(recurrence: RecurrenceInput) {
    const cron = await world.open({ ahead: '10s', interval: '10s' })
    await cron.schedule({ key: 'a', ...recurrence, job: 'note', catchUp: '1m' })
    world.clock.jumpTo(instant('10:00') + YEAR_MS)
    return { cron, report: await cron.dispatch({ ahead: '10s' }) }
  }

  it.each([
    { what: 'an interval', recurrence: { every: '1s' } },
    { what: 'an expression', recurrence: { cron: '* * * * * *' } },
  ])(
    '$what of one second costs bounded work and bounded rows',
    { timeout: 10_000 },
    async ({ recurrence }) => {
      const { cron, report } = await awayForAYear(recurrence)
      expect(report.planned).toBe(60 + 10)

      const rows = await occurrences(cron, 'a')
      expect(rows).toHaveLength(10 + 1 + 60 + 10)
      const [dropped] = rows.filter(({ reason }) => reason === 'missed')
      expect(dropped?.nominalAt).toEqual(new Date(instant('10:00:11')))
      expect(dropped?.missed?.until).toEqual(new Date(instant('09:59') + YEAR_MS))
      expect(dropped?.missed?.count).toBeGreaterThanOrEqual(10_000)
    },
  )

  it('an interval of one second tells how many runs were dropped', async () => {
    const { cron, report } = await awayForAYear({ every: '1s' })
    const rows = await occurrences(cron, 'a')
    expect(rows.find(({ reason }) => reason === 'missed')?.missed?.count).toBe(DROPPED)
    expect(report.missed).toBe(DROPPED)
  })

  it('an expression that rarely fires is searched at once', async () => {
    const { report } = await awayForAYear({ cron: '0 0 29 2 *', timezone: 'Europe/Berlin' })
    expect(report).toEqual({ planned: 0, missed: 0, broken: 0 })
  })

  it('a backlog of many thousands is caught up to its newest ten thousand, and no one else waits for ever', async () => {
    const cron = await world.open({ ahead: '10s', interval: '10s' })
    await cron.schedule({ key: 'a', every: '1s', job: 'note', catchUp: '6h' })
    await cron.schedule({ key: 'b', cron: '* * * * *', job: 'note', catchUp: '1m' })

    world.clock.jumpTo(instant('16:00'))
    const { planned, missed } = await cron.dispatch({ ahead: '10s' })
    const tooMany = 6 * 3_600 - 10 - 10_000
    expect({ planned, missed }).toEqual({ planned: 10_000 + 10 + 1, missed: tooMany + 359 })
    const [row] = await world.sql(
      `select count(*) as total from carillon_occurrences where state = 'planned'`,
    )
    expect(row).toEqual({ total: planned + 10 })
  })
})
