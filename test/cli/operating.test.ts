import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/run.ts'
import type { Schedule, ScheduleChange } from '../../src/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { fakeTerminal } from './fake-terminal.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => (folder = temporaryFolder()))
afterEach(() => folder[Symbol.dispose]())

async function schedule(...argv: string[]) {
  const env = { CARILLON_DATABASE: `sqlite:${folder.file('carillon.db')}` }
  const terminal = fakeTerminal({ cwd: folder.path, env })
  const status = await run(['schedule', ...argv], terminal)
  return { status, printed: terminal.printed, complained: terminal.complained }
}

async function json<T>(...argv: string[]): Promise<T> {
  const { status, printed, complained } = await schedule(...argv, '--json')
  expect({ status, complained }).toEqual({ status: 0, complained: '' })
  return JSON.parse(printed) as T
}

const WORK = ['--cron', '0 2 * * *', '--command', 'true']

describe('carillon schedule pause', () => {
  it('tells until when, by whom and why', async () => {
    await schedule('add', 'a', ...WORK)
    const { printed } = await schedule('pause', 'a', '--until', '2190-01-01T00:00:00Z', '--note', 'a move')
    expect(printed).toMatch(/^Paused a\. It runs again at 2190-01-01 .* \(in \d+ years\)\.\n$/)
    const shown = (await schedule('show', 'a')).printed
    expect(shown).toMatch(/^a is paused until 2190-01-01/)
    expect(shown).toMatch(/^ +paused +by tester since .* until 2190-01-01 .*: a move$/m)
    expect(shown).toMatch(/^It is paused: nothing runs until 2190-01-01/m)
    expect((await schedule('list')).printed).toMatch(/^a +paused until 2190-01-01/m)
    expect((await schedule('explain', 'a', '2050-06-01T02:00:00Z')).printed).toMatch(
      /, by tester \(a move\)\./,
    )

    await schedule('pause', 'a', '--actor', 'anna', '--for', '2h')
    expect(await json<Schedule>('show', 'a')).toMatchObject({ pause: { by: 'anna' } })
    expect((await schedule('add', 'a', ...WORK)).printed).toMatch(/^Unchanged: a/)
    expect(await json<Schedule>('resume', 'a')).toMatchObject({ state: 'active' })
  })

  it('pauses groups and all, after a look at how many that are', async () => {
    for (const key of ['a', 'b']) await schedule('add', key, ...WORK, '--group', 'g')
    await schedule('add', 'c', ...WORK, '--namespace', 'acme')
    expect((await schedule('pause', '--group', 'g', '--dry-run')).printed).toBe(
      'Would pause 2 schedules of group g.\n',
    )
    expect((await schedule('pauses')).printed).toBe('No pause of a group or of all schedules is in force.\n')
    expect((await schedule('pause', '--group', 'g', '--note', 'why')).printed).toBe(
      'Paused 2 schedules of group g.\n',
    )
    expect((await schedule('pauses')).printed).toMatch(/^default +g +paused +.* +- +tester +why$/m)
    expect((await schedule('show', 'a')).printed).toMatch(
      /^It is paused with others: see carillon schedule pauses/m,
    )
    const alone = await schedule('resume', 'a')
    expect(alone.status).toBe(1)
    expect(alone.complained).toMatch(/is paused with group "g" of namespace "default"/)

    expect(await json('pause', '--all', '--everywhere')).toEqual({ schedules: 1 })
    expect(await json('pauses', '--everywhere')).toHaveLength(2)
    expect((await schedule('resume', '--all', '--everywhere')).printed).toBe('Resumed 1 schedule.\n')
    expect((await schedule('resume', '--group', 'g', '--missed', 'latest')).printed).toBe(
      'Resumed 2 schedules of group g.\n',
    )
  })

  it.each([
    [['pause'], 'which schedules? give a key, --group <name> or --all'],
    [['resume', '--everywhere'], 'which schedules? give a key, --group <name> or --all'],
    [
      ['pause', 'a', '--all'],
      '--all, --group, --everywhere and --dry-run go without a key: they are about many schedules',
    ],
    [
      ['pause', 'a', '--until', '2190-01-01T00:00:00Z', '--for', '1h'],
      '--until and --for both say when the pause ends: give one',
    ],
    [
      ['pause', 'a', '--until', '2020-01-01T00:00:00Z'],
      '--until 2020-01-01T00:00:00.000Z has passed already: give an instant that is still to come',
    ],
    [
      ['pause', 'a', '--until', 'noon'],
      '--until "noon" is not an instant: give one such as "2026-03-29T02:30:00Z"',
    ],
    [['pause', 'a', '--actor', ''], 'actor is not a text of 1 to 255 characters without NUL characters'],
  ])('%j is refused with status 2 and one line', async (argv, message) => {
    await schedule('add', 'a', ...WORK)
    expect(await schedule(...argv)).toEqual({ status: 2, printed: '', complained: `carillon: ${message}\n` })
    expect(await json<Schedule>('show', 'a')).toMatchObject({ state: 'active', revision: 1 })
  })
})

describe('carillon schedule changes, diff, rollback', () => {
  it('tell who changed what, and take it back', async () => {
    await schedule('add', 'a', ...WORK, '--change-note', 'the first')
    await schedule(
      'edit',
      'a',
      '--cron',
      '0 3 * * *',
      '--actor',
      'anna',
      '--change-note',
      'later',
      '--note',
      'x',
    )
    const { printed } = await schedule('changes', 'a')
    expect(printed.split('\n')).toEqual([
      expect.stringMatching(/^2 changed by anna, .*: later$/),
      '  cron  "0 2 * * *" → "0 3 * * *"',
      '  note  - → "x"',
      expect.stringMatching(/^1 created by tester, .*: the first$/),
      '',
    ])
    expect((await schedule('diff', 'a', '1')).printed).toBe(
      '  cron  "0 2 * * *" → "0 3 * * *"\n  note  - → "x"\n',
    )
    expect((await schedule('diff', 'a', '2', '2')).printed).toBe('Nothing differs.\n')

    expect((await schedule('rollback', 'a', '--to', '1', '--dry-run')).printed).toMatch(
      /^Would change:\n +cron/,
    )
    expect(await json<Schedule>('show', 'a')).toMatchObject({ revision: 2 })
    expect((await schedule('rollback', 'a', '--to', '1', '--revision', '1')).complained).toMatch(
      /is at revision 2, not 1/,
    )
    expect((await schedule('rollback', 'a', '--to', '1')).printed).toMatch(
      /^Rolled back a: 0 2 \* \* \* in UTC/,
    )
    expect((await schedule('rollback', 'a', '--to', '9')).complained).toMatch(
      /revision 9 .* is not remembered: known is 1 to 3/,
    )

    await schedule('delete', 'a', '--note', 'done')
    const changes = await json<ScheduleChange[]>('changes', 'a')
    expect(changes.map(({ kind, by, note }) => [kind, by, note])).toEqual([
      ['deleted', 'tester', 'done'],
      ['rolled-back', 'tester', undefined],
      ['changed', 'anna', 'later'],
      ['created', 'tester', 'the first'],
    ])
  })
})
