import { describe, expect, it } from 'vitest'
import type { Catalog, Explanation } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { gate, instant, until, useWorld } from './support.ts'

const world = useWorld()
const AT_FIVE = { key: 'a', cron: '5 10 * * *', job: 'note' } as const

/** Verdict, code and text, as `did-not-run paused: The schedule …`. */
async function why(catalog: Catalog, at: number | string, key = 'a'): Promise<string> {
  const { verdict, code, text }: Explanation = await catalog.explain(key, at)
  return `${verdict} ${code}: ${text}`
}

describe('a run', () => {
  it('that is to come is planned, or will be', async () => {
    const cron = await world.open()
    await cron.schedule(AT_FIVE)
    expect(await why(cron, instant('10:05'))).toBe(
      'will-run waiting: It is planned for 2026-06-01 10:05:00 +00:00.',
    )
    expect(await why(cron, '2026-06-02T10:05:00Z')).toBe(
      'will-run to-be-planned: It is further ahead than dispatchers look; a pass plans it minutes before it is due.',
    )
  })

  it('that ran tells where, when and for how long', async () => {
    const end = gate()
    const cron = await world.open({ jobs: [world.job('note', () => end.promise)], server: 'one' })
    await cron.schedule({ ...AT_FIVE, timezone: 'Europe/Berlin', cron: '5 12 * * *' })
    await cron.start()
    await world.clock.advanceTo(instant('10:05:10'))
    expect(await why(cron, instant('10:05'))).toMatch(
      /^runs running: It began at 2026-06-01 12:05:00 \+02:00 on one#\w+ and is under way\.$/,
    )
    end.resolve()
    await until(async () => (await cron.explain('a', instant('10:05'))).code === 'succeeded')
    expect(await why(cron, instant('10:05'))).toMatch(
      /^ran succeeded: It began at .* and succeeded after 10\.0 s\.$/,
    )
  })

  it('that failed tells what of, and that it begins again', async () => {
    const job = world.job('note', () => {
      throw new Error('no paper')
    })
    const cron = await world.open({ jobs: [job] })
    await cron.schedule({ ...AT_FIVE, retries: 1, backoff: { initial: '30s' } })
    await cron.start()
    await world.clock.advanceTo(instant('10:05:10'))
    expect(await why(cron, instant('10:05'))).toBe(
      'will-run retrying: It is to begin again at 2026-06-01 10:05:30 +00:00, attempt 2: the last one failed: no paper.',
    )
    await world.clock.advanceTo(instant('10:06'))
    expect(await why(cron, instant('10:05'))).toMatch(
      /^ran failed: It began at .*:30 \+00:00, attempt 2, on .* and failed after 0 ms: Error, no paper\.$/,
    )
  })

  it('that nobody begins says what it waits for', async () => {
    const cron = await world.open()
    await cron.schedule(AT_FIVE)
    await world.clock.advanceTo(instant('10:06'))
    expect(await why(cron, instant('10:05'))).toBe(
      'will-run waiting: It is due since 2026-06-01 10:05:00 +00:00 and has not begun: ' +
        'no server that takes from the queue "default", knows the job "note" and has room is up.',
    )
  })

  it('that was late says why', async () => {
    const cron = await world.open()
    await cron.schedule(AT_FIVE)
    await cron.schedule({ key: 'b', cron: '50 10 * * *', job: 'note', catchUp: '1h' })
    await world.clock.advanceTo(instant('11:00'))
    await cron.start()
    await world.clock.advance('1s')
    expect(await why(cron, instant('10:05'))).toMatch(
      /^ran succeeded: .*It was late by 55m: no server that knows its job and had room was up before\.$/,
    )
    expect(await why(cron, instant('10:50'), 'b')).toMatch(
      /^ran succeeded: .*It was late by 10m: it was planned at 2026-06-01 11:00:00 \+00:00 only, since no dispatcher had passed before\.$/,
    )
  })

  it('by hand, and one that is spread, say so', async () => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, cron: '0 12 * * *', spread: '1h' })
    await cron.start()
    const { nominalAt } = await cron.trigger('a')
    await world.clock.advanceTo(instant('13:00'))
    expect(await why(cron, nominalAt.getTime())).toMatch(/^ran succeeded: .* It was begun by hand\.$/)
    expect(await why(cron, instant('12:00'))).toMatch(/ after the instant, by its spread\.$/)
    await cron.schedule({ ...AT_FIVE, key: 'j', cron: '0 14 * * *', spread: '1h', jitter: '10m' })
    await world.clock.advanceTo(instant('15:30'))
    expect(await why(cron, instant('14:00'), 'j')).toMatch(/by its spread and its jitter\.$/)
    await cron.schedule({
      ...AT_FIVE,
      key: 'k',
      cron: '0 16 * * *',
      jitter: '1h',
      overlap: 'skip',
      minimumBreak: '1s',
    })
    await world.clock.advanceTo(instant('17:30'))
    expect(await why(cron, instant('16:00'), 'k')).toMatch(/by its jitter or a break\.$/)
  })
})

