import { describe, expect, it } from 'vitest'
import { InvalidInputError, type Carillon } from '../../src/index.ts'
import { instant, ledger, until, useWorld } from './support.ts'

const world = useWorld()
const every5 = { key: 'a', cron: '*/5 * * * *', job: 'note' }
const at = (time: string) => new Date(instant(time))

describe('who and why', () => {
  it('is kept with a pause, and told', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    const paused = await cron.as('anna', 'moving the database').pause('a', { until: at('11:00') })
    expect(paused.pause).toEqual({
      by: 'anna',
      note: 'moving the database',
      since: at('10:00'),
      until: at('11:00'),
      with: undefined,
    })
    expect((await cron.as('bob', 'whatever').pause('a', { note: 'still at it' })).pause).toMatchObject({
      by: 'bob',
      note: 'still at it',
      until: undefined,
    })
    expect((await cron.resume('a')).pause).toBeUndefined()
  })

  it('goes along into namespaces', async () => {
    const cron = await world.open()
    const acme = cron.as('anna').namespace('acme')
    await acme.schedule(every5)
    expect((await acme.pause('a')).pause).toMatchObject({ by: 'anna', note: undefined })
    expect((await cron.namespace('acme').as('bob').pause('a', { note: 'x' })).pause).toMatchObject({
      by: 'bob',
    })
  })

  it('is refused when it cannot be kept', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    expect(() => cron.as('')).toThrow(InvalidInputError)
    expect(() => cron.as('a\u0000')).toThrow(InvalidInputError)
    expect(() => cron.as('anna', 'x'.repeat(4_001))).toThrow(/note is not a text of 1 to 4000/)
    await expect(cron.pause('a', { note: '' })).rejects.toThrow(InvalidInputError)
    await expect(cron.pause('a', { until: at('10:00') })).rejects.toThrow(/has passed already/)
    expect(await cron.describe('a')).toMatchObject({ state: 'active', revision: 1 })
  })
})

describe("an operator's pause", () => {
  it('outlasts deployments, whatever they change', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.as('anna').pause('a')
    const again = await cron.schedule(every5)
    expect(again).toMatchObject({ state: 'paused', revision: 2, pause: { by: 'anna' } })

    const changed = await cron.schedule({ ...every5, cron: '*/7 * * * *', payload: 1 })
    expect(changed).toMatchObject({ state: 'paused', cron: '*/7 * * * *', pause: { by: 'anna' } })
    await cron.scheduleMany([{ ...every5, cron: '*/8 * * * *' }])
    await cron.patch('a', { payload: 2 })
    expect(await cron.describe('a')).toMatchObject({ state: 'paused', payload: 2, pause: { by: 'anna' } })
    await cron.dispatch()
    expect((await ledger(cron, 'a')).filter((line) => line.includes('planned'))).toEqual([])
  })

  it.each([
    ['schedule()', (cron: Carillon) => cron.schedule({ ...every5, active: true })],
    ['patch()', (cron: Carillon) => cron.patch('a', { active: true })],
  ])('ends when %s says so', async (_, activate) => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.pause('a')
    expect(await activate(cron)).toMatchObject({ state: 'active', pause: undefined })
    expect((await ledger(cron, 'a')).filter((line) => line.includes('planned'))).toEqual([
      '10:05 planned',
      '10:10 planned',
    ])
  })

  it('leaves what its definition pauses paused when it ends by itself, and not when it is resumed', async () => {
    const cron = await world.open()
    await cron.schedule({ ...every5, active: false })
    expect(await cron.pause('a', { until: at('10:07') })).toMatchObject({ generation: 1, revision: 2 })
    world.clock.jumpTo(instant('10:08'))
    await cron.dispatch()
    expect(await cron.describe('a')).toMatchObject({ state: 'paused', pause: undefined })

    await cron.pause('a')
    expect(await cron.resume('a')).toMatchObject({ state: 'active' })
    await cron.pause('a')
    await cron.schedule({ ...every5, active: false })
    expect(await cron.schedule(every5)).toMatchObject({ state: 'paused' })
    expect(await cron.resume('a')).toMatchObject({ state: 'active' })
  })

  it('said again changes its end, and nothing when it is the same', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.pause('a', { until: at('11:00'), note: 'why' })
    expect(await cron.pause('a', { until: at('11:00') })).toMatchObject({ revision: 2, generation: 2 })
    const longer = await cron.pause('a', { until: at('12:00') })
    expect(longer).toMatchObject({ revision: 3, generation: 2, pause: { until: at('12:00') } })
    expect(await cron.pause('a')).toMatchObject({ revision: 4, pause: { until: undefined } })
    world.clock.jumpTo(instant('13:00'))
    await cron.dispatch()
    expect(await cron.describe('a')).toMatchObject({ state: 'paused', generation: 2 })
  })
})

