import { expect, it } from 'vitest'
import type { Simulation } from '../../src/index.ts'
import { commandLine } from './carillon.ts'

it('carillon simulate shows what the schedules would do, and stores nothing', async () => {
  using cli = commandLine()
  const every = ['--cron', '0 * * * *', '--', 'true']
  await cli.run('schedule', 'add', 'a', '--overlap', 'skip', ...every)
  await cli.run('schedule', 'add', 'b', '--catch-up', '1d', ...every)
  await cli.run('schedule', 'add', 'paused', ...every)
  await cli.run('schedule', 'pause', 'paused')

  const when = ['--from', '2049-06-01T00:30:00Z', '--for', '1d', '--takes', '90m']
  const outage = ['--outage', '2049-06-01T05:40:00Z/2049-06-01T10:30:00Z']
  const { schedules, mostAtOnce } = await cli.json<Simulation>('simulate', ...when, ...outage)
  expect(schedules).toMatchObject([
    { key: 'a', ran: 9, skipped: 9, missed: 5, brokenOff: 1, caughtUp: 0, mostAtOnce: 1 },
    { key: 'b', ran: 23, skipped: 0, missed: 0, brokenOff: 1, caughtUp: 5, mostAtOnce: 7 },
  ])
  expect(mostAtOnce.count).toBe(8)

  const { stdout } = await cli.run('simulate', ...when, ...outage)
  expect(stdout).toMatch(/^From 2049-06-01 00:30:00 \+00:00 to 2049-06-02 00:30:00 \+00:00:$/m)
  expect(stdout).toMatch(
    /^KEY +RAN +SKIPPED +REPLACED +MISSED +MADE UP FOR +BROKEN OFF +LEFT +AT ONCE +LATEST$/m,
  )
  expect(stdout).toMatch(/^a +9 +9 +- +5 +- +1 /m)
  expect(stdout).toMatch(/Minutes in which most runs begin:\n +2049-06-01 10:30:00 \+00:00 +\d+ +█+$/m)

  const wrong = await cli.run('simulate', '--outage', '2049-06-01T05:40:00Z')
  expect(wrong).toMatchObject({ status: 2, stdout: '' })
  expect(wrong.stderr).toContain('is not two instants with a slash between them')
})
