import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { Carillon, type Schedule } from '../../src/index.ts'
import { BIN, commandLine, RunningCli } from './carillon.ts'
import { commandLineWithin } from './command-line-within.ts'
import { fakeTerminal } from './fake-terminal.ts'

interface Imported {
  readonly dryRun: boolean
  readonly created: readonly string[]
  readonly changed: readonly string[]
  readonly unchanged: readonly string[]
  readonly refused: number
  readonly warnings: readonly { line?: number; code: string; isRefused: boolean }[]
}

const CRONTAB = `# nightly
CRON_TZ=Europe/Berlin
HOME=/srv
PATH=/usr/bin:/bin
30 2 * * * pg_dump app
0 0 */2 * 1 odd
`
const KEYS = ['pg-dump-app-08ccc416', 'odd-d77ab0c2']
const counts = ({ created, changed, unchanged }: Imported) => [
  created.length,
  changed.length,
  unchanged.length,
]

describe('carillon schedule import', () => {
  it('stores the lines of a crontab once, however often it is imported, and tells what differs', async () => {
    using cli = commandLine()
    writeFileSync(cli.folder.file('jobs'), CRONTAB)

    const first = await cli.run('schedule', 'import', 'jobs')
    expect(first.status).toBe(0)
    const [odd, dump] = [KEYS[1]!, KEYS[0]!]
    expect(first.stdout).toBe(`KEY                   CHANGE   WHEN
${dump}  created  30 2 * * * in Europe/Berlin
${odd}          created  0 0 */2 * +1 in Europe/Berlin

Differs: to cron */2 is a star, so that both day fields have to match; here either would do.
  line 6: 0 0 */2 * 1 odd
  to do: nothing: it is taken over with a + before the day of week, +1, which asks for both

2 created, 0 changed, 0 unchanged.
`)
    expect(first.stderr).toContain('carillon start --allow-commands')

    const before = await cli.json<Schedule[]>('schedule', 'list')
    const again = await cli.json<Imported>('schedule', 'import', 'jobs')
    expect(again).toMatchObject({ created: [], changed: [], unchanged: KEYS, refused: 0, dryRun: false })
    expect(await cli.json('schedule', 'list')).toEqual(before)
    expect(before.map(({ key, revision }) => [key, revision])).toEqual([
      [odd, 1],
      [dump, 1],
    ])
  })

  it('changes a line whose time changed, and keeps what a crontab cannot say', async () => {
    using cli = commandLineWithin()
    const [dump] = KEYS as [string, string]
    writeFileSync(cli.folder.file('jobs'), CRONTAB)
    await cli.run('schedule', 'import', 'jobs')
    await cli.run('schedule', 'edit', dump, '--timeout', '2h', '--retries', '3', '--note', 'mine')
    await cli.run('schedule', 'pause', dump)
    expect(counts(await cli.json<Imported>('schedule', 'import', 'jobs'))).toEqual([0, 0, 2])

    writeFileSync(cli.folder.file('jobs'), CRONTAB.replace('30 2', '45 3'))
    expect(await cli.json('schedule', 'import', 'jobs')).toMatchObject({
      changed: [dump],
      unchanged: [KEYS[1]],
    })
    expect(await cli.json('schedule', 'show', dump)).toMatchObject({
      cron: '45 3 * * *',
      state: 'paused',
      timeoutMs: 7_200_000,
      retries: 3,
      note: 'mine',
    })
  })

  it('writes nothing on a dry run, not even a database', async () => {
    using cli = commandLineWithin()
    writeFileSync(cli.folder.file('jobs'), CRONTAB)

    const told = await cli.run('schedule', 'import', 'jobs', '--dry-run')
    expect(told.status).toBe(0)
    expect(told.stdout).toMatch(/^It would be 2 created, 0 changed, 0 unchanged\. Nothing was written\.$/m)
    expect(readdirSync(cli.folder.path)).toEqual(['jobs'])

    await cli.run('schedule', 'import', 'jobs')
    const before = await cli.json('schedule', 'list')
    writeFileSync(cli.folder.file('jobs'), `${CRONTAB.replace('30 2', '45 3')}@daily new\n`)
    const dry = await cli.json<Imported>('schedule', 'import', 'jobs', '--dry-run')
    expect(dry).toMatchObject({ dryRun: true, changed: [KEYS[0]], unchanged: [KEYS[1]] })
    expect(dry.created).toHaveLength(1)
    expect(await cli.json('schedule', 'list')).toEqual(before)
  })

  it('leaves out lines that it cannot read, says so, and ends with status 1', async () => {
    using cli = commandLineWithin()
    writeFileSync(cli.folder.file('jobs'), `${CRONTAB}@reboot start\n61 * * * * x\n`)

    const { status, stdout } = await cli.run('schedule', 'import', 'jobs')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^Left out: a schedule that outlives its servers .*\n  line 7: @reboot start\n  to do: start it with the machine/m,
    )
    expect(stdout).toMatch(/^Left out: minute "61" is out of range 0-59 .*\n  line 8: 61 \* \* \* \* x\n/m)
    expect(stdout).toMatch(/\n2 created, 0 changed, 0 unchanged; 2 lines left out\.\n$/)
    expect(await cli.json('schedule', 'list')).toHaveLength(2)
  })

  it('tells the same of several lines once', async () => {
    using cli = commandLineWithin()
    writeFileSync(cli.folder.file('jobs'), 'HOME=/\nPATH=/bin\n@daily root a\n@daily joe b\n@daily root c\n')
    const { stdout } = await cli.run('schedule', 'import', 'jobs', '--system')
    expect(stdout).toContain('runs it as root; Carillon')
    expect(stdout).toContain(
      '  line 3: @daily root a\n  line 5: @daily root c\n  to do: start a server as root',
    )
  })

  it('reads standard input, in a zone, a group and a namespace', async () => {
    using cli = commandLine()
    const argv = [
      'schedule',
      'import',
      '-',
      '--timezone',
      'Asia/Tokyo',
      '--group',
      'old',
      '--namespace',
      'acme',
    ]
    const child = spawn(process.execPath, [BIN, '--json', ...argv], { cwd: cli.folder.path })
    child.stdin.end('@daily a\n')
    const { status, stdout } = await new RunningCli(child, argv).ended
    expect({ status, answer: JSON.parse(stdout) as unknown }).toMatchObject({
      status: 0,
      answer: { from: 'crontab' },
    })
    expect(await cli.json('schedule', 'list', '--namespace', 'acme')).toMatchObject([
      { group: 'old', timezone: 'Asia/Tokyo', cron: '@daily', dst: 'vixie' },
    ])
    expect(await cli.json('schedule', 'list')).toEqual([])
  })

  it('makes lines a job of the config file, whose schema is asked before anything is written', async () => {
    using cli = commandLineWithin()
    const validate = `(v) => (v.command.startsWith('ok') ? { value: v } : { issues: [{ message: 'not ok' }] })`
    writeFileSync(
      cli.folder.file('carillon.config.mjs'),
      `const payload = { '~standard': { version: 1, vendor: 'test', validate: ${validate} } }
       export default { jobs: [{ name: 'run', payload, handle() {} }] }`,
    )
    writeFileSync(cli.folder.file('jobs'), '@daily ok a\n@daily b\n')

    const refused = await cli.run('schedule', 'import', 'jobs', '--job', 'run')
    expect(refused).toMatchObject({ status: 2, stdout: '' })
    expect(refused.stderr).toMatch(
      /schedule 1 \(b-[0-9a-f]{8}\): the payload does not fit job "run": .*not ok/,
    )
    expect(existsSync(cli.folder.file('carillon.db'))).toBe(false)

    writeFileSync(cli.folder.file('jobs'), '@daily ok a\n')
    await cli.run('schedule', 'import', 'jobs', '--job', 'run')
    expect(await cli.json('schedule', 'list')).toMatchObject([{ job: 'run', payload: { command: 'ok a' } }])
  })

  it('runs what cron would run: shell, input, folder and variables', async () => {
    using cli = commandLine()
    writeFileSync(
      cli.folder.file('jobs'),
      'HOME=/usr\nWHO=you\n@yearly echo "$WHO $(pwd)" | tr a-z A-Z\nSHELL=/bin/bash\n@yearly cat - <(echo "${WHO^^}")%one%two \\% three\n',
    )
    const { created } = await cli.json<Imported>('schedule', 'import', 'jobs')
    await using cron = await Carillon.open({
      database: `sqlite:${cli.folder.file('carillon.db')}`,
      allowCommands: true,
      logger: { info() {}, warn() {}, error() {} },
    })
    await cron.start()
    const outputs: unknown[] = []
    for (const key of created) {
      const [run] = await cli
        .json<{ result: unknown }[]>('schedule', 'trigger', key, '--wait')
        .then(() => cli.json<{ result: unknown }[]>('schedule', 'history', key))
      outputs.push(run!.result)
    }
    expect(outputs).toMatchObject([{ output: 'YOU /USR\n' }, { output: 'one\ntwo % three\nYOU\n' }])
  })
})

