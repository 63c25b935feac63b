import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Carillon, defineJob, type Occurrence } from '../../src/index.ts'
import { until } from '../support/until.ts'
import { BIN, commandLine } from './carillon.ts'

type History = readonly (Pick<Occurrence, 'state' | 'attempt' | 'server' | 'error'> & {
  readonly result: unknown
})[]

const OLD_NODE = '/usr/bin/node'

describe('carillon start', () => {
  it('tells what it runs, runs what is added meanwhile, and ends on Ctrl-C with status 0', async () => {
    using cli = commandLine()
    const server = cli.start(['start', '--allow-commands'])
    await server.shows('Nothing is due: add a schedule')
    expect(server.stdout).toMatch(/database +sqlite:\.\/carillon\.db \(\/.*carillon\.db\)\n/)
    expect(server.stdout).toMatch(/roles +dispatch, work\n/)
    expect(server.stdout).toMatch(/commands +allowed: schedules in this database run programs as this user\n/)

    await cli.run('schedule', 'add', 'hello', '--every', '1s', '--command', 'echo hello there')
    await server.shows(/hello begins/)
    await server.shows(/hello succeeded/)

    server.interrupt()
    const { status, stderr } = await server.ended
    expect({ status, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({ status: 0, last: 'Stopped.' })

    const history = (await cli.run('schedule', 'history', 'hello', '--state', 'succeeded', '--limit', '1'))
      .stdout
    expect(history).toMatch(/^DUE \(UTC\) +OUTCOME +LATE +TOOK +ATTEMPT +SERVER +RUN +DETAILS\n/)
    expect(history).toMatch(/(\d seconds? ago|now) +succeeded +.* +1 +\S+ +\S+ +hello there\n$/)
  })

  it('prints one JSON value and logs JSON lines with --json', async () => {
    using cli = commandLine()
    const added = await cli.json<object>('schedule', 'add', 'fail', '--every', '1s', '--command', 'false')
    expect(added).toMatchObject({ job: 'command' })

    const server = cli.start(['start', '--allow-commands', '--json'])
    await server.shows('a run failed')
    server.interrupt('SIGTERM')
    const { status, stdout, stderr } = await server.ended

    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      database: 'sqlite:./carillon.db',
      roles: ['dispatch', 'work'],
      jobs: ['command'],
      next: [{ key: 'fail', job: 'command' }],
    })
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { message: string; key?: string })
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'a run begins', key: 'fail' }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'a run failed', key: 'fail' }),
    )
  })

  it('lets a run end on the first Ctrl-C, and aborts it on the second', async () => {
    using cli = commandLine()
    const waits = ['--at', '2040-01-01T00:00:00Z', '--shell', '--command']
    await cli.run('schedule', 'add', 'short', ...waits, 'while [ ! -e go ]; do sleep 0.05; done')
    await cli.run('schedule', 'add', 'long', ...waits, 'sleep 300')

    const patient = cli.start(['start', '--allow-commands'])
    await patient.shows('Ctrl-C stops it.')
    await cli.run('schedule', 'trigger', 'short')
    await patient.shows('short begins')
    patient.interrupt()
    await patient.shows('stopping; 1 run under way may take up to 30s')
    writeFileSync(cli.folder.file('go'), '')
    expect(await patient.ended).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('short succeeded') as string,
    })

    const hasty = cli.start(['start', '--allow-commands'])
    await hasty.shows('Ctrl-C stops it.')
    await cli.run('schedule', 'trigger', 'long')
    await hasty.shows('long begins')
    hasty.interrupt()
    await hasty.shows('stopping; 1 run under way')
    const nagging = setInterval(() => hasty.interrupt(), 500)
    const { status, stderr } = await hasty.ended
    clearInterval(nagging)
    expect(status).toBe(130)
    expect(stderr).toContain('long given back')
    expect(await cli.json<History>('schedule', 'history', 'long')).toMatchObject([
      { state: 'planned', attempt: 1 },
    ])
  })

  it('runs no command unless that is allowed', async () => {
    using cli = commandLine()
    const server = cli.start(['start'])
    await server.shows(/commands +not allowed/)

    await cli.run('schedule', 'add', 'touch', '--at', '2040-01-01T00:00:00Z', '--command', 'touch was-here')
    const triggered = cli.start(['schedule', 'trigger', 'touch', '--wait'])
    await triggered.shows('No server has begun it yet')
    expect(existsSync(cli.folder.file('was-here'))).toBe(false)
    expect(await cli.json<History>('schedule', 'history', 'touch')).toMatchObject([
      { state: 'planned', attempt: 0 },
    ])
  })

  it('has trigger --wait tell what it waits for, each time that changes, but not with --json', async () => {
    using cli = commandLine()
    const server = cli.start(['start', '--allow-commands'])
    await server.shows('Ctrl-C stops it.')
    const how = ['--at', '2040-01-01T00:00:00Z', '--retries', '1', '--backoff', '4s', '--shell']
    await cli.run('schedule', 'add', 'k', ...how, '--command', 'test -e ran && sleep 1; touch ran; exit 3')

    const { status, stderr } = await cli.run('schedule', 'trigger', 'k', '--wait')
    expect(status).toBe(1)
    expect(stderr.split('\n').filter((line) => !line.startsWith('database: '))).toEqual([
      expect.stringMatching(/^Attempt 1 failed: .* status 3\. It waits for its next attempt until 2\d{3}-/),
      expect.stringMatching(/^Attempt 2 runs on /),
      '',
    ])

    await cli.run('schedule', 'edit', 'k', '--retries', '0', '--shell', '--command', 'sleep 3')
    const quiet = await cli.run('schedule', 'trigger', 'k', '--wait', '--json')
    expect(quiet).toMatchObject({ status: 0, stderr: '' })
  })

  it('runs the jobs of a config file in TypeScript, also one that Node alone cannot read', async () => {
    using cli = commandLine()
    writeFileSync(
      cli.folder.file('carillon.config.ts'),
      `enum Word { Done = 'done' }
       export default { database: 'sqlite:./own.db', jobs: [{ name: 'work', handle: ({ payload }) => ({ word: Word.Done, payload }) }] }`,
    )
    const server = cli.start(['start'])
    await server.shows(/jobs +work\n/)

    await cli.run(
      'schedule',
      'add',
      'k',
      '--at',
      '2040-01-01T00:00:00Z',
      '--job',
      'work',
      '--payload',
      '{"n":1}',
    )
    const { stdout, status } = await cli.run('schedule', 'trigger', 'k', '--wait')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^k succeeded\n[^]*result +\{"word":"done","payload":\{"n":1\}\}/)
    expect(existsSync(cli.folder.file('own.db'))).toBe(true)
  })

  // Where the system's Node is new enough there is no old one to refuse.
  it.skipIf(!isOld(OLD_NODE))('asks for a newer Node on an old one', async () => {
    using cli = commandLine()
    const { status, stdout, stderr } = await cli.start(['--version'], OLD_NODE).ended

    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(
      /^carillon: Node 24 or later is needed, and this is Node \d+\.\d+\.\d+ \(\/usr\/bin\/node\)\n$/,
    )
    expect(readFileSync(BIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

describe('a command', () => {
  it('is ended with its children when it takes too long', async () => {
    using cli = commandLine()
    const server = cli.start(['start', '--allow-commands'])
    await server.shows('Ctrl-C stops it.')

    const line = 'sleep 300 & echo $! > child; echo waiting; wait'
    const options = ['--at', '2040-01-01T00:00:00Z', '--timeout', '500ms']
    await cli.run('schedule', 'add', 'slow', ...options, '--shell', '--command', line)
    const { status, stdout } = await cli.run('schedule', 'trigger', 'slow', '--wait')

    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^slow failed\n[^]*error +the run took longer than its timeout of 500ms\n[^]*output:\nwaiting\n$/,
    )
    const child = Number(readFileSync(cli.folder.file('child'), 'utf8'))
    await until('the child is gone', () => !isAlive(child))
  })
})

describe('carillon work', () => {
  it('shares the load with others on the same database', async () => {
    using cli = commandLine()
    writeFileSync(
      cli.folder.file('carillon.config.mjs'),
      `import { appendFileSync } from 'node:fs'
       import { setTimeout } from 'node:timers/promises'
       export default { concurrency: 4, jobs: [{ name: 'nap', handle: async ({ occurrence }) => {
         await setTimeout(20)
         appendFileSync('naps', process.pid + ' ' + occurrence.key + '\\n')
       } }] }`,
    )
    const workers = [cli.start(['work']), cli.start(['work'])]
    for (const worker of workers) await worker.shows('Ctrl-C stops it.')

    const count = 60
    const nap = defineJob('nap', { handle: () => {} })
    await using cron = await Carillon.open({
      database: `sqlite:${cli.folder.file('carillon.db')}`,
      jobs: [nap],
    })
    const at = Date.now() + 1_500
    for (let i = 0; i < count; i++) await cron.schedule({ key: `nap-${i}`, at, job: nap })

    const naps = () =>
      existsSync(cli.folder.file('naps'))
        ? readFileSync(cli.folder.file('naps'), 'utf8').trim().split('\n')
        : []
    await until(`${count} naps were taken`, () => naps().length >= count)
    for (const worker of workers) worker.interrupt()
    for (const worker of workers) expect(await worker.ended).toMatchObject({ status: 0 })

    expect(new Set(naps().map((line) => line.split(' ')[1])).size).toBe(count)
    expect(naps()).toHaveLength(count)
    expect(new Set(naps().map((line) => line.split(' ')[0])).size).toBe(2)
  })
})

function isAlive(pid: number): boolean {
  try {
    // A child that has ended and that nobody has collected yet still has an entry.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Whether there is a Node on this machine that Carillon does not run on. */
function isOld(node: string): boolean {
  if (!existsSync(node)) return false
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' })
  return Number(/^v(\d+)/.exec(version)?.[1]) < 24
}
