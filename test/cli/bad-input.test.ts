import { spawn } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { BIN, commandLine, RunningCli } from './carillon.ts'
import { fakeTerminal } from './fake-terminal.ts'

const ADD = ['schedule', 'add', 'backup']
const CONFIG = `
  const payload = { '~standard': { version: 1, vendor: 'test', validate: (value) =>
    typeof value?.user === 'number' ? { value } : { issues: [{ message: 'expected a number', path: ['user'] }] } } }
  export default { jobs: [{ name: 'report', payload, handle() {} }] }`

/** What must be refused with one line on standard error, with nothing on standard output and nothing written. */
const REFUSED: readonly (readonly [
  what: string,
  argv: readonly string[],
  status: number,
  message: RegExp,
])[] = [
  [
    'an invalid expression',
    [...ADD, '--cron', '75 * * * *', '--command', 'true'],
    2,
    /minute "75" is out of range 0-59/,
  ],
  [
    'an unknown zone',
    [...ADD, '--cron', '0 2 * * *', '--timezone', 'Europe/Berlon', '--command', 'true'],
    2,
    /unknown time zone "Europe\/Berlon": did you mean "Europe\/Berlin"\?/,
  ],
  [
    'an unknown job',
    [...ADD, '--every', '1m', '--job', 'reprot'],
    2,
    /unknown job "reprot": did you mean "report"\?/,
  ],
  [
    'an over-long key',
    ['schedule', 'add', 'k'.repeat(256), '--every', '1m', '--command', 'true'],
    2,
    /key "k+….*255 characters/,
  ],
  [
    'a payload that fails its schema',
    [...ADD, '--every', '1m', '--job', 'report', '--payload', '{"user":"x"}'],
    2,
    /the payload does not fit job "report": user: expected a number/,
  ],
  [
    'a jitter of more than the wait',
    [...ADD, '--every', '1m', '--command', 'true', '--backoff', '1m', '--backoff-jitter', '1.5'],
    2,
    /--backoff-jitter "1.5" is not a number from 0 to 1/,
  ],
  [
    'a jitter of no backoff',
    [...ADD, '--every', '1m', '--command', 'true', '--backoff-jitter', '0.5'],
    2,
    /--backoff-jitter goes with --backoff/,
  ],
  [
    'malformed JSON',
    [...ADD, '--every', '1m', '--job', 'report', '--payload', '{user:1}'],
    2,
    /--payload is not JSON: .* give JSON such as '{"user": 42}'/,
  ],
  [
    'shell syntax without --shell',
    [...ADD, '--every', '1m', '--command', 'a | b'],
    2,
    /shell syntax, \| at position 2 .* add --shell/,
  ],
  [
    'a variable before the program',
    [...ADD, '--every', '1m', '--command', 'A=1 ls'],
    2,
    /--command begins with a variable, A=…, .*: give it as --env A=…/,
  ],
  [
    'a duration that is none',
    [...ADD, '--every', '1m', '--catch-up', '5x', '--command', 'true'],
    2,
    /--catch-up "5x" is not a duration: give one such as "90s"/,
  ],
  [
    'a schedule without a recurrence',
    [...ADD, '--command', 'true'],
    2,
    /exactly one of cron, every and at; none was given/,
  ],
  ['a schedule without work', [...ADD, '--every', '1m'], 2, /needs one of --job, --command and -- <program>/],
  [
    'an expression without quotes',
    [...ADD, '--command', 'true', '--cron', '0', '2', '*'],
    2,
    /too many arguments: .* an expression in quotes/,
  ],
  [
    'an empty namespace',
    [...ADD, '--every', '1m', '--command', 'true', '--namespace', ''],
    2,
    /a namespace has 1 to 255 characters/,
  ],
  ['an unknown option', [...ADD, '--evry', '1m'], 2, /unknown option "--evry": did you mean "--every"\?/],
  ['a dispatch of nothing', ['dispatch', '0'], 1, /dispatching 0 seconds ahead would hand over nothing/],
  ['a dispatch into the past', ['dispatch', '-60'], 1, /dispatching -60 seconds ahead/],
  [
    'a database that is not there',
    ['schedule', 'list'],
    1,
    /there is no database at sqlite:\.\/carillon\.db/,
  ],
  [
    'a folder that is not there',
    [...ADD, '--every', '1m', '--command', 'true', '--database', 'sqlite:./nowhere/x.db'],
    1,
    /database sqlite:\.\/nowhere\/x\.db: the database file cannot be opened/,
  ],
  [
    'an address that is none',
    ['schedule', 'list', '--database', 'mongo://u:secret@h/x'],
    2,
    /"mongo:\/\/u@h\/x" is not a database address/,
  ],
  [
    'a config file that is not there',
    ['start', '--config', 'nope.ts'],
    2,
    /config file nope\.ts: there is no such file/,
  ],
]