/** What is no crontab and no export, refused with one line and nothing written. */
const NONSENSE: readonly (readonly [
  what: string,
  content: string | Buffer,
  message: RegExp,
  argv?: readonly string[],
])[] = [
  ['a program', readFileSync(process.execPath).subarray(0, 100_000), /jobs is no text: it holds NUL/],
  [
    'text in Latin-1',
    Buffer.from('@daily caf\xe9\n', 'latin1'),
    /is not UTF-8; convert it first, with iconv/,
  ],
  ['one huge line', `0 3 * * * ${'x'.repeat(5_000_000)}\n`, /5000010 characters; 32768 are the most/],
  [
    'prose',
    'once upon a time\nthere was a cron\n',
    /nothing can be imported: line 1, "once upon a time".*1 more/,
  ],
  ['only @reboot', '@reboot x\n', /nothing can be imported: line 1, "@reboot x": .*systemd/],
  ['a JSON document that breaks off', '{"carillon": 1, "schedules": [{"key', /it is not JSON/],
  ['another JSON document', '[1, 2]', /no "carillon" with the version/],
  ['JSON said to be a crontab', '{"carillon": 1}', /nothing can be imported/, ['--from', 'crontab']],
  ['a crontab said to be JSON', '@daily x\n', /it is not JSON/, ['--from', 'json']],
  [
    'JSON with options of crontabs',
    '{"carillon":1,"schedules":[]}',
    /--system goes with a crontab/,
    ['--system'],
  ],
  [
    'a schedule with a fault among good ones',
    JSON.stringify({
      carillon: 1,
      schedules: [
        { key: 'a', every: '1h', job: 'command', payload: { program: 'x' } },
        { key: 'b', cron: '75 * * * *', job: 'command', payload: { program: 'x' } },
      ],
    }),
    /schedule 1 \(b\): minute "75" is out of range/,
  ],
  ['an unknown format', '', /--from "cron" is not one of crontab, json/, ['--from', 'cron']],
  ['an unknown zone', '@daily x\n', /unknown time zone "Europe\/Berlon"/, ['--timezone', 'Europe/Berlon']],
  ['an unknown job', '@daily x\n', /unknown job "nope"/, ['--job', 'nope']],
]

