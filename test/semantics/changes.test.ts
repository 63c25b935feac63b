import { describe, expect, it } from 'vitest'
import {
  defineJob,
  InvalidInputError,
  ScheduleConflictError,
  ScheduleNotFoundError,
  UnknownJobError,
  type ScheduleChange,
} from '../../src/index.ts'
import { instant, ledger, time, useWorld } from './support.ts'

const world = useWorld()
const every5 = { key: 'a', cron: '*/5 * * * *', job: 'note' }

/** `3 changed by anna (why): cron` */
function line({ revision, kind, by, note, fields }: ScheduleChange): string {
  const who = (by === undefined ? '' : ` by ${by}`) + (note === undefined ? '' : ` (${note})`)
  const what = fields.map(
    ({ path, before, after }) => `${path} ${JSON.stringify(before)}>${JSON.stringify(after)}`,
  )
  return `${revision} ${kind}${who}: ${what.join(', ')}`
}

describe('changes()', () => {
  it('tells who did what to a schedule, newest first', async () => {
    const cron = await world.open()
    const anna = cron.as('anna', 'as agreed')
    await anna.schedule({ ...every5, payload: { user: 1 } })
    await cron.patch('a', { retries: 2, payload: { user: 2 } })
    await cron.patch('a', { retries: 2 })
    await anna.pause('a', { note: 'too many' })
    await cron.as('bob').schedule({ ...every5, payload: { user: 2 }, group: 'g', catchUp: '5m' })
    world.clock.jumpTo(instant('10:01'))
    await anna.resume('a')

    const changes = await cron.changes('a')
    expect(changes.map(line)).toEqual([
      '5 resumed by anna (as agreed): active false>true',
      '4 changed by bob: group undefined>"g", retries 2>0, catchUp.within 0>300000',
      '3 paused by anna (too many): active true>false',
      '2 changed: payload.user 1>2, retries 0>2',
      '1 created by anna (as agreed): ',
    ])
    expect(changes.map(({ at }) => time(at))).toEqual(['10:01', '10:00', '10:00', '10:00', '10:00'])
    expect((await cron.describe('a'))?.revision).toBe(5)
  })

  it('is read in pages, over the lives of a key', async () => {
    const cron = await world.open()
    for (const payload of [1, 2]) {
      await cron.schedule({ ...every5, payload })
      await cron.patch('a', { retries: payload })
      if (payload === 1) await cron.as('anna').delete('a')
    }
    const whole = await cron.changes('a')
    expect(whole.map(line)).toEqual([
      '2 changed: retries 0>2',
      '1 created: ',
      '3 deleted by anna: ',
      '2 changed: retries 0>1',
      '1 created: ',
    ])
    const pages: ScheduleChange[] = []
    for (;;) {
      const page = await cron.changes('a', { limit: 2, after: pages.at(-1)?.id })
      pages.push(...page)
      if (page.length < 2) break
    }
    expect(pages).toEqual(whole)
    await cron.delete('a')
    expect(await cron.changes('a', { limit: 1 })).toMatchObject([{ kind: 'deleted', revision: 3 }])
    await expect(cron.changes('nowhere')).rejects.toThrow(ScheduleNotFoundError)
    await expect(cron.changes('a', { after: 'x' })).rejects.toThrow(InvalidInputError)
    await expect(cron.namespace('acme').changes('a')).rejects.toThrow(ScheduleNotFoundError)
  })

  it('tells what was done to many, and what time has done', async () => {
    const cron = await world.open()
    await cron.as('anna').scheduleMany([every5, { ...every5, key: 'b' }])
    await cron.as('bob', 'incident').pauseAll({ until: new Date(instant('10:20')) })
    world.clock.jumpTo(instant('10:20'))
    await cron.dispatch()
    for (const key of ['a', 'b'])
      expect((await cron.changes(key)).map(line)).toEqual([
        '3 resumed: active false>true',
        '2 paused by bob (incident): active true>false',
        '1 created by anna: ',
      ])
  })

  it('is pruned with the schedule', async () => {
    const cron = await world.open({ keepHistory: '1h' })
    await cron.schedule(every5)
    await cron.patch('a', { retries: 1 })
    await cron.delete('a')
    await cron.start({ roles: ['dispatch'] })
    await world.clock.advance('2h')
    await expect(cron.changes('a')).rejects.toThrow(ScheduleNotFoundError)
    const [row] = await world.sql(`select count(*) as total from carillon_changes`)
    expect(row).toMatchObject({ total: 0 })
  })
})

