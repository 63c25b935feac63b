import { describe, expect, it } from 'vitest'
import { ScheduleConflictError, type Carillon, type Catalog } from '../../src/index.ts'
import { collect, instant, ledger, useWorld } from './support.ts'

const world = useWorld()
const at = (time: string) => new Date(instant(time))
const every5 = { cron: '*/5 * * * *', job: 'note' }

/** Two schedules of group `x`, one of `y`, one of none, and one of group `x` in another namespace. */
async function populated(): Promise<{ cron: Carillon; acme: Catalog }> {
  const cron = await world.open()
  const acme = cron.namespace('acme')
  await cron.scheduleMany([
    { ...every5, key: 'x1', group: 'x' },
    { ...every5, key: 'x2', group: 'x' },
    { ...every5, key: 'y', group: 'y' },
    { ...every5, key: 'none' },
  ])
  await acme.schedule({ ...every5, key: 'x1', group: 'x' })
  return { cron, acme }
}

async function paused(...catalogs: Catalog[]): Promise<string[]> {
  const all = []
  for (const catalog of catalogs) {
    const found = await collect(catalog.describeAll({ states: ['paused'] }))
    all.push(...found.map(({ namespace, key }) => `${namespace}/${key}`))
  }
  return all
}

describe('pauseAll()', () => {
  const WHICH: [{ everywhere?: boolean; group?: string }, string[]][] = [
    [{ group: 'x' }, ['default/x1', 'default/x2']],
    [{}, ['default/none', 'default/x1', 'default/x2', 'default/y']],
    [{ everywhere: true, group: 'x' }, ['default/x1', 'default/x2', 'acme/x1']],
    [{ everywhere: true }, ['default/none', 'default/x1', 'default/x2', 'default/y', 'acme/x1']],
    [{ group: 'nobody' }, []],
  ]
  it.each(WHICH)('with %j pauses those, and resumeAll ends it', async (which, keys) => {
    const { cron, acme } = await populated()
    expect(await cron.pauseAll({ ...which, dryRun: true })).toEqual({ schedules: keys.length })
    expect(await paused(cron, acme)).toEqual([])
    const seen: number[] = []
    const options = {
      ...which,
      note: 'why',
      onProgress: ({ schedules }: { schedules: number }) => seen.push(schedules),
    }
    expect(await cron.as('anna').pauseAll(options)).toEqual({ schedules: keys.length })
    expect(seen).toEqual(keys.length === 0 ? [] : [keys.length])
    expect(await paused(cron, acme)).toEqual(keys)
    expect(await cron.pauses({ everywhere: true })).toEqual([
      {
        namespace: which.everywhere === true ? undefined : 'default',
        group: which.group,
        by: 'anna',
        note: 'why',
        since: at('10:00'),
        until: undefined,
        state: 'paused',
      },
    ])

    expect(await cron.resumeAll({ ...which, dryRun: true })).toEqual({ schedules: keys.length })
    expect(await cron.resumeAll(which)).toEqual({ schedules: keys.length })
    expect(await paused(cron, acme)).toEqual([])
    expect(await cron.pauses({ everywhere: true })).toEqual([])
    expect(await cron.resumeAll(which)).toEqual({ schedules: 0 })
  })

  it('withdraws what has not begun, and tells by whom each is paused', async () => {
    const { cron } = await populated()
    await cron.as('anna', 'an incident').pauseAll({ group: 'x', until: at('12:00') })
    expect(await ledger(cron, 'x1')).toEqual(['10:05 paused', '10:10 paused'])
    expect((await cron.describe('x1'))?.pause).toEqual({
      by: 'anna',
      note: 'an incident',
      since: at('10:00'),
      until: at('12:00'),
      with: { namespace: 'default', group: 'x' },
    })
    expect((await cron.explain('x1', at('10:05'))).code).toBe('paused')
  })

  it('answers for what it kept from running, when it is asked', async () => {
    const { cron } = await populated()
    await cron.pauseAll({ group: 'x' })
    world.clock.jumpTo(instant('10:21'))
    await cron.resumeAll({ group: 'x', missed: 'latest' })
    const lines = (await ledger(cron, 'x2')).filter((line) => line.includes('planned'))
    expect(lines).toEqual(['10:20 planned catch-up', '10:25 planned', '10:30 planned'])
    await expect(cron.resumeAll({ missed: 'lastest' as 'latest' })).rejects.toThrow(/did you mean "latest"/)
  })

  it('leaves alone what is paused already, and so does its end', async () => {
    const { cron } = await populated()
    await cron.as('bob').pause('x1')
    await cron.schedule({ ...every5, key: 'x2', group: 'x', active: false })
    expect(await cron.pauseAll()).toEqual({ schedules: 2 })
    await cron.resumeAll()
    expect(await paused(cron)).toEqual(['default/x1', 'default/x2'])
    expect((await cron.describe('x1'))?.pause).toMatchObject({ by: 'bob' })
  })

  it('takes in what comes under it later', async () => {
    const { cron, acme } = await populated()
    await cron.pauseAll({ group: 'x', until: at('12:00') })
    const created = await cron.schedule({ ...every5, key: 'new', group: 'x' })
    expect(created).toMatchObject({ state: 'paused', pause: { with: { group: 'x' }, until: at('12:00') } })
    await cron.scheduleMany([
      { ...every5, key: 'new2', group: 'x' },
      { ...every5, key: 'free' },
    ])
    expect(await cron.patch('y', { group: 'x' })).toMatchObject({ state: 'paused' })
    await cron.schedule({ ...every5, key: 'off', group: 'x', active: false })
    expect(await cron.schedule({ ...every5, key: 'off', group: 'x' })).toMatchObject({ state: 'paused' })
    expect(await cron.schedule({ ...every5, key: 'x1', group: 'x', active: true })).toMatchObject({
      state: 'paused',
    })
    expect(await acme.schedule({ ...every5, key: 'free', group: 'x' })).toMatchObject({ state: 'active' })

    const all = ['new', 'new2', 'off', 'x1', 'x2', 'y'].map((key) => `default/${key}`)
    expect(await paused(cron)).toEqual(all)
    expect(await cron.resumeAll({ group: 'x' })).toEqual({ schedules: all.length })
    expect(await paused(cron)).toEqual([])
  })

  it('lets go of what leaves it', async () => {
    const { cron } = await populated()
    await cron.pauseAll({ group: 'x' })
    expect(await cron.patch('x1', { group: 'y' })).toMatchObject({ state: 'active', pause: undefined })
    await cron.pauseAll({ group: 'y' })
    expect(await cron.patch('x2', { group: 'y' })).toMatchObject({
      state: 'paused',
      pause: { with: { group: 'y' } },
    })
    expect(await cron.resumeAll({ group: 'x' })).toEqual({ schedules: 0 })
    expect(await cron.resumeAll({ group: 'y' })).toEqual({ schedules: 3 })
  })

  it('hands over what another one covers too', async () => {
    const { cron } = await populated()
    await cron.pauseAll({ group: 'x', until: at('10:20') })
    await cron.pauseAll({ until: at('10:40') })
    expect((await cron.describe('x1'))?.pause?.with?.group).toBe('x')
    world.clock.jumpTo(instant('10:21'))
    await cron.dispatch()
    expect((await cron.describe('x1'))?.pause).toMatchObject({
      until: at('10:40'),
      with: { group: undefined },
    })
    expect(await cron.pauses()).toHaveLength(1)

    await cron.pauseAll({ group: 'x' })
    expect(await cron.resumeAll({ dryRun: true })).toEqual({ schedules: 2 })
    await cron.resumeAll()
    expect(await paused(cron)).toEqual(['default/x1', 'default/x2'])
    await cron.resumeAll({ group: 'x' })
    expect(await paused(cron)).toEqual([])
  })

  it('keeps a schedule from being resumed alone', async () => {
    const { cron } = await populated()
    await cron.pause('x2')
    await cron.pauseAll({ group: 'x' })
    await expect(cron.resume('x1')).rejects.toThrow(ScheduleConflictError)
    await expect(cron.resume('x1')).rejects.toThrow(
      /paused with group "x" of namespace "default": end that pause/,
    )
    expect(await cron.resume('x2')).toMatchObject({ state: 'paused', pause: { with: { group: 'x' } } })
    expect(await cron.pause('x1')).toMatchObject({ pause: { with: undefined } })
    await cron.resumeAll({ group: 'x' })
    expect(await paused(cron)).toEqual(['default/x1'])
  })

  it('said again moves its end', async () => {
    const { cron } = await populated()
    await cron.pauseAll({ group: 'x', until: at('10:20') })
    expect(await cron.pauseAll({ group: 'x', until: at('10:20') })).toEqual({ schedules: 0 })
    expect(await cron.pauseAll({ group: 'x', until: at('10:40') })).toEqual({ schedules: 2 })
    world.clock.jumpTo(instant('10:30'))
    await cron.dispatch()
    expect(await paused(cron)).toEqual(['default/x1', 'default/x2'])
    world.clock.jumpTo(instant('10:41'))
    await cron.dispatch()
    expect(await paused(cron)).toEqual([])
    expect(await cron.pauses()).toEqual([])
  })

  it('until an instant is ended by a dispatcher, on the dot', async () => {
    const { cron, acme } = await populated()
    await acme.delete('x1')
    await cron.start()
    await cron.pauseAll({ group: 'x', until: at('10:20') })
    await world.clock.advanceTo(instant('10:20') + 1)
    expect(world.beginnings.filter((line) => line.includes('x')).toSorted()).toEqual(['10:20 x1', '10:20 x2'])
  })

  it('of a thousand and more is done in steps, and whole', async () => {
    const cron = await world.open()
    const keys = Array.from({ length: 1_250 }, (_, n) => ({ ...every5, key: `key-${n}`, group: 'g' }))
    await cron.scheduleMany(keys)
    const seen: number[] = []
    const onProgress = ({ schedules }: { schedules: number }) => seen.push(schedules)
    expect(await cron.pauseAll({ group: 'g', onProgress })).toEqual({ schedules: 1_250 })
    expect(seen).toEqual([500, 1_000, 1_250])
    expect(await paused(cron)).toHaveLength(1_250)
    expect(await cron.resumeAll({ group: 'g', missed: 'all' })).toEqual({ schedules: 1_250 })
    expect(await paused(cron)).toEqual([])
    const [row] = await world.sql(
      `select count(*) as total from carillon_occurrences where state = 'planned'`,
    )
    expect(row).toMatchObject({ total: 2_500 })
  })
})