describe('nonsense', () => {
  it.each(NONSENSE.map(([what, content, message, argv = []]) => ({ what, content, message, argv })))(
    'is refused with nothing written: $what',
    async ({ content, message, argv }) => {
      using cli = commandLineWithin()
      writeFileSync(cli.folder.file('jobs'), content)

      const human = await cli.run('schedule', 'import', 'jobs', ...argv)
      expect(human).toMatchObject({ status: 2, stdout: '' })
      expect(human.stderr).toMatch(message)
      expect(human.stderr).toMatch(/^carillon: [^\n]+\n$/)
      expect(human.stderr.length).toBeLessThan(700)
      expect(readdirSync(cli.folder.path)).toEqual(['jobs'])
    },
  )

  it('is told from what is only unusual: Windows, a byte order mark, no last line end, nothing at all', async () => {
    using cli = commandLineWithin()
    writeFileSync(cli.folder.file('jobs'), '\uFEFF# x\r\n@daily a\r\n@daily b')
    const { created, warnings } = await cli.json<Imported>('schedule', 'import', 'jobs')
    expect(created).toHaveLength(2)
    expect(warnings.map(({ code }) => code)).toEqual(['line-ends', 'environment', 'last-line'])

    writeFileSync(cli.folder.file('empty'), '')
    expect((await cli.run('schedule', 'import', 'empty')).stdout).toBe('0 created, 0 changed, 0 unchanged.\n')
    for (const [name, message] of [
      ['nowhere', /nowhere cannot be read: there is no such file/],
      ['.', /\. cannot be read: it is a folder/],
    ] as const)
      expect(await cli.run('schedule', 'import', name)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(message) as string,
      })
  })

  it('that comes in pieces is read as a whole', async () => {
    const stdin = ['0 3 * * * echo ', Buffer.from([0xc3]), Buffer.from([0xa9]), '\n@dai', 'ly x\n']
    const terminal = fakeTerminal({ stdin })
    const argv = ['--json', '--database', 'sqlite::memory:', 'schedule', 'import', '-', '--dry-run']
    expect(await run(argv, terminal)).toBe(0)
    expect(counts(JSON.parse(terminal.printed) as Imported)).toEqual([2, 0, 0])
  })
})