describe('diff()', () => {
  it('compares any two revisions', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.patch('a', { cron: null, every: '1h', anchor: '2026-06-01T00:00:00Z' })
    await cron.pause('a')
    await cron.patch('a', { note: 'x' })
    expect((await cron.diff('a', 1, 4)).map(({ path }) => path).toSorted()).toEqual([
      'active',
      'anchor',
      'cron',
      'dst',
      'every',
      'except',
      'note',
      'syntax',
      'timezone',
    ])
    expect(await cron.diff('a', 4, 3)).toEqual([{ path: 'note', before: 'x', after: undefined }])
    expect(await cron.diff('a', 2, 2)).toEqual([])
    for (const revision of [0, 5, 1.5, NaN])
      await expect(cron.diff('a', revision, 4)).rejects.toThrow(/is not remembered: known is 1 to 4/)
  })
})

describe('rollback()', () => {
  it('stores an earlier definition as a new change, and opens a generation when the timing differs', async () => {
    const cron = await world.open()
    await cron.schedule({ ...every5, group: 'g', payload: 1 })
    await cron.patch('a', { cron: '*/7 * * * *', payload: 2, group: null })
    const before = await world.dump()
    const { fields, schedule } = await cron.rollback('a', { revision: 1, dryRun: true })
    expect(fields.map(({ path }) => path).toSorted()).toEqual(['cron', 'group', 'payload'])
    expect(schedule).toMatchObject({ revision: 2, payload: 2 })
    expect(await world.dump()).toEqual(before)

    const done = await cron.as('anna').rollback('a', { revision: 1, note: 'it was better' })
    expect(done.fields).toEqual(fields)
    expect(done.schedule).toMatchObject({
      revision: 3,
      generation: 3,
      cron: '*/5 * * * *',
      payload: 1,
      group: 'g',
    })
    expect((await ledger(cron, 'a')).filter((text) => text.includes('planned'))).toEqual([
      '10:05 planned',
      '10:10 planned',
    ])
    const [newest] = await cron.changes('a')
    expect(newest).toMatchObject({ kind: 'rolled-back', by: 'anna', note: 'it was better' })
    expect((await cron.rollback('a', { revision: 2 })).schedule).toMatchObject({ revision: 4, payload: 2 })
  })

  it('leaves a pause as it is, and the generation where the timing is the same', async () => {
    const cron = await world.open()
    await cron.schedule(every5)
    await cron.patch('a', { payload: 2 })
    await cron.as('anna').pause('a')
    const { schedule } = await cron.rollback('a', { revision: 1 })
    expect(schedule).toMatchObject({ state: 'paused', payload: null, generation: 2, pause: { by: 'anna' } })
    expect((await cron.rollback('a', { revision: 4 })).schedule.revision).toBe(4)
  })

  it('refuses what is not remembered, what is at another revision, and what cannot be stored any more', async () => {
    const other = defineJob('other', { handle: () => undefined })
    const [cron, later] = [await world.open({ jobs: [world.note, other] }), await world.open()]
    await cron.schedule({ ...every5, job: 'other' })
    await cron.schedule(every5)
    await expect(cron.rollback('a', { revision: 9 })).rejects.toThrow(
      'revision 9 of schedule "a" is not remembered: known is 1 to 2',
    )
    await expect(cron.rollback('a', { revision: 1 }, { revision: 1 })).rejects.toThrow(ScheduleConflictError)
    await expect(later.rollback('a', { revision: 1 })).rejects.toThrow(UnknownJobError)
    await expect(later.rollback('a', { revision: 1, dryRun: true })).rejects.toThrow(UnknownJobError)
    await expect(cron.rollback('b', { revision: 1 })).rejects.toThrow(ScheduleNotFoundError)

    // As what was stored before changes were written down.
    await world.sql(`delete from carillon_changes`)
    await expect(cron.rollback('a', { revision: 1 })).rejects.toThrow(/known is only 2/)
    expect((await cron.changes('a')).map(line)).toEqual(['1 created: '])
  })
})
