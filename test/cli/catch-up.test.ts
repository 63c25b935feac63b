import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Carillon, defineJob, type OwedReport, type PassPreview } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { commandLine, ROOT } from './carillon.ts'

const HOUR_MS = 3_600_000

/** A command line whose dispatchers were away for three hours, and let nothing go by themselves. */
async function afterThreeHours() {
  const cli = commandLine()
  writeFileSync(
    cli.folder.file('carillon.config.ts'),
    `
import { defineConfig, defineJob } from '${join(ROOT, 'dist/index.js')}'
export default defineConfig({
  database: 'sqlite:./carillon.db',
  jobs: [defineJob('note', { handle: () => {} })],
  catchUp: { perMinute: 2, holdAbove: 0 },
})
`,
  )
  await using cron = await Carillon.open({
    database: `sqlite:${cli.folder.file('carillon.db')}`,
    jobs: [defineJob('note', { handle: () => {} })],
    clock: new ManualClock(Date.now() - 3 * HOUR_MS),
  })
  const anchor = Date.now() - HOUR_MS / 2
  for (const door of [cron, cron.namespace('shop')])
    await door.schedule({ key: 'report', every: '1h', anchor, job: 'note', catchUp: '1d' })
  return cli
}

describe('carillon dispatch --dry-run', () => {
  it('says what the pass would do, and does nothing', async () => {
    using cli = await afterThreeHours()
    const shown = await cli.run('dispatch', '60', '--dry-run')
    expect(shown.stdout).toMatch(/^A pass would take up 2 schedules:\n/)
    expect(shown.stdout).toMatch(/^shop +1 +\d +3 +0$/m)
    expect(shown.stdout).toMatch(/^6 missed runs to catch up wait for your word: carillon catch-up release/m)
    expect(shown.stdout).toMatch(/Nothing was written\.\n$/)

    const preview = await cli.json<PassPreview>('dispatch', '60', '--dry-run')
    expect(preview).toMatchObject({ schedules: 2, caughtUp: 6, missed: 0, owed: 0, held: 6 })
    expect((await cli.run('catch-up')).stdout).toBe('Nothing is left to catch up.\n')
  })
})

describe('a flood on the command line', () => {
  it('is shown, and let go at the rate', async () => {
    using cli = await afterThreeHours()
    const pass = await cli.run('dispatch', '60')
    expect(pass.stdout).toMatch(/6 missed runs to catch up wait for your word/)
    const list = await cli.run('catch-up')
    expect(list.stdout).toMatch(/^NAMESPACE +MISSED RUNS +SCHEDULES +OLDEST\n/)
    expect(list.stdout).toMatch(/^default +3 +1 +2 hours ago$/m)
    expect(list.stdout).toMatch(/6 missed runs to catch up wait for your word/)

    expect((await cli.run('catch-up', 'release', '--only', 'shop')).stdout).toMatch(/^Let 3 missed runs go/)
    expect(await cli.json('dispatch', '60')).toMatchObject({ planned: 2, held: 3 })
    expect(await cli.json<OwedReport>('catch-up')).toMatchObject({ runs: 4, held: 3 })
  })

  it('goes with --yes', async () => {
    using cli = await afterThreeHours()
    expect(await cli.json('dispatch', '60', '--yes')).toMatchObject({ planned: 2, owed: 6 })
    expect(await cli.json<OwedReport>('catch-up')).toMatchObject({ runs: 4, held: 0 })
  })

  it('is dropped, if one is sure', async () => {
    using cli = await afterThreeHours()
    await cli.run('dispatch', '60')
    const unsure = await cli.run('catch-up', 'drop')
    expect(unsure.status).toBe(2)
    expect(unsure.stderr).toMatch(/--yes/)
    expect((await cli.run('catch-up', 'drop', '--yes')).stdout).toBe('Dropped 6 missed runs.\n')
    expect((await cli.run('schedule', 'history', 'report')).stdout).toMatch(/cancelled/)
  })
})
