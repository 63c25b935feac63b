import { describe, expect, it } from 'vitest'
import { ScheduleConflictError, ScheduleNotFoundError, UnknownJobError } from '../../src/index.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()

describe('schedule() with a key that exists', () => {
  it('takes everything that is left out back to its default', async () => {
    const cron = await world.open()
    const fresh = await cron.schedule({ key: 'fresh', cron: '0 * * * *', job: 'note' })
    await cron.schedule({
      key: 'a',
      cron: '*/5 * * * *',
      timezone: 'Europe/Berlin',
      dst: 'skip',
      job: 'note',
      payload: 1,
      group: 'g',
      catchUp: '5m',
      startsAt: instant('10:01'),
      endsAt: instant('22:00'),
      maxRuns: 9,
      spread: '1m',
      retries: 3,
      backoff: { initial: '1s' },
      timeout: '5s',
      note: 'n',
    })
    const replaced = await cron.schedule({ key: 'a', cron: '0 * * * *', job: 'note' })

    const ownPlace = { key: 'a', generation: 2, revision: 2 }
    expect(replaced).toEqual({ ...fresh, ...ownPlace, lastScheduledAt: replaced.lastScheduledAt })
  })

  it('activates one that its definition paused, unless it does so again', async () => {
    const cron = await world.open()
    const every = { key: 'a', cron: '*/5 * * * *', job: 'note' }
    await cron.schedule({ ...every, active: false })
    expect(await cron.schedule({ ...every, active: false })).toMatchObject({ state: 'paused', revision: 1 })
    expect(await cron.schedule(every)).toMatchObject({ state: 'active', revision: 2 })
    expect(await ledger(cron, 'a')).toEqual(['10:05 planned', '10:10 planned'])
  })

  it('changes nothing when it says the same', async () => {
    const cron = await world.open()
    const options = { key: 'a', cron: '*/5 * * * *', job: 'note', payload: { b: 1, a: [2] }, catchUp: '5m' }
    await cron.schedule(options)
    world.clock.jumpTo(instant('10:02'))
    const before = await world.dump()

    const same = await cron.schedule({ ...options, catchUp: 300_000 })
    expect(same).toMatchObject({ generation: 1, revision: 1 })
    expect(await world.dump()).toEqual(before)
  })

  it('changes nothing when it says the same with the payload in another order', async () => {
    const cron = await world.open()
    const options = { key: 'a', cron: '*/5 * * * *', job: 'note' }
    await cron.schedule({ ...options, payload: { b: 1, a: [2] } })
    expect(await cron.schedule({ ...options, payload: { a: [2], b: 1 } })).toMatchObject({ revision: 1 })
  })
})

describe('patch()', () => {
  it('changes what it names, and null takes a part back to its default', async () => {
    const cron = await world.open()
    await cron.schedule({
      key: 'a',
      cron: '0 * * * *',
      job: 'note',
      payload: 1,
      retries: 3,
      group: 'g',
      timeout: '5s',
    })

    expect(await cron.patch('a', { retries: 5, timeout: null })).toMatchObject({
      retries: 5,
      timeoutMs: undefined,
    })
    expect(await cron.patch('a', { group: null })).toMatchObject({ group: undefined, retries: 5, payload: 1 })
    expect(await cron.describe('a')).toMatchObject({
      cron: '0 * * * *',
      job: 'note',
      group: undefined,
      retries: 5,
    })
  })

  it('insists on a revision when told so, and then changes nothing', async () => {
    const cron = await world.open()
    const { revision } = await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.patch('a', { note: 'first' }, { revision })
    const before = await world.dump()

    const late = cron.patch('a', { cron: '1 * * * *' }, { revision })
    await expect(late).rejects.toBeInstanceOf(ScheduleConflictError)
    await expect(late).rejects.toMatchObject({ key: 'a', message: expect.stringContaining('2') as string })
    expect(await world.dump()).toEqual(before)
  })

  it('lets one of two win that both saw the same revision', async () => {
    const [one, two] = [await world.open(), await world.open()]
    const { revision } = await one.schedule({ key: 'a', cron: '0 * * * *', job: 'note' })

    const both = [one.patch('a', { note: '1' }, { revision }), two.patch('a', { note: '2' }, { revision })]
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it('of a paused schedule leaves it paused', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'note' })
    await cron.pause('a')

    expect(await cron.patch('a', { cron: '*/2 * * * *' })).toMatchObject({
      state: 'paused',
      nextRunAt: undefined,
    })
    await cron.dispatch()
    expect((await ledger(cron, 'a')).filter((line) => line.includes('planned'))).toEqual([])
  })

  it('of a key that does not exist is refused', async () => {
    const cron = await world.open()
    await expect(cron.patch('nowhere', { retries: 1 })).rejects.toBeInstanceOf(ScheduleNotFoundError)
  })

  it('needs to know the job only to change it or its payload', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', every: '5m', job: 'note', payload: 1 })
    const elsewhere = await world.open({ jobs: [] })

    expect(await elsewhere.patch('a', { every: '2m' })).toMatchObject({ everyMs: 120_000, payload: 1 })
    await expect(elsewhere.patch('a', { payload: 2 })).rejects.toThrow(UnknownJobError)
  })
})