describe('a run that was not to be', () => {
  it('was missed, with the rule and the whole range', async () => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, cron: '*/10 * * * *', catchUp: '15m' })
    await world.clock.advanceTo(instant('12:00'))
    await cron.dispatch()
    const told = await cron.explain('a', instant('11:00'))
    expect(told).toMatchObject({
      verdict: 'did-not-run',
      code: 'missed',
      occurrence: { missed: { count: 9 } },
    })
    expect(told.text).toBe(
      'It fell due while no dispatcher passed, and was dropped at 2026-06-01 12:00:00 +00:00: ' +
        'catch-up takes the newest 10000 runs of the last 15m. ' +
        'It is one of 9 from 2026-06-01 10:20:00 +00:00 to 2026-06-01 11:40:00 +00:00.',
    )
    expect(await cron.explain('a', instant('11:50'))).toMatchObject({ verdict: 'will-run', code: 'waiting' })
  })

  it('is due, and no dispatcher has passed', async () => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, cron: '0 11,12 * * *', catchUp: '30m' })
    await world.clock.advanceTo(instant('12:10'))
    expect(await why(cron, instant('11:00'))).toBe(
      'did-not-run not-dispatched: No dispatcher has passed since 2026-06-01 11:00:00 +00:00: none is up, or none reaches ' +
        'the database. The next pass records it as missed: catch-up takes nothing older than 30m.',
    )
    expect(await why(cron, instant('12:00'))).toMatch(
      /^will-run not-dispatched: .* The next pass makes up for it\.$/,
    )
  })

  it('found no room', async () => {
    const end = gate()
    const cron = await world.open({ jobs: [world.job('note', () => end.promise)] })
    await cron.schedule({ ...AT_FIVE, cron: '* * * * *', overlap: 'skip' })
    await cron.start()
    await world.clock.advanceTo(instant('10:02:30'))
    expect(await why(cron, instant('10:02'))).toBe(
      'did-not-run overlap: There was no room for it: as many runs were under way as may be (overlap skip, 1 at a time).',
    )
    end.resolve()
  })

  it('was withdrawn, and what came after does not name it', async () => {
    const cron = await world.open()
    await cron.schedule(AT_FIVE)
    await world.clock.advanceTo(instant('10:01'))
    await cron.patch('a', { cron: '7 10 * * *' })
    expect(await why(cron, instant('10:05'))).toBe(
      'did-not-run superseded: It had been planned by generation 1, and was withdrawn at 2026-06-01 10:01:00 +00:00: ' +
        'the schedule was changed. The schedule runs 7 10 * * * in UTC, which does not name this instant.',
    )
    expect(await cron.explain('a', instant('10:05'))).toMatchObject({
      inForce: { generation: 2, cause: 'changed', recurrence: '7 10 * * * in UTC', until: undefined },
      previousAt: new Date('2026-05-31T10:07:00Z'),
      nextAt: new Date(instant('10:07')),
    })
  })

  it('is told with the one that took its place', async () => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, cron: '*/5 * * * *' })
    await world.clock.advanceTo(instant('10:01'))
    await cron.patch('a', { cron: AT_FIVE.cron })
    expect(await cron.explain('a', instant('10:05'))).toMatchObject({
      code: 'waiting',
      occurrence: { generation: 2 },
      others: [{ generation: 1, reason: 'superseded' }],
    })
  })

  it('fell into a pause, however often it was changed meanwhile', async () => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, active: false })
    await world.clock.advanceTo(instant('10:10'))
    await cron.resume('a')
    await world.clock.advanceTo(instant('10:20'))
    await cron.pause('a')
    await world.clock.advanceTo(instant('10:30'))
    await cron.patch('a', { cron: '* * * * *' })
    await world.clock.advanceTo(instant('10:40'))

    expect(await why(cron, instant('10:05'))).toBe(
      'did-not-run paused: The schedule was paused from 2026-06-01 10:00:00 +00:00 until 2026-06-01 10:10:00 +00:00.',
    )
    expect(await cron.explain('a', instant('10:15'))).toMatchObject({ code: 'not-due' })
    expect(await why(cron, instant('10:35'))).toBe(
      'did-not-run paused: The schedule was paused from 2026-06-01 10:20:00 +00:00.',
    )
    expect(await cron.explain('a', instant('10:50'))).toMatchObject({
      verdict: 'will-not-run',
      code: 'paused',
    })
  })

  it('fell before the schedule, behind it, or between two of the same key', async () => {
    const cron = await world.open()
    await world.clock.advanceTo(instant('10:10'))
    await cron.schedule(AT_FIVE)
    await world.clock.advanceTo(instant('10:20'))
    await cron.delete('a')
    expect(await why(cron, instant('10:05'))).toBe(
      'did-not-run not-stored: There was no such schedule yet. It was stored at 2026-06-01 10:10:00 +00:00.',
    )
    expect(await why(cron, '2026-06-02T10:05:00Z')).toBe(
      'will-not-run deleted: The schedule was deleted at 2026-06-01 10:20:00 +00:00.',
    )
    await world.clock.advanceTo(instant('10:30'))
    await cron.schedule(AT_FIVE)
    expect(await why(cron, instant('10:25'))).toBe(
      'did-not-run deleted: The schedule was deleted at 2026-06-01 10:20:00 +00:00. ' +
        'It was stored anew at 2026-06-01 10:30:00 +00:00.',
    )
    expect(await cron.explain('a', '2026-06-02T10:05:00Z')).toMatchObject({ code: 'to-be-planned' })
  })

  it('belongs to a schedule that is broken', async () => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, cron: '0 11 * * *' })
    await world.tamper('a', (stored) => ({
      definition: stored.definition.replace('"UTC"', '"Mars/Base"'),
      terms: stored.terms.replace('"UTC"', '"Mars/Base"'),
    }))
    await world.clock.advanceTo(instant('10:55'))
    await cron.dispatch()
    expect(await why(cron, instant('11:00'))).toMatch(
      /^will-not-run broken: The schedule is broken and nothing is planned from it: .*Mars\/Base/,
    )
  })

  it('is older than the ledger', async () => {
    const cron = await world.open({ keepHistory: '1h' })
    await cron.schedule({ ...AT_FIVE, cron: '*/5 * * * *' })
    await world.clock.advanceTo(instant('10:05'))
    await world.sql('delete from carillon_occurrences')
    await world.clock.advanceTo(instant('12:00'))
    expect(await why(cron, instant('10:05'))).toBe(
      'unknown forgotten: It is so long ago that the ledger no longer holds what finished then.',
    )
  })

  it('should be in the ledger and is not', async () => {
    const cron = await world.open()
    await cron.schedule(AT_FIVE)
    await world.sql('delete from carillon_occurrences')
    expect(await why(cron, instant('10:05'))).toMatch(/^unknown unaccounted: .* please report it\.$/)
  })
})