describe('a pause of many that was left half done', () => {
  /** As if whoever was at it had died after the row was written, a minute ago. */
  async function leftAt(state: string) {
    await world.sql(`update carillon_pauses set state = ?, look_at = ?`, state, instant('10:00') - 1)
  }

  it('is completed by a dispatcher', async () => {
    const { cron } = await populated()
    await cron.pauseAll({ group: 'nobody' })
    await leftAt('pausing')
    await world.sql(
      `update carillon_schedules set "group" = 'nobody' where "key" = 'x1' and namespace = 'default'`,
    )
    await cron.dispatch()
    expect(await paused(cron)).toEqual(['default/x1'])
    expect(await cron.pauses()).toMatchObject([{ state: 'paused' }])

    await leftAt('resuming')
    expect(await cron.pauses()).toMatchObject([{ state: 'resuming' }])
    expect(await cron.schedule({ ...every5, key: 'new', group: 'nobody' })).toMatchObject({ state: 'active' })
    await cron.dispatch()
    expect(await paused(cron)).toEqual([])
    expect(await cron.pauses()).toEqual([])
  })

  const CHANGES: [string, (cron: Carillon) => Promise<unknown>][] = [
    ['a patch', (cron) => cron.patch('x1', { payload: 1 })],
    ['storing it again', (cron) => cron.schedule({ ...every5, key: 'x1', group: 'x' })],
    ['a run by hand', (cron) => cron.trigger('x1')],
  ]
  it.each(CHANGES)('is ended as asked, for one that has %s before it', async (_, change) => {
    const { cron } = await populated()
    await cron.as('anna').pauseAll({ group: 'x' })
    world.clock.jumpTo(instant('10:11'))
    await world.sql(
      `update carillon_pauses set state = 'resuming', missed = 'all', look_at = ?`,
      instant('10:12'),
    )
    await change(cron)
    expect(await cron.describe('x1')).toMatchObject({ state: 'active', generation: 3 })
    const lines = (await ledger(cron, 'x1')).filter((line) => !line.includes('manual'))
    expect(lines).toEqual([
      '10:05 paused',
      '10:05 planned catch-up',
      '10:10 paused',
      '10:10 planned catch-up',
      '10:15 planned',
      '10:20 planned',
    ])
    expect(await paused(cron)).toEqual(['default/x2'])
  })

  it('is completed by saying it again', async () => {
    const { cron } = await populated()
    await cron.pauseAll({ group: 'nobody' })
    await leftAt('pausing')
    await world.sql(
      `update carillon_schedules set "group" = 'nobody' where "key" = 'x1' and namespace = 'default'`,
    )
    expect(await cron.pauseAll({ group: 'nobody' })).toEqual({ schedules: 1 })
    await leftAt('resuming')
    expect(await cron.resumeAll({ group: 'nobody' })).toEqual({ schedules: 1 })
    expect(await cron.pauses()).toEqual([])
  })
})
