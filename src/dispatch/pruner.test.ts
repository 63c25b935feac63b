import { expect, it } from 'vitest'
import { Carillon, defineJob } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const note = defineJob('note', { handle: () => undefined })

it('removes what finished longer ago than it is to be kept, and deleted schedules with it', async () => {
  const clock = new ManualClock('2026-06-01T10:00:00Z')
  await using cron = await Carillon.open({
    database: 'sqlite::memory:',
    clock,
    jobs: [note],
    keepHistory: '1h',
  })
  await cron.start()
  await cron.schedule({ key: 'kept', every: '10m', job: note })
  await cron.schedule({ key: 'deleted', every: '10m', job: note })
  await clock.advance('5m')
  await cron.delete('deleted')
  expect(await cron.history('deleted', { until: '2026-06-01T12:00:00Z' })).toHaveLength(1)

  await clock.advance('2h')
  expect(await cron.history('deleted', { until: '2026-06-01T12:00:00Z' })).toEqual([])
  const kept = await cron.history('kept')
  expect(kept.length).toBeGreaterThanOrEqual(6)
  expect(kept.length).toBeLessThanOrEqual(8)
  expect(kept.at(-1)!.finishedAt!.getTime()).toBeGreaterThanOrEqual(clock.now() - 75 * 60_000)
})

it('needs no history to know what was planned', async () => {
  const clock = new ManualClock('2026-06-01T10:00:00Z')
  let runs = 0
  const count = defineJob('count', { handle: () => void runs++ })
  await using cron = await Carillon.open({
    database: 'sqlite::memory:',
    clock,
    jobs: [count],
    keepHistory: 0,
  })
  await cron.start()
  await cron.schedule({ key: 'a', every: '1m', job: count })

  await clock.advance('3h')
  expect(runs).toBe(180)
})
