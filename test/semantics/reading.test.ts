import { describe, expect, it } from 'vitest'
import { ScheduleNotFoundError, scheduleInputOf } from '../../src/index.ts'
import { collect, instant, ledger, occurrences, time, useWorld } from './support.ts'

const world = useWorld()
const YEARLY = { cron: '0 0 1 1 *', job: 'note' }

describe('namespaces', () => {
  it('cannot see or touch each other', async () => {
    const cron = await world.open()
    const [red, blue] = [cron.namespace('red'), cron.namespace('blue')]
    await red.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note', group: 'g' })

    expect(await blue.describe('a')).toBeUndefined()
    expect(await cron.describe('a')).toBeUndefined()
    expect(await collect(blue.describeAll())).toEqual([])
    expect(await collect(blue.describeAll({ group: 'g' }))).toEqual([])
    expect(await blue.lastScheduled('a')).toBeUndefined()
    expect(await ledger(blue, 'a')).toEqual([])
    expect(await blue.delete('a')).toBe(false)
    for (const refused of [
      () => blue.pause('a'),
      () => blue.resume('a'),
      () => blue.trigger('a'),
      () => blue.patch('a', {}),
      () => blue.preview('a', 1),
    ])
      await expect(refused()).rejects.toBeInstanceOf(ScheduleNotFoundError)
    expect(await ledger(red, 'a')).toEqual(['10:05 planned', '10:10 planned'])
  })

  it('may use the same key, each for its own', async () => {
    const cron = await world.open()
    await cron.start()
    for (const name of ['red', 'blue'])
      await cron.namespace(name).schedule({ key: 'a', cron: '5 10 * * *', job: 'note' })
    await cron.namespace('red').delete('a')
    await world.clock.advance('10m')
    expect(world.begun.map(({ context }) => context.occurrence.namespace)).toEqual(['blue'])
  })

  it('cannot be read through the id of an occurrence of another', async () => {
    const cron = await world.open()
    const [red, blue] = [cron.namespace('red'), cron.namespace('blue')]
    for (const door of [red, blue]) await door.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    const [foreign] = await occurrences(red, 'a')
    const page = await blue
      .history('a', { after: foreign?.id ?? '', until: instant('12:00') })
      .catch(() => [])
    const own = new Set((await occurrences(blue, 'a')).map(({ id }) => id))
    expect(page.filter(({ id }) => !own.has(id))).toEqual([])
  })
})

