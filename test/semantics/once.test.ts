import { describe, expect, it } from 'vitest'
import { OneRequest } from '../../src/catalog/requests/one-request.ts'
import { Catalog } from '../../src/catalog/catalog.ts'
import { Store, type Transactions } from '../../src/store/store.ts'
import { JobRegistry } from '../../src/task/job-registry.ts'
import { AlreadyDoneError, InvalidInputError, ScheduleConflictError } from '../../src/index.ts'
import { instant, ledger, useWorld } from './support.ts'

const world = useWorld()
const NEVER = { cron: '0 0 1 1 *', job: 'note' }

describe('once()', () => {
  it('makes a change under a name one time', async () => {
    const cron = await world.open()
    await cron.schedule({ ...NEVER, key: 'a' })
    await cron.once('invoice 1').trigger('a')
    await world.clock.advance('1m')
    const again = cron.once('invoice 1').trigger('a')
    await expect(again).rejects.toThrow(AlreadyDoneError)
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_DONE', at: new Date(instant('10:00')) })
    await cron.once('invoice 2').trigger('a')
    expect(await ledger(cron, 'a')).toEqual(['10:00 planned manual', '10:01 planned manual'])
  })

  it('knows a name again in another process, and not in another namespace', async () => {
    const [one, other] = [await world.open(), await world.open()]
    await one.once('n').schedule({ ...NEVER, key: 'a' })
    await expect(other.once('n').schedule({ ...NEVER, key: 'b' })).rejects.toThrow(AlreadyDoneError)
    await other
      .namespace('acme')
      .once('n')
      .schedule({ ...NEVER, key: 'b' })
    expect(await other.describe('b')).toBeUndefined()
    expect(await other.namespace('acme').describe('b')).toMatchObject({ key: 'b' })
  })

  it('leaves the name free when the change fails', async () => {
    const cron = await world.open()
    await cron.schedule({ ...NEVER, key: 'a' })
    const past = cron.once('n').pause('a', { until: instant('09:00') })
    await expect(past).rejects.toThrow(InvalidInputError)
    await cron.once('n').pause('a')
    expect(await cron.describe('a')).toMatchObject({ state: 'paused' })
  })

  it('lets one of many that come at the same time make it, in two processes', async () => {
    const crons = [await world.open(), await world.open()]
    await crons[0]!.schedule({ ...NEVER, key: 'a' })
    const tries = Array.from({ length: 10 }, (_, i) => crons[i % 2]!.once('n').trigger('a'))
    const done = await Promise.allSettled(tries)
    const failed = done.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown)
    expect(failed).toHaveLength(9)
    for (const error of failed) expect(error).toBeInstanceOf(AlreadyDoneError)
    expect(await ledger(crons[0]!, 'a')).toHaveLength(1)
  })

  it('covers all of a change that takes several transactions', async () => {
    const cron = await world.open()
    const many = Array.from({ length: 1_100 }, (_, i) => ({ ...NEVER, key: `k${i}` }))
    expect(await cron.once('n').scheduleMany(many)).toMatchObject({ created: 1_100 })
    await expect(cron.once('n').scheduleMany(many)).rejects.toThrow(AlreadyDoneError)
  })

  it('goes with a limited reach, and a name of who changes', async () => {
    const cron = await world.open()
    const own = () =>
      cron
        .as('ann')
        .only({ groups: ['x'] })
        .once('n')
    await own().schedule({ ...NEVER, key: 'a' })
    await expect(own().schedule({ ...NEVER, key: 'b' })).rejects.toThrow(AlreadyDoneError)
    expect(await cron.describe('a')).toMatchObject({ group: 'x' })
  })

  it('is forgotten after a day', async () => {
    const cron = await world.open()
    await cron.schedule({ ...NEVER, key: 'a' })
    await cron.once('n').trigger('a')
    await cron.start()
    await world.clock.advance('23h')
    await expect(cron.once('n').trigger('a')).rejects.toThrow(AlreadyDoneError)
    await world.clock.advance('2h')
    await cron.once('n').trigger('a')
  })

  it('takes its own claim for its own when a transaction is tried once more', async () => {
    await world.open()
    await using store = await Store.open(world.database.address, world.clock)
    // The answer to the first commit is lost, so what was to be done is done again.
    const forgetful: Transactions = {
      takesWritesSideBySide: store.takesWritesSideBySide,
      now: () => store.now(),
      read: (work) => store.read(work),
      announce: () => store.announce(),
      reaching: (reach) => store.reaching(reach),
      transaction: async (work) => {
        await store.transaction(work)
        return store.transaction(work)
      },
    }
    const parts = { jobs: new JobRegistry([world.note]), aheadMs: 600_000, queues: ['default'] }
    const catalog = (from: Transactions) => new Catalog({ ...parts, store: from } as never, 'default')
    await catalog(store).schedule({ ...NEVER, key: 'a' })
    const request = new OneRequest(['n'])
    expect(await catalog(forgetful).once(request).delete('a')).toBe(true)
    await expect(
      catalog(forgetful)
        .once(new OneRequest(['n']))
        .delete('a'),
    ).rejects.toThrow(AlreadyDoneError)
  })
})

describe('a revision that is expected', () => {
  it('is the only one that is replaced or deleted', async () => {
    const cron = await world.open()
    const { revision } = await cron.schedule({ ...NEVER, key: 'a' })
    const changed = await cron.schedule({ ...NEVER, key: 'a', note: 'x' }, { revision })
    await expect(cron.schedule({ ...NEVER, key: 'a', note: 'y' }, { revision })).rejects.toThrow(
      ScheduleConflictError,
    )
    await expect(cron.delete('a', { revision })).rejects.toThrow('is at revision 2, not 1')
    expect(await cron.describe('a')).toMatchObject({ note: 'x', revision: 2 })
    expect(await cron.delete('a', { revision: changed.revision })).toBe(true)
    await expect(cron.schedule({ ...NEVER, key: 'a' }, { revision: 2 })).rejects.toThrow('is not there')
  })

  it('of 0 means that the key is free: one of many creates it', async () => {
    const crons = [await world.open(), await world.open()]
    const tries = Array.from({ length: 10 }, (_, i) =>
      crons[i % 2]!.schedule({ ...NEVER, key: 'a', note: `${i}` }, { revision: 0 }),
    )
    const done = await Promise.allSettled(tries)
    const winner = done.findIndex(({ status }) => status === 'fulfilled')
    const failed = done.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown)
    expect(failed).toHaveLength(9)
    for (const error of failed) expect(error).toMatchObject({ message: 'the key "a" is taken' })
    expect(await crons[0]!.describe('a')).toMatchObject({ note: `${winner}`, revision: 1 })
  })
})