describe('a definition that does not name the instant', () => {
  it.each([
    [
      { startsAt: '2026-06-01T10:30:00Z' },
      '10:20',
      'before-start',
      'before the start of the schedule, 2026-06-01 10:30:00',
    ],
    [
      { endsAt: '2026-06-01T10:10:00Z' },
      '10:20',
      'after-end',
      'after the end of the schedule, 2026-06-01 10:10:00',
    ],
    [{ except: ['2026-06-01'] }, '10:20', 'excluded-date', '2026-06-01 is one of the dates'],
    [{ maxRuns: 2 }, '10:20', 'max-runs', 'limited to 2 runs'],
    [{ maxRuns: 1 }, '10:20', 'max-runs', 'limited to one run'],
    [{}, '10:03', 'not-due', 'runs */5 * * * * in UTC, which does not name this instant'],
    [{ startsAt: '2026-06-01T10:30:00Z' }, '10:03', 'not-due', 'does not name this instant'],
    [{ endsAt: '2026-06-01T10:10:00Z' }, '10:13', 'not-due', 'does not name this instant'],
  ])('%j at %s: %s', async (policy, at, code, text) => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, cron: '*/5 * * * *', ...policy })
    await cron.dispatch({ ahead: '30m' })
    const told = await cron.explain('a', instant(at))
    expect(told).toMatchObject({ code, verdict: 'will-not-run', occurrence: undefined })
    expect(told.text).toContain(text)
  })

  it.each([
    [{ every: '7m', anchor: '2026-06-01T10:00:00Z' }, 'every 7m'],
    [{ at: '2026-06-01T10:30:00Z' }, 'once at 2026-06-01 10:30:00 +00:00'],
  ])('%j', async (recurrence, text) => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', job: 'note', ...recurrence })
    const told = await cron.explain('a', instant('10:20'))
    expect(told).toMatchObject({ code: 'not-due', inForce: { recurrence: text } })
    expect(told.text).toContain(text)
  })
})

