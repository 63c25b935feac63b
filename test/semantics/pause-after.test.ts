import { describe, expect, it } from 'vitest'
import type { CarillonOptions, Occurrence } from '../../src/index.ts'
import { aborted, gate, instant, ledger, until, useWorld } from './support.ts'

const world = useWorld()

/** A schedule of every five minutes that is paused after three failures in a row, and whose job fails while it is told to. */
async function failing(policy: object = {}, options: Partial<CarillonOptions> = {}) {
  const state = { fails: true }
  const job = world.job('work', () => {
    if (state.fails) throw new Error('the disk is full')
  })
  const cron = await world.open({ jobs: [job], ...options })
  await cron.start()
  await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'work', pauseAfter: 3, ...policy })
  return { cron, state }
}

describe('pauseAfter', () => {
  it('pauses a schedule once so many of its runs in a row have failed, and says why', async () => {
    const { cron } = await failing()
    await world.clock.advanceTo(instant('10:14:59'))
    expect(await cron.describe('a')).toMatchObject({ state: 'active', reason: undefined })

    await world.clock.advance('1h')
    expect(world.beginnings).toEqual(['10:05 a', '10:10 a', '10:15 a'])
    expect(await cron.describe('a')).toMatchObject({
      state: 'paused',
      reason: '3 runs in a row failed',
      pauseAfter: 3,
      nextRunAt: undefined,
    })
    expect(await ledger(cron, 'a')).toEqual([
      '10:05 failed',
      '10:10 failed',
      '10:15 failed',
      '10:20 paused',
      ...(await ledger(cron, 'a')).slice(4),
    ])
    expect((await cron.explain('a', instant('10:30'))).text).toContain(
      'was paused from 2026-06-01 10:15:00 +00:00, by carillon (3 runs in a row failed)',
    )
  })

  it('counts a run once, after all its attempts', async () => {
    const { cron } = await failing({ retries: 2, backoff: { initial: '1s' }, pauseAfter: 2 })
    await world.clock.advance('1h')
    expect(world.begun.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1, 2, 3])
    expect((await cron.describe('a'))?.state).toBe('paused')
  })

  it('begins to count anew after a run that succeeded', async () => {
    const { cron, state } = await failing()
    await world.clock.advance('11m')
    state.fails = false
    await world.clock.advance('5m')
    state.fails = true
    await world.clock.advanceTo(instant('10:29'))
    expect((await cron.describe('a'))?.state).toBe('active')
    await world.clock.advance('1h')
    expect(world.beginnings.at(-1)).toBe('10:30 a')
  })

  it('begins to count anew after a resumption, which forgets the reason', async () => {
    const { cron } = await failing()
    await world.clock.advance('20m')
    expect(await cron.resume('a')).toMatchObject({ state: 'active', reason: undefined })
    await world.clock.advance('1h')
    expect(world.beginnings.slice(3)).toEqual(['10:25 a', '10:30 a', '10:35 a'])
    expect((await cron.describe('a'))?.state).toBe('paused')
  })

  it('keeps the reason while other parts of the schedule are changed', async () => {
    const { cron } = await failing()
    await world.clock.advance('20m')
    expect(await cron.patch('a', { note: 'looked at by Ada' })).toMatchObject({
      state: 'paused',
      reason: '3 runs in a row failed',
    })
  })

  it('does nothing to schedules without it, and sends nothing for them', async () => {
    const { cron } = await failing({ pauseAfter: undefined })
    await world.clock.advance('1h')
    expect(world.begun).toHaveLength(12)
    expect((await cron.describe('a'))?.state).toBe('active')
  })

  it('acts at the next failure on what was not acted on before', async () => {
    const { cron } = await failing({ pauseAfter: undefined })
    await world.clock.advance('21m')
    await cron.patch('a', { pauseAfter: 3 })
    expect((await cron.describe('a'))?.state).toBe('active')
    await world.clock.advance('5m')
    expect(await cron.describe('a')).toMatchObject({ state: 'paused', reason: '3 runs in a row failed' })
  })

  it('leaves alone a schedule that was changed since the run began', async () => {
    const end = gate()
    const job = world.job('work', async () => {
      await end.promise
      throw new Error('no')
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'work', pauseAfter: 1 })
    await world.clock.advance('5m')
    await cron.schedule({ key: 'a', cron: '50 10 * * *', job: 'work', pauseAfter: 1 })
    end.resolve()
    await world.clock.advance('5m')
    expect(await ledger(cron, 'a')).toEqual(['10:05 failed'])
    expect((await cron.describe('a'))?.state).toBe('active')
  })

  it('does not count failures by hand, and counts a success by hand', async () => {
    const { cron, state } = await failing()
    await world.clock.advance('11m')
    for (let n = 0; n < 3; n++) {
      await cron.trigger('a')
      await world.clock.advance('1s')
    }
    expect((await cron.describe('a'))?.state).toBe('active')

    state.fails = false
    await cron.trigger('a')
    await world.clock.advance('1s')
    state.fails = true
    await world.clock.advanceTo(instant('10:24'))
    expect((await cron.describe('a'))?.state).toBe('active')
    await world.clock.advanceTo(instant('10:26'))
    expect((await cron.describe('a'))?.state).toBe('paused')
  })

  it('counts a run that was put back by hand as it ended at last', async () => {
    const { cron, state } = await failing({ pauseAfter: 2 })
    await world.clock.advance('6m')
    state.fails = false
    await cron.retry('a')
    await world.clock.advance('1s')
    state.fails = true
    await world.clock.advance('5m')
    expect(await ledger(cron, 'a')).toEqual([
      '10:05 succeeded',
      '10:10 failed',
      '10:15 planned',
      '10:20 planned',
    ])
    expect((await cron.describe('a'))?.state).toBe('active')
  })

  it('does not count runs that another took the place of', async () => {
    const job = world.job('work', async ({ signal }) => aborted(signal))
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'work', pauseAfter: 1, overlap: 'replace' })
    await world.clock.advance('21m')
    const ended = (await cron.history('a', { states: ['failed'] })).map(
      ({ error }: Occurrence) => error?.code,
    )
    expect(ended).toEqual(['RUN_REPLACED', 'RUN_REPLACED', 'RUN_REPLACED'])
    expect((await cron.describe('a'))?.state).toBe('active')
  })

  it('does not count runs that were given back', async () => {
    const job = world.job('work', async ({ signal, occurrence }) =>
      occurrence.attempt === 1 ? aborted(signal) : undefined,
    )
    const first = await world.open({ jobs: [job] })
    const second = await world.open({ jobs: [job] })
    await first.start()
    await first.schedule({ key: 'a', cron: '5 10 * * *', job: 'work', pauseAfter: 1 })
    await world.clock.advance('5m')
    const stopping = first.stop({ grace: 0 })
    await world.clock.advance('1s')
    await stopping
    await second.start()
    await world.clock.advance('1m')
    expect(await ledger(second, 'a')).toEqual(['10:05 succeeded'])
    expect((await second.describe('a'))?.state).toBe('active')
  })

  it('counts a run that was given up since its servers vanished', async () => {
    const cron = await world.open()
    await cron.schedule({ key: 'a', cron: '5 10 * * *', job: 'note', pauseAfter: 1 })
    await world.sql(
      `update carillon_occurrences set state = 'running', owner = 'gone', attempt = 5, lost = 4, lease_until = ?`,
      instant('10:05:30'),
    )
    await cron.start({ roles: ['work'] })
    await world.clock.advance('6m')
    expect(await ledger(cron, 'a')).toEqual(['10:05 failed'])
    expect(await cron.describe('a')).toMatchObject({ state: 'paused', reason: 'a run failed' })
  })

  it('acts once when several servers report at the same time', async () => {
    const { cron } = await failing({ cron: '* * * * *', pauseAfter: 1 })
    const { cron: other } = {
      cron: await world.open({ jobs: [world.job('work', () => Promise.reject(new Error('no')))] }),
    }
    await other.start()
    for (let n = 0; n < 8; n++)
      await cron.schedule({ key: `k${n}`, cron: '1 10 * * *', job: 'work', pauseAfter: 1 })
    await world.clock.advance('2m')
    await until(async () => (await cron.describe('k7'))?.state === 'paused')
    for (let n = 0; n < 8; n++)
      expect(await cron.describe(`k${n}`)).toMatchObject({ state: 'paused', generation: 2, revision: 2 })
  })

  it('acts on what ends while the server stops', async () => {
    const end = gate()
    const job = world.job('work', async () => {
      await end.promise
      throw new Error('no')
    })
    const cron = await world.open({ jobs: [job] })
    await cron.start()
    await cron.schedule({ key: 'a', cron: '*/5 * * * *', job: 'work', pauseAfter: 1 })
    await world.clock.advance('5m')
    const stopping = cron.stop()
    end.resolve()
    await stopping
    expect((await cron.describe('a'))?.state).toBe('paused')
  })
})
