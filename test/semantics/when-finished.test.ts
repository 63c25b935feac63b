import { describe, expect, it } from 'vitest'
import type { Carillon, ScheduleOptions } from '../../src/index.ts'
import { collect, instant, ledger, useWorld } from './support.ts'

const world = useWorld()

const AT_FIVE: ScheduleOptions = { key: 'a', at: instant('10:05'), job: 'note', whenFinished: 'remove' }

async function isThere(cron: Carillon, key = 'a'): Promise<boolean> {
  return (await cron.describe(key)) !== undefined
}

/** A job that runs until it is told to end. */
function slowJob() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { job: world.job('slow', () => promise), end: resolve }
}

describe('whenFinished: remove', () => {
  it.each<[string, Partial<ScheduleOptions>]>([
    ['one instant', {}],
    ['an end', { at: undefined, cron: '5 * * * *', endsAt: instant('10:30') }],
    ['a number of runs', { at: undefined, every: '5m', maxRuns: 1 }],
  ])('deletes a schedule that %s has finished, and its history stays', async (_, how) => {
    const cron = await world.open()
    await cron.schedule({ ...AT_FIVE, ...how })
    await cron.start()
    await world.clock.advanceTo(instant('10:04'))
    expect(await isThere(cron)).toBe(true)
    await world.clock.advanceTo(instant('10:20:01'))
    expect(await isThere(cron)).toBe(false)
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
    expect(await cron.delete('a')).toBe(false)
    expect((await cron.schedule({ ...AT_FIVE, at: instant('10:25') })).revision).toBe(1)
    await world.clock.advanceTo(instant('10:40:01'))
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded', '10:25 succeeded'])
  })

  it('deletes what a pass planned, too, by whichever process comes first', async () => {
    const processes = [await world.open(), await world.open()]
    const [cron] = processes
    for (let i = 0; i < 20; i++) await cron!.schedule({ ...AT_FIVE, key: `k${i}`, at: instant('10:45') })
    await cron!.schedule({ ...AT_FIVE, key: 'kept', at: instant('10:45'), whenFinished: undefined })
    for (const each of processes) await each.start()
    await world.clock.advanceTo(instant('11:00:01'))
    expect((await collect(cron!.describeAll())).map(({ key }) => key)).toEqual(['kept'])
    expect(world.begun).toHaveLength(21)
    const [generations] = await world.sql('select count(*) as n from carillon_generations')
    expect(Number(generations?.['n'])).toBe(20)
    expect(await world.sql('select * from carillon_removals')).toEqual([])
  })

  it('waits until the last run has ended', async () => {
    const { job, end } = slowJob()
    const cron = await world.open({ jobs: [job] })
    await cron.schedule({ ...AT_FIVE, job: 'slow' })
    await cron.start()
    await world.clock.advanceTo(instant('10:35'))
    expect(await isThere(cron)).toBe(true)
    end()
    await world.clock.advanceTo(instant('10:55'))
    expect(await isThere(cron)).toBe(false)
    expect(await ledger(cron, 'a')).toEqual(['10:05 succeeded'])
  })

  it('waits for the last attempt', async () => {
    const failing = world.job('failing', () => {
      throw new Error('no')
    })
    const cron = await world.open({ jobs: [failing] })
    await cron.schedule({ ...AT_FIVE, job: 'failing', retries: 1, backoff: { initial: '40m', max: '40m' } })
    await cron.start()
    await world.clock.advanceTo(instant('10:44'))
    expect(await isThere(cron)).toBe(true)
    await world.clock.advanceTo(instant('10:56'))
    expect(await isThere(cron)).toBe(false)
    expect(world.beginnings).toEqual(['10:05 a', '10:45 a #2'])
  })

  it('leaves alone what was run by hand, changed or paused meanwhile, until that has finished', async () => {
    const cron = await world.open()
    const worker = await world.open()
    for (const key of ['triggered', 'changed', 'paused', 'keeping'])
      await cron.schedule({ ...AT_FIVE, key, at: undefined, cron: '*/5 * * * *', maxRuns: 1 })
    await worker.start({ roles: ['work'] })
    await world.clock.advanceTo(instant('10:06'))
    await worker.stop()
    expect(world.beginnings).toHaveLength(4)

    await cron.trigger('triggered')
    await cron.patch('changed', { maxRuns: 8 })
    await cron.pause('paused')
    await cron.patch('keeping', { whenFinished: 'keep' })
    await cron.start({ roles: ['dispatch'] })
    await world.clock.advanceTo(instant('10:20'))
    expect((await collect(cron.describeAll())).map(({ key }) => key)).toEqual([
      'changed',
      'keeping',
      'paused',
      'triggered',
    ])

    await worker.start({ roles: ['work'] })
    await cron.resume('paused')
    await cron.patch('keeping', { whenFinished: 'remove' })
    await world.clock.advanceTo(instant('10:40'))
    expect((await collect(cron.describeAll())).map(({ key }) => key)).toEqual(['changed'])
    await world.clock.advanceTo(instant('11:00'))
    expect(await collect(cron.describeAll())).toEqual([])
    expect(await ledger(cron, 'changed')).toHaveLength(8)
  })

  it('is a policy: a change of it opens no generation, and what was stored before there was any keeps', async () => {
    const cron = await world.open()
    expect((await cron.schedule({ ...AT_FIVE, whenFinished: undefined })).whenFinished).toBe('keep')
    await world.tamper('a', ({ definition, terms }) => {
      expect(terms).not.toContain('removes')
      return { terms, definition: definition.replace('"whenFinished":"keep",', '') }
    })
    expect((await world.stored('a')).definition).not.toContain('whenFinished')
    expect(await cron.schedule({ ...AT_FIVE, whenFinished: 'keep' })).toMatchObject({
      revision: 1,
      whenFinished: 'keep',
    })
    expect(await cron.schedule(AT_FIVE)).toMatchObject({ revision: 2, generation: 1, whenFinished: 'remove' })
  })

  it('passes by one that cannot be read', async () => {
    const cron = await world.open()
    await cron.schedule(AT_FIVE)
    await cron.schedule({ ...AT_FIVE, key: 'b' })
    await world.tamper('a', ({ terms }) => ({ terms, definition: '{' }))
    await cron.start({ roles: ['dispatch'] })
    const worker = await world.open()
    await worker.start({ roles: ['work'] })
    await world.clock.advanceTo(instant('10:20:01'))
    expect((await collect(cron.describeAll())).map(({ key }) => key)).toEqual(['a'])
  })
})