describe('carillon schedule export', () => {
  async function some(cli: ReturnType<typeof commandLineWithin>) {
    const dump = ['--cron', '30 2 * * *', '--timezone', 'Europe/Berlin', '--dst', 'vixie']
    await cli.run('schedule', 'add', 'dump', ...dump, '--', 'pg_dump', '-f', '50% done', 'app')
    await cli.run('schedule', 'add', 'often', '--every', '15m', '--group', 'g', '--paused', '--', 'true')
    await cli.run('schedule', 'add', 'precise', '--cron', '30 * * * * *', '--retries', '2', '--', 'true')
  }

  it('writes JSON that stores the same elsewhere, and changes nothing here', async () => {
    using cli = commandLineWithin()
    await some(cli)
    const { status, stdout } = await cli.run('schedule', 'export')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^\{ "carillon": 1, "schedules": \[\n(\{.*\},\n){2}\{.*\}\n\] \}\n$/)
    expect((await cli.run('--json', 'schedule', 'export')).stdout).toBe(stdout)

    writeFileSync(cli.folder.file('all.json'), stdout)
    expect(counts(await cli.json<Imported>('schedule', 'import', 'all.json'))).toEqual([0, 0, 3])
    const elsewhere = ['--database', `sqlite:${cli.folder.file('other.db')}`]
    expect(counts(await cli.json<Imported>('schedule', 'import', 'all.json', ...elsewhere))).toEqual([
      3, 0, 0,
    ])
    expect((await cli.run('schedule', 'export', ...elsewhere)).stdout).toBe(stdout)
    expect(await cli.json('schedule', 'show', 'often', ...elsewhere)).toMatchObject({
      state: 'paused',
      group: 'g',
    })
  })

  it('writes a crontab, with what is lost and left out', async () => {
    using cli = commandLineWithin()
    await some(cli)
    const { status, stdout, stderr } = await cli.run('schedule', 'export', '--format', 'crontab')
    expect(status).toBe(0)
    expect(stdout.slice(stdout.indexOf('\n\nCRON_TZ'))).toBe(`

CRON_TZ=Europe/Berlin

# dump
30 2 * * * pg_dump -f '50\\% done' app

# often
# left out: it is paused

# precise
# left out: it fires at second 30, and cron knows minutes only
`)
    expect(stderr).toContain('1 schedule written, 2 left out: see the comments in it.')

    const json = await cli.json<{ text: string; warnings: object[] }>(
      'schedule',
      'export',
      '--format',
      'crontab',
    )
    expect(json).toMatchObject({ format: 'crontab', exported: 1, leftOut: 2, partly: 0, text: stdout })
    expect(json.warnings).toMatchObject([{ key: 'often' }, { key: 'precise' }])
  })

  it('writes one group, into a file that is there as a whole or as it was', async () => {
    using cli = commandLineWithin()
    await some(cli)
    const told = await cli.run('schedule', 'export', '--group', 'g', '--file', 'g.json')
    expect(told).toMatchObject({ status: 0, stdout: 'g.json: 1 schedule written.\n' })
    const document = JSON.parse(readFileSync(cli.folder.file('g.json'), 'utf8')) as { schedules: object[] }
    expect(document.schedules).toMatchObject([{ key: 'often', active: false }])

    const failed = await cli.run('schedule', 'export', '--file', 'nowhere/all.json')
    expect(failed).toMatchObject({ status: 1, stdout: '' })
    expect(failed.stderr).toContain('nowhere/all.json cannot be written')
    expect(readdirSync(cli.folder.path).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('leaves out what cannot be read, and says so by its status; and what code declares', async () => {
    using cli = commandLineWithin()
    await some(cli)
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(cli.folder.file('carillon.db'))
    database.exec(`update carillon_schedules set definition = '{' where key = 'dump'`)
    database.exec(`update carillon_schedules set origin = 'code' where key = 'precise'`)
    database.close()

    const { status, stdout, stderr } = await cli.run('schedule', 'export')
    expect(status).toBe(1)
    expect((JSON.parse(stdout) as { schedules: object[] }).schedules).toMatchObject([{ key: 'often' }])
    expect(stderr).toContain('1 schedule written, 1 left out, 1 declared by code left out: dump (')
  })

  it('needs no memory for all schedules at once', { timeout: 90_000 }, async () => {
    using cli = commandLine()
    const database = `sqlite:${cli.folder.file('carillon.db')}`
    await using cron = await Carillon.open({ database })
    const payload = { program: 'true', args: ['x'.repeat(24_000)] }
    await cron.scheduleMany(
      Array.from({ length: 7_000 }, (_, i) => ({ key: `k${i}`, every: '1w', job: 'command', payload })),
    )

    const argv = ['schedule', 'export', '--database', database, '--file', 'all.json']
    const child = spawn(process.execPath, ['--max-old-space-size=96', BIN, ...argv], { cwd: cli.folder.path })
    expect(await new RunningCli(child, argv).ended).toEqual({
      status: 0,
      stdout: 'all.json: 7000 schedules written.\n',
      stderr: '',
    })
    expect(statSync(cli.folder.file('all.json')).size).toBeGreaterThan(168_000_000)
  })
})