describe('a pause until an instant', () => {
  it('ends by itself, and what falls due at that very instant runs', async () => {
    const cron = await world.open()
    await cron.start()
    await cron.schedule(every5)
    await cron.pause('a', { until: at('10:20') })
    await world.clock.advanceTo(instant('10:31'))
    expect(world.beginnings).toEqual(['10:20 a', '10:25 a', '10:30 a'])
    expect(await cron.describe('a')).toMatchObject({ state: 'active', generation: 3, pause: undefined })
  })

  it('that another process has made is ended too', async () => {
    const [cron, operator] = [await world.open(), await world.open()]
    await cron.start()
    await cron.schedule(every5)
    await operator.pause('a', { until: at('10:02') })
    // What the one writes the other sees in its own time, not in that of the clock.
    await until(() => world.clock.pending.includes(instant('10:02')))
    await world.clock.advanceTo(instant('10:06'))
    expect(world.beginnings).toEqual(['10:05 a'])
    expect(await cron.describe('a')).toMatchObject({ generation: 3, updatedAt: at('10:02') })
  })

  it('owes what fell due since, within the horizon, when dispatchers were away for a while', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.pause('a', { until: at('10:20') })
    world.clock.jumpTo(instant('10:30'))
    await cron.dispatch()
    expect((await ledger(cron, 'a')).slice(2)).toEqual([
      '10:20 planned catch-up',
      '10:25 planned catch-up',
      '10:30 planned catch-up',
      '10:35 planned',
      '10:40 planned',
    ])
  })

  it('leaves it to the catch-up policy when they were away for long, and tells what is dropped', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.schedule({ ...every5, key: 'b', catchUp: { within: '1h', policy: 'latest' } })
    for (const key of ['a', 'b']) await cron.pause(key, { until: at('10:20') })
    world.clock.jumpTo(instant('10:41'))
    await cron.dispatch()
    expect((await ledger(cron, 'a')).slice(2)).toEqual([
      '10:20..10:30 missed 3',
      '10:35 planned catch-up',
      '10:40 planned catch-up',
      '10:45 planned',
      '10:50 planned',
    ])
    expect((await ledger(cron, 'b')).slice(2, 4)).toEqual(['10:20..10:35 missed 4', '10:40 planned catch-up'])
  })

  it('is over for whoever changes the schedule before a dispatcher has passed', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.pause('a', { until: at('10:20') })
    world.clock.jumpTo(instant('10:26'))
    expect(await cron.patch('a', { payload: 1 })).toMatchObject({
      state: 'active',
      generation: 3,
      revision: 4,
    })
    expect((await ledger(cron, 'a')).slice(2, 4)).toEqual([
      '10:20 planned catch-up',
      '10:25 planned catch-up',
    ])

    await cron.pause('a', { until: at('10:28') })
    world.clock.jumpTo(instant('10:31'))
    expect(await cron.schedule({ ...every5, active: false })).toMatchObject({
      state: 'paused',
      pause: undefined,
    })
    expect((await ledger(cron, 'a')).filter((line) => line.startsWith('10:30'))).toEqual([
      '10:30 paused',
      '10:30 paused catch-up',
    ])
  })

  it('is explained, before and after', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.as('anna', 'a test').pause('a', { until: at('10:20') })
    const told = async (time: string) => {
      const { verdict, code, text } = await cron.explain('a', at(time))
      return `${verdict}, ${code}: ${text}`
    }
    expect(await told('10:15')).toMatch(
      /^will-not-run, paused: .*until .*10:20:00 \+00:00, by anna \(a test\)\.$/,
    )
    expect(await told('10:20')).toMatch(/^will-run, to-be-planned: .*paused until .*10:20:00/)
    expect(await told('10:21')).toMatch(/^will-not-run, not-due/)

    world.clock.jumpTo(instant('10:45'))
    expect(await told('10:20')).toMatch(/^did-not-run, not-dispatched: .*records it as missed/)
    expect(await told('10:40')).toMatch(/^will-run, not-dispatched: .*makes up for it/)
    await cron.dispatch()
    expect(await told('10:15')).toMatch(/^did-not-run, paused/)
    expect(await told('10:20')).toMatch(/^did-not-run, missed/)
    expect(await told('10:40')).toMatch(/^will-run, waiting/)
  })

  it('of many is ended in batches, and by several dispatchers at once', async () => {
    const crons = [await world.open(), await world.open()]
    const [cron] = crons
    const keys = Array.from({ length: 1_200 }, (_, n) => `key-${n}`)
    await cron!.scheduleMany(keys.map((key) => ({ key, cron: '20 10 * * *', job: 'note' })))
    await cron!.pauseAll({ until: at('10:20') })
    world.clock.jumpTo(instant('10:20') + 3)
    await Promise.all(crons.map((one) => one.dispatch()))
    const rows = await world.sql(
      `select state, count(*) as total from carillon_occurrences where origin = 'catch-up' group by state`,
    )
    expect(rows.map((row) => ({ ...row }))).toEqual([{ state: 'planned', total: 1_200 }])
  })

  it('that the definition cannot follow leaves it broken, and serves the others', async () => {
    const cron = await world.open()
    for (const key of ['a', 'b']) {
      await cron.schedule({ ...every5, key })
      await cron.pause(key, { until: at('10:20') })
    }
    await world.tamper('a', ({ terms }) => ({ definition: '{', terms: terms.replace('*/5', '*/x') }))
    world.clock.jumpTo(instant('10:21'))
    await cron.dispatch()
    expect(await cron.describe('a')).toMatchObject({ state: 'broken' })
    expect(await cron.describe('b')).toMatchObject({ state: 'active' })
  })
})
