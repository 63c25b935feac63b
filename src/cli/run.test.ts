import { describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/cli/fake-terminal.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { run } from './run.ts'

async function carillon(...argv: string[]) {
  const terminal = fakeTerminal({ clock: new ManualClock('2026-03-28T12:00:00Z') })
  const status = await run(argv, terminal)
  return { status, printed: terminal.printed, complained: terminal.complained }
}

describe('carillon next', () => {
  it('prints what the expression says, its next instants in the zone, and what may surprise', async () => {
    const { status, printed, complained } = await carillon(
      'next',
      '30 2 * * *',
      '--timezone',
      'Europe/Berlin',
      '--count',
      '2',
    )

    expect({ status, complained }).toEqual({ status: 0, complained: '' })
    expect(printed.split('\n')).toEqual([
      'At 02:30',
      '',
      'Sun 2026-03-29 03:30:00 +02:00  in 13 hours  moved by a clock change',
      'Mon 2026-03-30 02:30:00 +02:00  in 36 hours',
      '',
      'Note: 2026-03-29 02:30 does not exist in Europe/Berlin: it fires at 2026-03-29 03:30 instead.',
      'Note: 2026-10-25 02:30 comes twice in Europe/Berlin: it fires on the first pass.',
      '',
    ])
  })

  it('prints one JSON value and nothing else with --json', async () => {
    const { printed, complained } = await carillon('next', '0 0 * * *', '--count', '1', '--json')

    expect(complained).toBe('')
    expect(JSON.parse(printed)).toEqual({
      expression: '0 0 * * *',
      timezone: 'UTC',
      description: 'At 00:00',
      instants: ['2026-03-29T00:00:00.000Z'],
      findings: [],
    })
  })

  it('begins after --after, ends with --until, and takes other rules', async () => {
    const range = ['--after', '2026-03-29T00:00:00Z', '--until', '2026-03-29T02:30:00Z']
    const { printed } = await carillon('next', '30 * * * *', ...range, '--json')
    expect((JSON.parse(printed) as { instants: string[] }).instants).toEqual([
      '2026-03-29T00:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-29T02:30:00.000Z',
    ])

    const skipped = await carillon(
      'next',
      '30 2 29 3 *',
      '--timezone',
      'Europe/Berlin',
      '--dst',
      'skip',
      '--count',
      '1',
    )
    expect(skipped.printed).toMatch(/^Mon 2027-03-29 02:30:00 \+02:00/m)
  })

  it('derives H from the key', async () => {
    const one = await carillon('next', 'H H * * *', '--key', 'backup', '--count', '1')
    const same = await carillon('next', 'H H * * *', '--key', 'backup', '--count', '1')

    expect(one.status).toBe(0)
    expect(same.printed).toBe(one.printed)
  })

  it('says so when nothing comes', async () => {
    expect((await carillon('next', '0 0 31 2 *')).printed).toBe('It never fires again.\n')
    expect((await carillon('next', '0 0 31 2 *', '--json')).printed).toContain('"instants": []')
  })
})

describe('carillon schedule', () => {
  it.each([
    ['0 0 31 2 *', /\nNo run is left\.\n\nNote: never fires: there is no such date\.\n$/],
    ['0 0 13 * FRI', /\n\nNote: .*(either|or)/],
    ['30 2 * * *', /\n\nNote: 2026-03-29 02:30 does not exist in Europe\/Berlin/],
    ['0 12 * * *', /\+0\d:00 +in \d+ (days|hours|months)\n$/],
  ])('add says what may surprise about %s, and stores it', async (expression, notes) => {
    using folder = temporaryFolder()
    const env = { CARILLON_DATABASE: `sqlite:${folder.file('carillon.db')}` }
    const terminal = fakeTerminal({ clock: new ManualClock('2026-03-28T12:00:00Z'), cwd: folder.path, env })
    const argv = [
      'schedule',
      'add',
      'k',
      '--cron',
      expression,
      '--timezone',
      'Europe/Berlin',
      '--command',
      'ls',
    ]

    expect(await run(argv, terminal)).toBe(0)
    expect(terminal.printed).toMatch(notes)
  })

  it('shows the control characters of keys and notes written out, and as they are in JSON', async () => {
    using folder = temporaryFolder()
    const env = { CARILLON_DATABASE: `sqlite:${folder.file('carillon.db')}` }
    const schedule = async (...argv: string[]) => {
      const terminal = fakeTerminal({ cwd: folder.path, env })
      const status = await run(['schedule', ...argv], terminal)
      return { status, printed: terminal.printed, complained: terminal.complained }
    }
    const key = 'k\u001B[2J\nx'
    const what = ['--every', '1h', '--note', 'a\u001B]0;t\u0007\nb', '--', 'echo', 'one\ntwo\u001B[31m']
    expect(await schedule('add', key, ...what)).toMatchObject({ status: 0 })

    for (const argv of [
      ['list'],
      ['show', key],
      ['pause', key],
      ['resume', key],
      ['trigger', key],
      ['history', key],
    ]) {
      const { status, printed } = await schedule(...argv)
      expect(status).toBe(0)
      // oxlint-disable-next-line no-control-regex
      expect(printed).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F]/)
      expect(printed).not.toMatch(/^(x|b|two)/m)
    }
    expect((await schedule('show', key)).printed).toContain(String.raw`a\x1b]0;t\x07⏎b`)
    expect(JSON.parse((await schedule('show', key, '--json')).printed)).toMatchObject({ key })
  })
})