describe('a clock change', () => {
  const BERLIN = { key: 'a', timezone: 'Europe/Berlin', job: 'note' } as const

  async function inBerlin(start: string, cron: string, dst?: 'skip' | 'vixie') {
    world.clock = new ManualClock(start)
    const door = await world.open()
    await door.schedule({ ...BERLIN, cron, dst })
    return door
  }

  it('moves a run, or does not, by the rule', async () => {
    const moved = await inBerlin('2026-03-29T00:00:00Z', '30 2 * * *')
    await moved.dispatch({ ahead: '3h' })
    expect(await why(moved, '2026-03-29T01:30:00Z')).toBe(
      'will-run waiting: It is planned for 2026-03-29 03:30:00 +02:00. ' +
        'A clock change skips the time that the expression names, so it runs 1h later by the clock on the wall.',
    )
    await moved.patch('a', { dst: 'skip' })
    expect(await why(moved, '2026-03-29T01:30:00Z')).toMatch(
      /^did-not-run superseded: .*A clock change skips the time that the expression names, and the rule "skip" does not run it here\.$/,
    )
  })

  it('repeats a run, or does not, by the expression', async () => {
    const once = await inBerlin('2026-10-25T00:00:00Z', '30 2 * * *')
    expect(await cronCode(once, '2026-10-25T00:30:00Z')).toBe('to-be-planned')
    expect(await why(once, '2026-10-25T01:30:00Z')).toMatch(
      /^will-not-run clock-change: A clock change repeats this time of day, and the rule "shift" runs it on one/,
    )
    await once.patch('a', { cron: '30 * * * *' })
    await once.dispatch({ ahead: '3h' })
    expect(await why(once, '2026-10-25T01:30:00Z')).toMatch(
      /It is the second of two runs at this time of day, which a clock change repeats\.$/,
    )
  })

  async function cronCode(catalog: Catalog, at: string) {
    return (await catalog.explain('a', at)).code
  }
})

it('knows nothing of a key that nobody stored, nor of one that another namespace has', async () => {
  const cron = await world.open()
  await cron.schedule(AT_FIVE)
  await expect(cron.explain('b', instant('10:05'))).rejects.toThrow('no schedule has the key "b"')
  await expect(cron.namespace('other').explain('a', instant('10:05'))).rejects.toThrow(
    'no schedule has the key "a"',
  )
  await expect(cron.explain('a', 'yesterday')).rejects.toThrow('instant')
})
