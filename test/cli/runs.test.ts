import { describe, expect, it } from 'vitest'
import { Carillon, defineJob, type Occurrence, type RunDetails, type RunsPage } from '../../src/index.ts'
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
      handle: ({ log, progress }) => {
        for (let n = 1; n <= 101; n++) log.info({ n }, 'looking')
        log.warn({ where: 'a\nb' }, 'first line\nsecond \u001B[31mline')
        progress({ done: 3, total: 12, note: 'things' })
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

describe('carillon runs show', () => {
  it('shows a run with what its handler logged, in words that cannot be forged', async () => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const { runs } = await cli.json<RunsPage>('runs', '--job', 'bad', '--limit', '1')
    const { status, stdout } = await cli.run('runs', 'show', runs[0]!.id)
    expect(status).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toBe('bad\\x1b[31m failed')
    expect(stdout).toMatch(/^ {2}error +no such \\x1b\[31mthing$/m)
    expect(stdout).toMatch(/^ {2}progress +25 %, 3 of 12: things \(at 2026-01-01 10:50:00\)$/m)
    const [first, ...log] = lines.slice(lines.indexOf('log:') + 1)
    expect(first).toBe('  2026-01-01 10:50:00 info  looking n=1')
    expect(log[19]).toBe('  … 2 lines are not kept')
    expect(log[20]).toBe('  2026-01-01 10:50:00 info  looking n=23')
    expect(log.at(-1)).toBe(
      String.raw`  2026-01-01 10:50:00 warn  first line⏎second \x1b[31mline where="a\nb"`,
    )
    expect(log).toHaveLength(100)
  })

  it('tells of the attempts, as JSON', async () => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const { runs } = await cli.json<RunsPage>('runs', '--limit', '2')
    const [bad, good] = await Promise.all(runs.map(({ id }) => cli.json<RunDetails>('runs', 'show', id)))
    expect(bad).toMatchObject({
      key: 'bad\u001B[31m',
      dropped: { after: 20, count: 2 },
      progress: { fraction: 0.25 },
      attempts: [{ attempt: 1, error: { code: 'TypeError' } }],
    })
    expect(bad?.log).toHaveLength(100)
    expect(good).toMatchObject({ state: 'succeeded', result: 'done', log: [], attempts: [] })
  })

  it.each([
    [['runs', 'show', 'x'], 2, /"x" is not the id of an occurrence/],
    [['runs', 'show', '77-1-1'], 1, /no run has the id "77-1-1" in namespace "default"/],
    [['runs', 'shwo'], 2, /shwo/],
  ])('refuses %j', async (argv, expected, message) => {
    const { cli, ready } = folder()
    using _ = cli
    await ready
    const { status, stdout, stderr } = await cli.run(...argv)
    expect({ status, stdout }).toEqual({ status: expected, stdout: '' })
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
