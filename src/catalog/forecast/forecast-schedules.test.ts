import { expect, it } from 'vitest'
import { giveWay } from '../../clock/give-way.ts'
import { Store } from '../../store/store.ts'
import { defineJob } from '../../task/job.ts'
import { JobRegistry } from '../../task/job-registry.ts'
import { Catalog } from '../catalog.ts'
import { forecastSchedules } from './forecast-schedules.ts'

it('refuses what would take too long, and lets others have their turn until then', async () => {
  await using store = await Store.open('sqlite::memory:')
  const jobs = new JobRegistry([defineJob('job', { handle: () => {} })])
  const checks = { jobs, queues: ['default'], maxPayloadBytes: 1_000 }
  const catalog = new Catalog({ ...checks, store, aheadMs: 1_000, keepMs: 1_000 }, 'default')
  await catalog.schedule({ key: 'a', cron: '* * * * * *', job: 'job' })

  let turns = 0
  const over = new AbortController()
  const others = (async () => {
    for (; !over.signal.aborted; turns++) await giveWay()
  })()
  const options = { from: '2027-01-01T00:00:00Z', until: '2027-02-01T00:00:00Z', bucket: '1h' }
  await expect(forecastSchedules(store, options, { mostInstants: 1_000_000 })).rejects.toMatchObject({
    path: 'until',
    message:
      'until 2027-02-01T00:00:00.000Z is too far from 2027-01-01T00:00:00.000Z: the schedules have more than ' +
      '1,000,000 instants before it; give an earlier until, or ask for one namespace',
  })
  over.abort()
  await others
  expect(turns).toBeGreaterThan(5)

  const { total } = await forecastSchedules(store, options)
  expect(total).toBe(31 * 86_400)
})