describe('describe() and describeAll()', () => {
  it('answer nothing for a key that does not exist', async () => {
    const cron = await world.open()
    expect(await cron.describe('nowhere')).toBeUndefined()
    expect(await cron.lastScheduled('nowhere')).toBeUndefined()
    expect(await cron.delete('nowhere')).toBe(false)
  })

  it('yield each of many schedules once, by key, also of one group', async () => {
    const cron = await world.open()
    const keys = Array.from({ length: 450 }, (_, n) => `key-${String(n).padStart(3, '0')}`)
    const odd = keys.filter((_, n) => n % 2 === 1)
    await cron.scheduleMany(odd.toReversed().map((key) => ({ ...YEARLY, key, group: 'odd' })))
    for (const key of keys.slice(0, 20))
      if (!odd.includes(key)) await cron.schedule({ ...YEARLY, key, group: 'odder' })

    const rest = keys.filter((key, n) => odd.includes(key) || n < 20)
    expect((await collect(cron.describeAll())).map(({ key }) => key)).toEqual(rest)
    expect((await collect(cron.describeAll({ group: 'odd' }))).map(({ key }) => key)).toEqual(odd)
    expect(await collect(cron.describeAll({ group: 'od' }))).toEqual([])
  })

  it('yield more than two pages', async () => {
    const cron = await world.open()
    const keys = Array.from({ length: 1_000 }, (_, n) => `key-${n}`)
    await cron.scheduleMany(keys.map((key) => ({ ...YEARLY, key, group: 'g' })))
    for (const filter of [{}, { group: 'g' }])
      expect((await collect(cron.describeAll(filter))).map(({ key }) => key)).toEqual(keys.toSorted())
  })

  it('go on when schedules are deleted meanwhile', async () => {
    const cron = await world.open()
    await cron.scheduleMany(Array.from({ length: 450 }, (_, n) => ({ ...YEARLY, key: `k${n}` })))

    const seen: string[] = []
    for await (const { key } of cron.describeAll()) {
      seen.push(key)
      if (seen.length % 5 === 0) await cron.delete(key)
    }
    expect(new Set(seen).size).toBe(450)
    expect(seen).toHaveLength(450)
    expect(await collect(cron.describeAll())).toHaveLength(360)
  })

  it('gives a schedule without a key a fresh one, in the order of time', async () => {
    const cron = await world.open()
    const keys: string[] = []
    for (let n = 0; n < 5; n++) {
      keys.push((await cron.schedule({ cron: '0 * * * *', job: 'note' })).key)
      await world.clock.advance('5ms')
    }
    expect(new Set(keys).size).toBe(5)
    // Two of one millisecond are in no order.
    const times = keys.map((key) => key.slice(0, '00000000-0000'.length))
    expect(times.toSorted()).toEqual(times)
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/)
  })

  it('tell when a schedule runs next and what was scheduled last', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/15 * * * *', job: 'note' })
    expect(await cron.describe('a')).toMatchObject({
      nextRunAt: new Date(instant('10:15')),
      lastScheduledAt: undefined,
    })
    expect(await cron.lastScheduled('a')).toBeUndefined()

    world.clock.jumpTo(instant('10:12'))
    await cron.dispatch({ ahead: '20m' })
    expect(await cron.lastScheduled('a')).toEqual(new Date(instant('10:30')))
    expect(await cron.describe('a')).toMatchObject({
      nextRunAt: new Date(instant('10:15')),
      lastScheduledAt: new Date(instant('10:30')),
    })
  })
})

describe('preview()', () => {
  it('says what will run, of a schedule and of a recurrence', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/15 * * * *', job: 'note', endsAt: instant('10:40') })
    expect((await cron.preview('a', 5)).map(time)).toEqual(['10:15', '10:30'])
    expect((await cron.preview({ every: '90s' }, 3)).map(time)).toEqual(['10:01:30', '10:03', '10:04:30'])
    const [first] = await cron.preview({ cron: '0 9 * * *', timezone: 'Asia/Tokyo' }, 1)
    expect(first).toEqual(new Date('2026-06-02T00:00:00Z'))
  })
})

describe('scheduleInputOf', () => {
  const all = {
    group: 'g',
    payload: { user: 1 },
    catchUp: { within: '5m', policy: 'latest', max: 3 },
    startsAt: '2026-06-01T10:01:00Z',
    endsAt: '2026-07-01T00:00:00Z',
    maxRuns: 9,
    spread: '1m',
    jitter: '10s',
    retries: 3,
    backoff: { initial: '1s', factor: 3, max: '1m', jitter: 0.25 },
    pauseAfter: 3,
    expectWithin: '30m',
    overlap: 'queue-one',
    maxRunning: 2,
    mutex: 'disk',
    minimumBreak: '10s',
    timeout: '5s',
    whenFinished: 'remove',
    note: 'n',
  } as const

  it.each([
    [
      {
        cron: ['*/5 * * * *', '0 9 * * MON'],
        timezone: 'Europe/Berlin',
        dst: 'skip',
        except: ['2026-12-25'],
      },
    ],
    [{ cron: '*/5 * * * *', syntax: 'standard' }],
    [{ every: '90s', anchor: '2026-06-01T00:00:00Z' }],
    [{ at: '2026-06-02T00:00:00Z' }],
  ] as const)('stores the same again, of a schedule with %j', async (recurrence) => {
    const cron = await world.open()
    for (const policy of [all, {}, { ...all, active: false }]) {
      const stored = await cron.schedule({ key: 'a', job: 'note', ...recurrence, ...policy })
      const again = await cron.schedule(scheduleInputOf(stored))
      expect(again.revision).toBe(stored.revision)
    }
  })
})