describe('bad input', () => {
  it.concurrent.each(REFUSED)('is refused with nothing written: %s', async (_what, argv, status, message) => {
    using cli = commandLine()
    writeFileSync(cli.folder.file('carillon.config.mjs'), CONFIG)

    const human = await cli.run(...argv)
    expect(human).toMatchObject({ status, stdout: '' })
    expect(human.stderr).toMatch(/^carillon: [^\n]+\n$/)
    expect(human.stderr).toMatch(message)

    const terminal = fakeTerminal({ cwd: cli.folder.path })
    expect(await run(['--json', ...argv], terminal)).toBe(status)
    expect(terminal.printed).toBe('')
    const { error } = JSON.parse(terminal.complained) as { error: { code: string; message: string } }
    expect(error.message).toMatch(message)
    expect(error.code).toMatch(/^[A-Z_]+$/)

    expect(readdirSync(cli.folder.path)).toEqual(['carillon.config.mjs'])
  })

  it('leaves a file alone that is no database', async () => {
    using cli = commandLine()
    const file = cli.folder.file('notes.txt')
    writeFileSync(file, 'not a database, but long enough to be taken for one at first sight. '.repeat(100))
    const before = readFileSync(file)

    for (const argv of [
      ['schedule', 'list'],
      ['start'],
      ['migrate'],
      [...ADD, '--every', '1m', '--command', 'true'],
    ]) {
      expect(await cli.run(...argv, '--database', 'sqlite:./notes.txt')).toEqual({
        status: 1,
        stdout: '',
        stderr: 'carillon: database sqlite:./notes.txt: the file is not an SQLite database\n',
      })
    }
    expect(readFileSync(file)).toEqual(before)
  })

  it('leaves a database alone that a newer version has written', async () => {
    using cli = commandLine()
    expect(await cli.run('migrate')).toMatchObject({ status: 0 })
    const database = new DatabaseSync(cli.folder.file('carillon.db'))
    database.exec(`insert into carillon_migrations (name, timestamp) values ('9999-future', '2030-01-01')`)
    const version = () => database.prepare('pragma data_version').get()
    const before = version()

    for (const argv of [
      ['schedule', 'list'],
      ['start'],
      ['migrate'],
      ['migrate', '--dry-run'],
      [...ADD, '--every', '1m', '--command', 'true'],
    ]) {
      const { status, stdout, stderr } = await cli.run(...argv)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(
        /was written by a newer version of Carillon \(it has migration 9999-future\): install that version/,
      )
    }
    expect(version()).toEqual(before)
    database.close()
  })

  it('changes nothing in a database that is there', async () => {
    using folder = temporaryFolder()
    const env = { CARILLON_DATABASE: `sqlite:${folder.file('carillon.db')}` }
    const carillon = async (...argv: string[]) => {
      const terminal = fakeTerminal({ cwd: folder.path, env })
      const status = await run(argv, terminal)
      return { status, stdout: terminal.printed, stderr: terminal.complained }
    }
    const added = await carillon(...ADD, '--every', '1h', '--command', 'true', '--json')
    expect(added.status).toBe(0)

    const edit = ['schedule', 'edit', 'backup']
    for (const change of [['--cron', '75 * * * *'], ['--timeout', '0'], ['--job', 'nope'], []]) {
      expect(await carillon(...edit, ...change)).toMatchObject({ status: 2, stdout: '' })
    }
    const late = await carillon(...edit, '--revision', '7', '--note', 'x')
    expect(late).toMatchObject({ status: 1, stdout: '' })
    expect(late.stderr).toContain('schedule "backup" is at revision 1, not 7')

    for (const command of ['show', 'edit', 'pause', 'resume', 'trigger', 'history', 'delete']) {
      const options = command === 'edit' ? ['--note', 'x'] : []
      const { status, stdout, stderr } = await carillon('schedule', command, 'nope', ...options)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toBe('carillon: no schedule has the key "nope" in namespace "default"\n')
    }
    const { stdout } = await carillon('schedule', 'list', '--json')
    expect(JSON.parse(stdout)).toEqual([JSON.parse(added.stdout)])
  })
})

describe('standard output that is full', () => {
  it.each([[['next', '* * * * *']], [['next', '* * * * *', '--json']], [['--help']]])(
    'is told in one line, with status 1: %j',
    async (argv) => {
      using cli = commandLine()
      const line = `exec "$0" "$@" > /dev/full`
      const { status, stdout, stderr } = await new RunningCli(
        spawn('/bin/sh', ['-c', line, process.execPath, BIN, ...argv], { cwd: cli.folder.path }),
        argv,
      ).ended

      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(/^[^\n]*standard output cannot be written: ENOSPC[^\n]*\n$/)
    },
  )
})

describe('a config file with a fault', () => {
  it.concurrent.each([
    ['export default {', /config file carillon\.config\.ts, line 1: Unexpected token/],
    [
      `\nthrow new Error('DATABASE_URL is not set')`,
      /config file carillon\.config\.ts, line 2: DATABASE_URL is not set/,
    ],
    [`import 'nope'\nexport default {}`, /config file carillon\.config\.ts: Cannot find package 'nope'/],
    [
      'export const config = {}',
      /config file carillon\.config\.ts: it has no default export that is an object/,
    ],
    [
      `export default { databse: 'sqlite:x' }`,
      /config file carillon\.config\.ts: unknown option "databse": did you mean "database"\?/,
    ],
    [`export default { ahead: '5x' }`, /config file carillon\.config\.ts: ahead "5x" is not a duration/],
    ['export default { jobs: {} }', /config file carillon\.config\.ts: jobs is not a list of jobs/],
  ])('is told with the file and the cause: %s', async (text, message) => {
    using cli = commandLine()
    writeFileSync(cli.folder.file('carillon.config.ts'), text)

    const { status, stdout, stderr } = await cli.run('start')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^carillon: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect(readdirSync(cli.folder.path)).toEqual(['carillon.config.ts'])
  })
})
