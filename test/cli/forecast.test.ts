import { expect, it } from 'vitest'
import { Carillon, type Forecast } from '../../src/index.ts'
import { commandLine } from './carillon.ts'

it('carillon forecast shows how much falls due, and of what the fullest minutes are full', async () => {
  using cli = commandLine()
  await using cron = await Carillon.open({ database: `sqlite:${cli.folder.file('carillon.db')}` })
  const work = { job: 'command', payload: { program: 'true' } }
  const command = (key: string, expression: string, group?: string) => ({
    key,
    group,
    cron: expression,
    ...work,
  })
  const reports = Array.from({ length: 12 }, (_, i) => command(`report-${i}`, '0 * * * *', 'reports'))
  await cron.scheduleMany([...reports, command('often', '*/30 * * * *')])
  await cron.namespace('blue').schedule(command('mine', '30 * * * *'))

  const when = ['--from', '2049-06-01T09:30:00Z', '--until', '2049-06-01T11:30:00Z']
  const forecast = await cli.json<Forecast>('forecast', ...when, '--top', '2')
  expect(forecast).toMatchObject({ schedules: 14, total: 30, bucketMs: 60_000 })
  expect(forecast.buckets).toHaveLength(120)
  expect(forecast.fullest).toMatchObject([
    { at: '2049-06-01T10:00:00.000Z', count: 13, filledBy: [{ group: 'reports', count: 12 }, { count: 1 }] },
    { at: '2049-06-01T11:00:00.000Z', count: 13 },
  ])
  const blue = await cli.json<Forecast>('forecast', ...when, '--namespace', 'blue', '--bucket', '1h')
  expect(blue).toMatchObject({ total: 2, byNamespace: [{ name: 'blue', count: 2 }] })
  expect(blue.buckets.map(({ count }) => count)).toEqual([1, 1, 0])

  const { stdout } = await cli.run('forecast', ...when, '--top', '1')
  expect(stdout).toMatch(/^From 2049-06-01 09:30:00 \+00:00 to .*: 30 runs of 14 active schedules\.$/m)
  expect(stdout).toMatch(/^ {2}2049-06-01 10:00 {2}█·{29}▂·{29} {2}15$/m)
  expect(stdout).toMatch(
    /^FULLEST 1m +RUNS +OF\n2049-06-01 10:00:00 +13 +12 command \(namespace default, group reports\), 1 command \(namespace default\)$/m,
  )
  expect(stdout).toMatch(/^NAMESPACE +RUNS +SHARE\ndefault +28 +93\.3 %\nblue +2 +6\.7 %$/m)
  expect(stdout).toContain(
    'Note: 2049-06-01 10:00:00 has 13 runs where an even flow would have less than 1 each 1m',
  )
  expect(stdout).not.toContain('\u001B')

  const wrong = await cli.run('forecast', ...when, '--bucket', '1ms')
  expect(wrong).toMatchObject({ status: 2, stdout: '' })
  expect(wrong.stderr).toContain('--bucket 1ms is too short')
})
