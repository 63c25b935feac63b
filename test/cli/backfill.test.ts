import { describe, expect, it } from 'vitest'
import { Carillon, defineJob, type BackfillReport } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { commandLine } from './carillon.ts'

const HOUR_MS = 3_600_000

/** A command line with a schedule that was stored three hours ago and has missed all since. */
async function missedThree() {
  const cli = commandLine()
  const clock = new ManualClock(Date.now() - 3 * HOUR_MS)
  await using cron = await Carillon.open({
    database: `sqlite:${cli.folder.file('carillon.db')}`,
    jobs: [defineJob('note', { handle: () => {} })],
    clock,
  })
  await cron.schedule({ key: 'report', every: '1h', anchor: Date.now() - HOUR_MS / 2, job: 'note' })
  clock.jumpTo(Date.now())
  await cron.dispatch({ ahead: '1m' })
  return cli
}

const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString()

describe('carillon schedule backfill', () => {
  it('says what it would do, does it, and leaves what it did', async () => {
    using cli = await missedThree()
    const dry = await cli.run('schedule', 'backfill', 'report', '--from', ago(2), '--dry-run')
    expect(dry.stdout).toMatch(
      /^It would make up for 2 runs of report, from \S+ \S+ to .* Nothing was written\.\n$/,
    )

    const report = await cli.json<BackfillReport>(
      'schedule',
      'backfill',
      'report',
      '--from',
      ago(2),
      '--rate',
      '6',
    )
    expect(report).toMatchObject({ planned: 2, present: 0, generations: { 1: 2 } })
    const again = await cli.run('schedule', 'backfill', 'report', '--from', ago(2))
    expect(again.stdout).toBe('There is nothing to make up for. 2 ran, run, or are to run already.\n')
    const rest = await cli.run('schedule', 'backfill', 'report', '--from', ago(3))
    expect(rest.stdout).toMatch(/^Makes up for 1 run of report, /)
  })

  it('lets its runs go by a policy of their own', async () => {
    using cli = await missedThree()
    const from = ['schedule', 'backfill', 'report', '--from', ago(2)]
    const plain = await cli.run(...from, '--dry-run')
    expect(plain.stdout).toContain('(overlap allow, whatever else runs)')
    const dry = await cli.run(...from, '--overlap', 'queue-all', '--dry-run')
    expect(dry.stdout).toContain('(overlap queue-all, 1 at a time)')

    const report = await cli.json<BackfillReport>(...from, '--overlap', 'queue-all')
    expect(report).toMatchObject({ planned: 2, overlap: 'queue-all', maxRunning: 1 })
    const rest = await cli.run('schedule', 'backfill', 'report', '--from', ago(3), '--overlap', 'skip')
    expect(rest.stdout).toMatch(/^Makes up for 1 run of report, .* \(overlap skip, 1 at a time\)\. 2 ran/)
  })

  it.each([
    [
      'by a policy that is none',
      ['--from', ago(1), '--overlap', 'queue'],
      /--overlap "queue" is not one of allow, /,
    ],
    ['without a beginning', [], /--from/],
    ['from a time that is none', ['--from', 'yesterday'], /--from "yesterday" is not an instant/],
    ['at no rate', ['--from', ago(1), '--rate', '0'], /--rate "0" is not a whole number from 1/],
  ])('is refused %s', async (_, args, message) => {
    using cli = await missedThree()
    const { status, stderr } = await cli.run('schedule', 'backfill', 'report', ...args)
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
