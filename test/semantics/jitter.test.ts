import { describe, expect, it } from 'vitest'
import type { Catalog, ScheduleOptions } from '../../src/index.ts'
import { instant, occurrences, useWorld } from './support.ts'

const world = useWorld()

const MINUTELY: ScheduleOptions = { key: 'a', cron: '* * * * *', job: 'note', jitter: '40s' }

/** How late what is planned of a schedule falls due, in milliseconds, by its nominal instants. */
async function delays(catalog: Catalog, key: string): Promise<Record<string, number>> {
  const rows = await occurrences(catalog, key)
  return Object.fromEntries(
    rows
      .filter(({ state }) => state === 'planned')
      .map(({ nominalAt, dueAt }) => [nominalAt.toISOString(), dueAt.getTime() - nominalAt.getTime()]),
  )
}

describe('jitter', () => {
  it('delays each run by another amount, which is less than it', async () => {
    const cron = await world.open()
    await cron.schedule(MINUTELY)
    const all = Object.values(await delays(cron, 'a'))
    expect(all).toHaveLength(10)
    expect(new Set(all).size).toBe(10)
    expect(Math.max(...all)).toBeLessThan(40_000)
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0)
  })

  it('is stable for an instant: across processes, passes, edits and lives', async () => {
    const cron = await world.open()
    await cron.schedule(MINUTELY)
    const first = await delays(cron, 'a')
    await cron.patch('a', { endsAt: '2027-01-01T00:00:00Z', payload: 7 })
    expect(await delays(cron, 'a')).toEqual(first)
    await cron.delete('a')

    const other = await world.open({ ahead: '1s', interval: '1s' })
    await other.schedule(MINUTELY)
    expect(await delays(other, 'a')).toEqual({})
    // One pass for each minute, and another dispatcher each time.
    for (const [i] of Object.keys(first).entries()) {
      const dispatcher = i % 2 === 0 ? cron : other
      await dispatcher.dispatch({ ahead: (i + 1) * 60_000 })
    }
    expect(await delays(other, 'a')).toEqual(first)
  })

  it('is each schedule its own, also where one plan would do for all of them', async () => {
    const cron = await world.open({ ahead: '1s', interval: '1s' })
    const handles = [cron, cron.namespace('blue')]
    for (const handle of handles)
      await handle.scheduleMany(['a', 'b', 'c'].map((key) => ({ ...MINUTELY, key })))
    await cron.dispatch({ ahead: '5m' })
    const drawn: string[] = []
    for (const handle of handles)
      for (const key of ['a', 'b', 'c']) drawn.push(JSON.stringify(await delays(handle, key)))
    expect(new Set(drawn).size).toBe(6)
  })

  it('adds to the spread, and both together never reach the next run', async () => {
    const cron = await world.open()
    const more = { startsAt: instant('10:01'), maxRuns: 5 }
    await cron.schedule({ ...MINUTELY, ...more, key: 'spread', jitter: 0, spread: '15s' })
    await cron.schedule({ ...MINUTELY, ...more, key: 'spread', spread: '15s', jitter: '30s' })
    const both = await delays(cron, 'spread')
    await cron.patch('spread', { jitter: null })
    const [spread] = Object.values(await delays(cron, 'spread'))
    await cron.patch('spread', { spread: null, jitter: '30s' })
    const jitter = await delays(cron, 'spread')
    expect(both).toEqual(Object.fromEntries(Object.entries(jitter).map(([at, ms]) => [at, ms + spread!])))

    await cron.schedule({ ...MINUTELY, key: 'wide', spread: '50s', jitter: '1h' })
    const wide = Object.values(await delays(cron, 'wide'))
    expect(wide).toHaveLength(10)
    expect(Math.max(...wide)).toBeLessThan(60_000)
  })

  it('opens a generation when it changes, and none where it is what it was', async () => {
    const cron = await world.open()
    const { jitterMs, generation } = await cron.schedule(MINUTELY)
    expect({ jitterMs, generation }).toEqual({ jitterMs: 40_000, generation: 1 })
    expect((await cron.schedule({ ...MINUTELY, jitter: 40_000 })).revision).toBe(1)
    expect(await cron.patch('a', { jitter: null })).toMatchObject({ jitterMs: 0, generation: 2 })
  })

  it('is none in what was stored before there was any, and that is no change', async () => {
    const cron = await world.open()
    const plain = { ...MINUTELY, jitter: undefined }
    await cron.schedule(plain)
    await world.tamper('a', ({ definition, terms }) => {
      expect(terms).not.toContain('jitter')
      return { terms, definition: definition.replace('"jitterMs":0,', '') }
    })
    expect((await world.stored('a')).definition).not.toContain('jitterMs')
    expect(await cron.describe('a')).toMatchObject({ jitterMs: 0 })
    expect(await cron.schedule(plain)).toMatchObject({ revision: 1, generation: 1 })
    expect(await cron.patch('a', { note: 'n' })).toMatchObject({ revision: 2, generation: 1 })
  })

  it('is what runs, and what a forecast counts', async () => {
    const cron = await world.open()
    await cron.scheduleMany(['a', 'b', 'c'].map((key) => ({ ...MINUTELY, key, jitter: '50s' })))
    const until = instant('10:05')
    const { buckets } = await cron.forecast({ until, bucket: '10s' })
    const due = (await Promise.all(['a', 'b', 'c'].map((key) => occurrences(cron, key)))).flat()
    const counts = buckets.map(
      ({ at }) => due.filter(({ dueAt }) => dueAt >= at && dueAt.getTime() < at.getTime() + 10_000).length,
    )
    expect(buckets.map(({ count }) => count)).toEqual(counts)

    await cron.start()
    await world.clock.advanceTo(until)
    const began = world.begun
      .map(({ context }) => context.occurrence)
      .filter(({ dueAt }) => dueAt.getTime() < until)
    const planned = due.map(({ dueAt }) => dueAt.getTime()).filter((at) => at < until)
    expect(began.map(({ dueAt }) => dueAt.getTime()).toSorted((a, b) => a - b)).toEqual(
      planned.toSorted((a, b) => a - b),
    )
    for (const { lateMs } of began) expect(lateMs).toBe(0)
  })
})