describe('bad usage', () => {
  it.each([
    [['next', '75 * * * *'], 'minute "75" is out of range 0-59 (position 0 of "75 * * * *")'],
    [
      ['next', '* * * * *', '--timezone', 'Europ/Berlin'],
      'unknown time zone "Europ/Berlin": did you mean "Europe/Berlin"?',
    ],
    [['next', '* * * * *', '--timezoen', 'UTC'], 'unknown option "--timezoen": did you mean "--timezone"?'],
    [
      ['next', '* * * * *', '--after', 'noon'],
      '--after "noon" is not an instant: give one such as "2026-03-29T02:30:00Z"',
    ],
    [['next', '* * * * *', '--count', '0'], '--count "0" is not a whole number from 1 to 10000'],
    [
      ['next', '* * * * *', '--count', '999999999999'],
      '--count "999999999999" is not a whole number from 1 to 10000',
    ],
    [
      ['next', 'H * * * *'],
      'minute "H" needs a seed (position 0 of "H * * * *"): give the key of the schedule, as in --key backup',
    ],
    [
      ['next', '* * * * *', '--dst', 'shfit'],
      '--dst "shfit" is not one of shift, vixie, skip, literal: did you mean "shift"?',
    ],
    [['next'], 'missing required argument "expression" (see --help)'],
    [['strat'], 'unknown command "strat": did you mean "start"?'],
    [['schedule', 'lsit'], 'unknown command "lsit": did you mean "list"?'],
    [['dispatch', 'soon'], '"soon" is not a number of seconds'],
    [
      ['start', '--roles', 'dispatch,wrok'],
      '--roles "wrok" is not one of dispatch, work, tasks: did you mean "work"?',
    ],
    [
      ['schedule', 'list', '--database', 'carillon.db'],
      '"carillon.db" is not a database address: give sqlite:<file>, as in sqlite:./carillon.db, or postgres://user@host/database, or mysql://user@host/database',
    ],
  ])('carillon %j is refused with status 2 and one line', async (argv, message) => {
    expect(await carillon(...argv)).toEqual({ status: 2, printed: '', complained: `carillon: ${message}\n` })
  })

  it('is told as JSON on standard error with --json', async () => {
    const { status, printed, complained } = await carillon('--json', 'next', '75 * * * *')

    expect({ status, printed }).toEqual({ status: 2, printed: '' })
    expect(JSON.parse(complained)).toMatchObject({
      error: { code: 'CRON_SYNTAX', field: 'minute', position: 0 },
    })

    for (const argv of [['--json'], ['next', '--json'], ['next', 'x', '--nope', '--json']]) {
      const { error } = JSON.parse((await carillon(...argv)).complained) as { error: object }
      expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.any(String) as string })
    }
  })

  it('prints help on standard error when no command is given', async () => {
    for (const argv of [[], ['schedule']]) {
      const { status, printed, complained } = await carillon(...argv)
      expect({ status, printed }).toEqual({ status: 2, printed: '' })
      expect(complained).toMatch(/^Usage: carillon/)
    }
  })
})

describe('help', () => {
  it('is printed for every command, with the options that all commands take', async () => {
    for (const argv of [[], ['next'], ['start'], ['schedule', 'add'], ['schedule', 'history']]) {
      const { status, printed, complained } = await carillon(...argv, '--help')
      expect({ status, complained }).toEqual({ status: 0, complained: '' })
      expect(printed).toContain('--database <address>')
    }
  })

  it('is an answer for carillon help, too', async () => {
    for (const argv of [['help'], ['help', 'next'], ['schedule', 'help'], ['schedule', 'help', 'add']]) {
      const { status, printed, complained } = await carillon(...argv)
      expect({ status, complained }).toEqual({ status: 0, complained: '' })
      expect(printed).toMatch(/^Usage: carillon/)
    }
  })

  it('prints the version', async () => {
    expect((await carillon('--version')).printed).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
