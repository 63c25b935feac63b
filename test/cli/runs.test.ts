import { describe, expect, it } from 'vitest'
import { Carillon, defineJob, type Occurrence, type RunsPage } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { commandLine } from './carillon.ts'

/** JSON has no `Date`. */
type Told<T> = { [P in keyof T]: T[P] extends Date ? string : T[P] }

/** A database with an hour of runs that is over: every 10 minutes `good`, and `bad\u001b[31m`, which fails. */
async function anHour(database: string): Promise<void> {
  const clock = new ManualClock('2026-01-01T10:00:00Z')
  const jobs = [
    defineJob('good', { handle: () => 'done' }),
    defineJob('bad', {
      handle: () => {
        throw new TypeError('no such \u001B[31mthing')
      },
    }),
  ]
  await using cron = await Carillon.open({
    database,
    clock,
    jobs,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  })
  const when = { cron: '*/10 * * * *', endsAt: '2026-01-01T10:50:00Z' }
  await cron.schedule({ key: 'good', group: 'some', ...when, job: 'good' })
  await cron.schedule({ key: 'bad\u001B[31m', ...when, job: 'bad' })
  await cron.start()
  await clock.advance('55m')
}

function folder() {
  const cli = commandLine()
  return { cli, ready: anHour(`sqlite:${cli.folder.file('carillon.db')}`) }
}

describe('carillon runs', () => {
  it('lists the runs of all schedules, page by page', async () => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const { status, stdout, stderr } = await cli.run('runs', '--limit', '3')
    expect(status).toBe(0)
    const [head, first, second, third, ...rest] = stdout.trimEnd().split('\n')
    expect(head).toMatch(/^DUE \(UTC\) +KEY +OUTCOME +LATE +TOOK +RUN +DETAILS$/)
    expect(first).toMatch(/^2026-01-01 10:50:00 .*bad\\x1b\[31m +failed .* no such \\x1b\[31mthing$/)
    expect(second).toMatch(/^2026-01-01 10:50:00 .*good +succeeded .*\d+-1-1767264600000 +"done"$/)
    expect(third).toMatch(/^2026-01-01 10:40:00 /)
    expect(rest).toEqual([])
    const [, after = ''] = /earlier ones: --after (\S+)/.exec(stderr) ?? []
    expect(third).toContain(after)

    const seen: string[] = []
    for (let next: string | undefined = after; next !== undefined;) {
      const page: RunsPage = await cli.json<RunsPage>('runs', '--limit', '3', '--after', next)
      seen.push(...page.runs.map(({ id }) => id))
      next = page.next
    }
    expect(new Set(seen).size).toBe(7)
  })

  it('takes filters, and says so when nothing passes them', async () => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const counted = async (...filters: string[]) => {
      const { runs } = await cli.json<RunsPage>('runs', ...filters)
      return runs.length
    }
    expect(await counted()).toBe(10)
    expect(await counted('--group', 'some')).toBe(5)
    expect(await counted('--job', 'bad', '--state', 'failed,skipped')).toBe(5)
    expect(await counted('--error', 'TypeError', '--from', '2026-01-01T10:40:00Z')).toBe(2)
    expect(await counted('--until', '2026-01-01T10:10:00Z', '--origin', 'schedule')).toBe(2)
    expect((await cli.run('runs', '--reason', 'missed')).stdout).toBe('No such runs.\n')
  })

  it.each([
    [['runs', '--state', 'faild'], /--state "faild" is not one of .*: did you mean "failed"\?/],
    [['runs', '--from', 'yesterday'], /--from "yesterday" is not an instant/],
    [['runs', '--after', 'x'], /"x" is not the id of an occurrence/],
    [['runs', '--limit', '0'], /--limit "0" is not a whole number from 1 to 10000/],
  ])('refuses %j', async (argv, message) => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const { status, stdout, stderr } = await cli.run(...argv)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})

describe('carillon schedule history', () => {
  it('takes the same filters, and goes on after a page', async () => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const history = (...filters: string[]) =>
      cli.json<Told<Occurrence>[]>('schedule', 'history', 'good', ...filters)
    const early = await history('--from', '2026-01-01T10:20:00Z', '--until', '2026-01-01T10:30:00Z')
    expect(early.map(({ nominalAt }) => nominalAt)).toEqual([
      '2026-01-01T10:30:00.000Z',
      '2026-01-01T10:20:00.000Z',
    ])
    const page = await cli.run('schedule', 'history', 'good', '--limit', '4')
    const [, after = ''] = /earlier ones: --after (\S+)/.exec(page.stderr) ?? []
    expect((await history('--after', after)).map(({ nominalAt }) => nominalAt)).toEqual([
      '2026-01-01T10:10:00.000Z',
    ])
    expect(await history('--error', 'TypeError')).toEqual([])
  })
})
