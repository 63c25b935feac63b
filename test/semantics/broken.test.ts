import { describe, expect, it } from 'vitest'
import { CarillonError, ScheduleConflictError } from '../../src/index.ts'
import { collect, instant, ledger, useWorld } from './support.ts'

const world = useWorld()

const FAULTS = [
  { what: 'malformed JSON', definition: '{"recurrence":' },
  { what: 'JSON of another shape', definition: '[1, 2, 3]' },
  { what: 'null', definition: 'null' },
  { what: 'nothing inside', definition: '{}' },
]

/** Damages, or mends, the definition and the terms in the same way. */
async function tamper(key: string, change: (text: string) => string): Promise<void> {
  await world.tamper(key, ({ definition, terms }) => ({
    definition: change(definition),
    terms: change(terms),
  }))
}

/** Two good schedules and a bad one between them, none of them planned yet. */
async function threeOfWhichOneIsBad(change: (definition: string) => string) {
  const cron = await world.open()
  for (const key of ['a', 'bad', 'c'])
    await cron.schedule({ key, cron: '30 10 * * *', timezone: 'UTC', job: 'note' })
  await tamper('bad', change)
  world.clock.jumpTo(instant('10:25'))
  return cron
}

describe('a broken schedule', () => {
  it.each(FAULTS)(
    'is set aside with its reason and does not stop the others: $what',
    async ({ definition }) => {
      const cron = await threeOfWhichOneIsBad(() => definition)
      expect(await cron.dispatch()).toEqual({ planned: 2, missed: 0, broken: 1 })
      expect(await cron.dispatch()).toEqual({ planned: 0, missed: 0, broken: 0 })

      const bad = await cron.describe('bad')
      expect(bad).toMatchObject({ key: 'bad', state: 'broken', nextRunAt: undefined })
      expect(bad?.reason).toBeTruthy()
      const all = await collect(cron.describeAll())
      expect(all.map(({ key, state }) => `${key} ${state}`)).toEqual(['a active', 'bad broken', 'c active'])
    },
  )

  it('with a zone that the runtime does not know says so', async () => {
    const cron = await threeOfWhichOneIsBad((text) => text.replace('"UTC"', '"Mars/Olympus"'))
    expect(await cron.dispatch()).toEqual({ planned: 2, missed: 0, broken: 1 })
    expect((await cron.describe('bad'))?.reason).toContain('Mars/Olympus')
  })

  it('with an expression that does not parse says so', async () => {
    const cron = await threeOfWhichOneIsBad((text) => text.replace('30 10', '75 10'))
    expect(await cron.dispatch()).toEqual({ planned: 2, missed: 0, broken: 1 })
    expect((await cron.describe('bad'))?.reason).toContain('75')
  })

  it('can be read, listed and deleted before a pass has noticed', async () => {
    const cron = await threeOfWhichOneIsBad(() => '{')
    expect(await cron.describe('bad')).toMatchObject({ key: 'bad' })
    expect(await collect(cron.describeAll())).toHaveLength(3)
    expect(await cron.history('bad')).toEqual([])
    expect(await cron.delete('bad')).toBe(true)
    expect(await cron.dispatch()).toEqual({ planned: 2, missed: 0, broken: 0 })
  })

  it('is mended by schedule()', async () => {
    const cron = await threeOfWhichOneIsBad(() => '{')
    await cron.dispatch()
    const mended = await cron.schedule({ key: 'bad', cron: '30 10 * * *', job: 'note' })
    expect(mended).toMatchObject({ state: 'active', reason: undefined })
    expect(await ledger(cron, 'bad')).toEqual(['10:30 planned'])
  })

  it('is mended by schedule() before a pass has noticed', async () => {
    const cron = await threeOfWhichOneIsBad(() => '{')
    const mended = await cron.schedule({ key: 'bad', cron: '30 10 * * *', job: 'note' })
    expect(mended).toMatchObject({ state: 'active', reason: undefined })
    expect(await ledger(cron, 'bad')).toEqual(['10:30 planned'])
  })

  it('is mended by a patch that names what is wrong', async () => {
    const cron = await threeOfWhichOneIsBad((text) => text.replace('"UTC"', '"Mars/Olympus"'))
    await cron.dispatch()
    expect(await cron.patch('bad', { timezone: 'Europe/Rome' })).toMatchObject({
      timezone: 'Europe/Rome',
      state: 'active',
    })
  })

  it('is mended by resume once the cause is gone, and not before', async () => {
    const cron = await threeOfWhichOneIsBad((text) => text.replace('"UTC"', '"Mars/Olympus"'))
    await cron.dispatch()

    const early = await cron.resume('bad').catch((error: unknown) => error)
    if (early instanceof Error) expect(early).toBeInstanceOf(CarillonError)
    expect((await cron.describe('bad'))?.state).toBe('broken')

    await tamper('bad', (text) => text.replace('"Mars/Olympus"', '"UTC"'))
    expect(await cron.resume('bad')).toMatchObject({ state: 'active', reason: undefined })
    expect(await ledger(cron, 'bad')).toEqual(['10:30 planned'])
  })

  it('is tried again by itself after a while', async () => {
    const cron = await threeOfWhichOneIsBad(() => '{')
    await cron.start()
    await world.clock.advance('10m')
    expect((await cron.describe('bad'))?.state).toBe('broken')

    const good = await world.stored('a')
    await world.tamper('bad', () => good)
    await world.clock.advance('30m')
    expect((await cron.describe('bad'))?.state).toBe('active')
  })

  it('that breaks after its runs were planned does not hold up the runs of the others', async () => {
    const cron = await world.open()
    await cron.start()
    for (const key of ['a', 'bad', 'c']) await cron.schedule({ key, cron: '*/5 * * * *', job: 'note' })
    await world.clock.advance('4m')
    await tamper('bad', () => '{')

    await world.clock.advance('16m')
    const others = world.beginnings.filter((line) => !line.includes('bad'))
    expect(others.toSorted()).toEqual(
      ['05', '10', '15', '20'].flatMap((minute) => [`10:${minute} a`, `10:${minute} c`]),
    )
  })

  it('catches up what it missed when it mends by itself', async () => {
    const cron = await world.open({ ahead: '1m', interval: '1m' })
    await cron.schedule({ key: 'bad', cron: '* * * * *', job: 'note', catchUp: '3m' })
    const good = await world.stored('bad')
    await tamper('bad', () => '{')
    world.clock.jumpTo(instant('10:02'))
    expect(await cron.dispatch()).toEqual({ planned: 0, missed: 0, broken: 1 })

    await world.tamper('bad', () => good)
    world.clock.jumpTo(instant('10:10'))
    expect(await cron.dispatch()).toEqual({ planned: 4, missed: 6, broken: 0 })
    expect(await ledger(cron, 'bad')).toEqual([
      '10:01 planned',
      '10:02..10:07 missed 6',
      '10:08 planned catch-up',
      '10:09 planned catch-up',
      '10:10 planned catch-up',
      '10:11 planned',
    ])
  })

  it('answers pause with a word about the schedule, not about the database', async () => {
    const cron = await threeOfWhichOneIsBad(() => '{')
    await cron.dispatch()
    const answer = await cron.pause('bad').catch((error: unknown) => error)
    if (answer instanceof Error) expect(answer).toBeInstanceOf(ScheduleConflictError)
    else expect(answer).toMatchObject({ state: 'paused' })
  })
})
