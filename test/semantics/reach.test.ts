import { beforeEach, describe, expect, it } from 'vitest'
import {
  InvalidInputError,
  ScheduleConflictError,
  UnknownJobError,
  UnsupportedByDriverError,
  type Carillon,
  type Catalog,
} from '../../src/index.ts'
import { instant, useWorld } from './support.ts'

const world = useWorld()
const DAILY = { cron: '5 10 * * *' }

let cron: Carillon
let own: Catalog
/** What must be out of reach: of another group, of none, and of another job. */
const FOREIGN = ['other-group', 'no-group', 'other-job']

beforeEach(async () => {
  cron = await world.open({ jobs: [world.note, world.job('secret', () => {})] })
  await cron.schedule({ key: 'mine', ...DAILY, job: 'note', group: 'acme' })
  await cron.schedule({ key: 'other-group', ...DAILY, job: 'note', group: 'rival' })
  await cron.schedule({ key: 'no-group', ...DAILY, job: 'note' })
  await cron.schedule({ key: 'other-job', ...DAILY, job: 'secret', group: 'acme' })
  await cron.dispatch({ ahead: '10m' })
  own = cron.only({ groups: ['acme'], jobs: ['note'] }) // a handle of the door; no test is alone
})

async function keys(catalog: Catalog): Promise<string[]> {
  return (await Array.fromAsync(catalog.describeAll())).map(({ key }) => key)
}

/** What a call came to: its value, or its error with the key taken out. */
async function outcome(call: Promise<unknown>, key: string): Promise<unknown> {
  try {
    return { value: await call }
  } catch (error) {
    const { name, message } = error as Error
    return { name, message: message.replaceAll(key, 'KEY') }
  }
}

const CALLS: Record<string, (catalog: Catalog, key: string) => Promise<unknown>> = {
  describe: (c, key) => c.describe(key),
  patch: (c, key) => c.patch(key, { note: 'x' }),
  pause: (c, key) => c.pause(key),
  resume: (c, key) => c.resume(key),
  delete: (c, key) => c.delete(key),
  trigger: (c, key) => c.trigger(key),
  retry: (c, key) => c.retry(key),
  backfill: (c, key) => c.backfill(key, { from: instant('09:00'), until: instant('10:00') }),
  preview: (c, key) => c.preview(key),
  history: (c, key) => c.history(key, { until: instant('12:00') }),
  changes: (c, key) => c.changes(key),
  diff: (c, key) => c.diff(key, 1, 1),
  rollback: (c, key) => c.rollback(key, { revision: 1 }),
  explain: (c, key) => c.explain(key, instant('10:05')),
  lastScheduled: (c, key) => c.lastScheduled(key),
}

describe('a handle that reaches only some schedules', () => {
  it.each(Object.entries(CALLS))('does not tell a foreign key from a missing one: %s', async (_, call) => {
    const before = await world.dump()
    const missing = await outcome(call(own, 'missing'), 'missing')
    for (const key of FOREIGN) expect(await outcome(call(own, key), key)).toEqual(missing)
    expect(await world.dump()).toEqual(before)
  })

  it('lists, counts and forecasts its own alone', async () => {
    expect(await keys(own)).toEqual(['mine'])
    const { runs } = await own.runs({ until: instant('12:00') })
    expect(runs.map(({ key }) => key)).toEqual(['mine'])
    const forecast = await own.forecast({ until: instant('11:00') })
    expect(forecast.total).toBe(1)
    const all = await cron.runs({ until: instant('12:00') })
    for (const { id, key } of all.runs) expect((await own.run(id)) !== undefined).toBe(key === 'mine')
  })

  it('does to its own all that any handle does', async () => {
    expect(await own.describe('mine')).toMatchObject({ key: 'mine', group: 'acme' })
    await own.as('anna').patch('mine', { note: 'x' })
    await own.pause('mine')
    await own.resume('mine')
    await own.trigger('mine')
    expect((await own.changes('mine')).map(({ kind, by }) => [kind, by])).toContainEqual(['changed', 'anna'])
    expect(await own.delete('mine')).toBe(true)
    expect(await own.history('mine', { until: instant('12:00') })).not.toEqual([])
  })

  it('stores only what is within reach, in its one group when none is given', async () => {
    const stored = await own.schedule({ ...DAILY, job: 'note' })
    expect(stored.group).toBe('acme')
    expect(await own.patch(stored.key, { group: null })).toMatchObject({ group: 'acme' })
    await expect(own.schedule({ ...DAILY, job: 'note', group: 'rival' })).rejects.toThrow(InvalidInputError)
    await expect(own.patch('mine', { group: 'rival' })).rejects.toThrow(InvalidInputError)
    const wide = cron.only({ groups: ['acme', 'rival'] }) // the same
    await expect(wide.schedule({ ...DAILY, job: 'note' })).rejects.toThrow('one of "acme", "rival"')
  })

  it('does not tell a foreign job from a missing one, nor its name', async () => {
    for (const job of ['secret', 'secre', 'missing']) {
      const refused = own.schedule({ ...DAILY, job })
      await expect(refused).rejects.toThrow(UnknownJobError)
      await expect(refused).rejects.toThrow(`unknown job "${job}": known jobs: note`)
      await expect(own.patch('mine', { job })).rejects.toThrow(UnknownJobError)
    }
  })

  it('takes no mutex, by which it could hinder others', async () => {
    const mutex = { ...DAILY, job: 'note', overlap: 'replace', mutex: 'm' } as const
    await expect(own.schedule(mutex)).rejects.toThrow('mutex')
    await expect(cron.schedule(mutex)).resolves.toBeDefined()
  })

  it('says of a key that is taken only that', async () => {
    const taken = own.schedule({ key: 'no-group', ...DAILY, job: 'note' })
    await expect(taken).rejects.toThrow(ScheduleConflictError)
    await expect(taken).rejects.toThrow('the key "no-group" is taken')
    expect(await cron.describe('no-group')).toMatchObject({ revision: 1, group: undefined })
  })

  it('pauses many only where all of them are within reach', async () => {
    const group = cron.only({ groups: ['acme'] }) // the same
    await expect(own.pauseAll({ group: 'acme' })).rejects.toThrow(InvalidInputError)
    await expect(own.resumeAll({ group: 'acme' })).rejects.toThrow(InvalidInputError)
    await expect(group.pauseAll()).rejects.toThrow(InvalidInputError)
    await expect(group.pauseAll({ group: 'rival' })).rejects.toThrow(InvalidInputError)
    expect(await group.pauseAll({ group: 'acme' })).toEqual({ schedules: 2 })
    await cron.pauseAll({ group: 'rival', note: 'none of your business' })
    expect((await group.pauses()).map((pause) => pause.group)).toEqual(['acme'])
    expect(await group.resumeAll({ group: 'acme' })).toEqual({ schedules: 2 })
  })

  it('never reaches more than the handle that it was made of', async () => {
    expect(await keys(own.only({ groups: ['rival'] }))).toEqual([]) // the same
    expect(await keys(own.only({ jobs: ['secret', 'note'] }))).toEqual(['mine']) // the same
    expect(await keys(cron.only({ jobs: ['secret'] }))).toEqual(['other-job']) // the same
    expect(await keys(cron.only({}))).toHaveLength(4) // the same
    expect(await keys(cron.namespace('elsewhere').only({ groups: ['acme'] }))).toEqual([]) // the same
    expect(() => cron.only({ groups: [] })).toThrow(InvalidInputError) // the same
    expect(() => own.within({})).toThrow(UnsupportedByDriverError)
  })
})
