import { describe, expect, it } from 'vitest'
import type {
  Carillon,
  Forecast,
  ForecastOptions,
  ForecastProgress,
  ScheduleOptions,
} from '../../src/index.ts'
import { instant, time, useWorld } from './support.ts'

const world = useWorld()

const HOURLY = { cron: '0 * * * *', job: 'note' }

/** The buckets in which something falls due, as `10:05 3`. */
function full({ buckets }: Pick<Forecast, 'buckets'>): string[] {
  return buckets.filter(({ count }) => count > 0).map(({ at, count }) => `${time(at)} ${count}`)
}

async function stored(...schedules: ScheduleOptions[]): Promise<Carillon> {
  const cron = await world.open({ jobs: [world.note, world.job('mail', () => {})] })
  await cron.scheduleMany(schedules)
  return cron
}

describe('forecast()', () => {
  it('counts what falls due, minute by minute, an hour ahead', async () => {
    const cron = await stored(
      { ...HOURLY, key: 'a', cron: '*/20 * * * *' },
      { ...HOURLY, key: 'b', cron: '20 * * * *', job: 'mail', group: 'letters' },
      { ...HOURLY, key: 'c', every: '30m', cron: undefined, anchor: instant('10:10:30') },
      { ...HOURLY, key: 'd', at: instant('10:40'), cron: undefined },
      { ...HOURLY, key: 'paused', active: false },
    )
    const forecast = await cron.forecast()

    expect(full(forecast)).toEqual(['10:10 1', '10:20 2', '10:40 3'])
    expect(forecast).toMatchObject({
      from: new Date(instant('10:00')),
      until: new Date(instant('11:00')),
      bucketMs: 60_000,
      schedules: 4,
      unreadable: 0,
      total: 6,
      byJob: [
        { name: 'note', count: 5 },
        { name: 'mail', count: 1 },
      ],
      byNamespace: [{ name: 'default', count: 6 }],
      byQueue: [{ name: 'default', count: 6 }],
    })
    expect(forecast.buckets).toHaveLength(60)
    expect(forecast.fullest.map(({ at, count }) => `${time(at)} ${count}`)).toEqual([
      '10:40 3',
      '10:20 2',
      '10:10 1',
    ])
    expect(forecast.fullest[1]!.filledBy).toEqual([
      { namespace: 'default', group: 'letters', job: 'mail', count: 1 },
      { namespace: 'default', group: undefined, job: 'note', count: 1 },
    ])
    expect(JSON.parse(JSON.stringify(forecast))).toMatchObject({
      total: 6,
      fullest: [{ at: '2026-06-01T10:40:00.000Z', count: 3 }, {}, {}],
    })
  })

  it('counts what is planned already as it counts the rest, however far it is planned', async () => {
    const cron = await stored(
      { ...HOURLY, key: 'a', cron: '* * * * *' },
      { ...HOURLY, key: 'limited', cron: '*/5 * * * *', maxRuns: 4 },
      { ...HOURLY, key: 'ending', every: '10m', cron: undefined, endsAt: instant('10:30') },
      { ...HOURLY, key: 'once', at: instant('10:07'), cron: undefined },
      { ...HOURLY, key: 'spread', cron: '*/15 * * * *', spread: '15m' },
    )
    const options = { from: instant('10:00'), until: instant('11:00') }
    const before = await cron.forecast(options)
    await cron.dispatch({ ahead: '12m' })
    expect(await cron.forecast(options)).toEqual(before)
    await cron.dispatch({ ahead: '2h' })
    expect(await cron.forecast(options)).toEqual(before)
    // What is due at 10:00 itself was so before it was stored; the spread of `spread` is somewhere in each quarter.
    expect(before.total).toBe(59 + 4 + 3 + 1 + 3)
    await cron.trigger('a')
    expect((await cron.forecast(options)).total).toBe(before.total)
  })

  it('is what then runs', async () => {
    const cron = await stored(
      { ...HOURLY, key: 'a', cron: '*/7 * * * *', spread: '5m' },
      { ...HOURLY, key: 'b', cron: '*/20 * * * * *' },
      { ...HOURLY, key: 'c', every: '45s', cron: undefined, maxRuns: 12 },
    )
    const { buckets, total } = await cron.forecast({ until: instant('10:20') })
    await cron.start()
    await world.clock.advance('20m')
    const ran = new Map<string, number>()
    for (const { at } of world.begun.filter(({ at: when }) => when < '10:20'))
      ran.set(at.slice(0, 5), (ran.get(at.slice(0, 5)) ?? 0) + 1)
    expect(buckets.map(({ at, count }) => [time(at), count])).toEqual(
      buckets.map(({ at }) => [time(at), ran.get(time(at)) ?? 0]),
    )
    expect(total).toBeGreaterThan(70)
  })

  it('looks at all namespaces from the root, and at one from a handle to it', async () => {
    const cron = await stored({ ...HOURLY, key: 'a' }, { ...HOURLY, key: 'b' })
    await cron.namespace('blue').schedule({ ...HOURLY, key: 'a', group: 'g' })
    const options: ForecastOptions = { until: instant('12:00'), bucket: '1h' }

    const all = await cron.forecast(options)
    expect(full(all)).toEqual(['11:00 3'])
    expect(all.byNamespace).toEqual([
      { name: 'default', count: 2 },
      { name: 'blue', count: 1 },
    ])
    expect(all.fullest[0]!.filledBy.map(({ namespace, group }) => [namespace, group])).toEqual([
      ['default', undefined],
      ['blue', 'g'],
    ])
    const blue = await cron.namespace('blue').forecast(options)
    expect(blue).toMatchObject({ schedules: 1, total: 1, byNamespace: [{ name: 'blue', count: 1 }] })
    expect((await cron.namespace('default').forecast(options)).total).toBe(2)
    expect((await cron.namespace('empty').forecast(options)).fullest).toEqual([])
  })

  it('goes by the definition that is in force', async () => {
    const cron = await stored({ ...HOURLY, key: 'a', cron: '*/10 * * * *' })
    const options = { from: instant('10:00'), until: instant('11:00') }
    await world.clock.advance('25m')
    await cron.patch('a', { cron: '5/10 * * * *' })
    expect(full(await cron.forecast(options))).toEqual(['10:35 1', '10:45 1', '10:55 1'])
    await cron.pause('a')
    expect((await cron.forecast(options)).schedules).toBe(0)
    await cron.resume('a')
    expect((await cron.forecast(options)).total).toBe(3)
    await cron.delete('a')
    expect((await cron.forecast(options)).schedules).toBe(0)
  })

  it('reads schedules in pages, tells how far it is, and can be ended', async () => {
    const many = (keys: number): ScheduleOptions[] =>
      Array.from({ length: keys }, (_, i) => ({ key: `key-${i}`, job: 'note', cron: 'H H/2 * * *' }))
    const cron = await stored(...many(2_500))
    const told: ForecastProgress[] = []
    const options = { until: instant('14:00'), bucket: '1h', onProgress: told.push.bind(told) }
    const forecast = await cron.forecast(options)
    expect(forecast).toMatchObject({ schedules: 2_500, unreadable: 0 })
    expect(forecast.total).toBeGreaterThan(4_500)
    expect((await cron.namespace('default').forecast({ ...options, onProgress: undefined })).buckets).toEqual(
      forecast.buckets,
    )
    expect(told.map(({ step, schedules }) => `${step} ${schedules}`)).toEqual(
      ['count', 'attribute'].flatMap((step) => [`${step} 1000`, `${step} 2000`, `${step} 2500`]),
    )

    const ended = new AbortController()
    const ending = cron.forecast({
      ...options,
      signal: ended.signal,
      onProgress: () => ended.abort(new Error('enough')),
    })
    await expect(ending).rejects.toThrow('enough')
  })

  it('counts out what cannot be read', async () => {
    const cron = await stored({ ...HOURLY, key: 'a' }, { ...HOURLY, key: 'b' }, { ...HOURLY, key: 'c' })
    await world.tamper('a', (as) => ({ ...as, terms: as.terms.replace('0 * * * *', 'none') }))
    await world.tamper('b', (as) => ({ ...as, terms: '{}' }))
    expect(await cron.forecast({ until: instant('12:00') })).toMatchObject({
      schedules: 3,
      unreadable: 2,
      total: 1,
    })
  })

  it('counts each second of a year at once', async () => {
    const cron = await stored({ ...HOURLY, key: 'a', every: '1s', cron: undefined })
    const year = { from: '2027-01-01T00:00:00Z', until: '2028-01-01T00:00:00Z', bucket: '1d' }
    const { total, buckets } = await cron.forecast(year)
    expect({ total, days: buckets.length }).toEqual({ total: 365 * 86_400, days: 365 })
  })

  it.each<[ForecastOptions, string, string]>([
    [{ until: instant('09:00') }, 'until', 'must be later than from'],
    [{ bucket: '10ms' }, 'bucket', 'the shortest is 1s'],
    [{ bucket: '1s', until: '2026-06-02T10:00:00Z' }, 'bucket', 'give a bucket of 10s or longer'],
    [{ from: 'today' }, 'from', 'is not an instant'],
    [{ top: 1.5 }, 'top', 'is not a whole number from 0 to 100'],
  ])('refuses %j', async (options, path, message) => {
    const cron = await world.open()
    await expect(cron.forecast(options)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      path,
      message: expect.stringContaining(message) as string,
    })
  })
})
