import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

const folder = temporaryFolder()
const project = folder.file('project')
let tarball: string

function run(program: string, args: readonly string[], cwd = ROOT): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function tool(name: string, ...args: string[]): string {
  return run(process.execPath, [join(ROOT, 'node_modules', '.bin', name), ...args])
}

/** The packed tarball, unpacked into a project as an installation would. */
beforeAll(() => {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path]),
  ) as [{ filename: string }]
  tarball = folder.file(packed.filename)

  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'carillon'), { recursive: true })
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'carillon')])
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
})
afterAll(() => folder[Symbol.dispose]())

describe('the packed package', () => {
  it('is sound to those who install it', { timeout: 60_000 }, () => {
    expect(tool('publint', 'run', tarball, '--strict', '--level', 'warning')).toMatch(/All good/)
    // It ends with a status that is not 0, and so throws, when an import would find no types or wrong ones.
    expect(tool('attw', tarball, '--profile', 'esm-only')).toContain('carillon/testing')
  })

  it.each([
    [
      'carillon',
      [
        'Carillon',
        'CronExpression',
        'databaseQueue',
        'defineJob',
        'defineConfig',
        'CronSyntaxError',
        'verifySignature',
        'webhookJob',
      ],
    ],
    ['carillon/client', ['CarillonApiError', 'createClient', 'NoAnswerError']],
    ['carillon/cron', ['CronExpression']],
    ['carillon/testing', ['lockContract', 'ManualClock', 'queueContract']],
    ['carillon/http', ['signToken']],
    ['carillon/metrics/opentelemetry', ['openTelemetry']],
    ['carillon/metrics/prometheus', ['prometheusMetrics']],
    ['carillon/lock/database', ['databaseLocks']],
    ['carillon/lock/memcached', ['memcachedLocks']],
    ['carillon/lock/memory', ['memoryLocks']],
    ['carillon/lock/redis', ['redisLocks']],
    ['carillon/queue/bullmq', ['bullmqQueue', 'messageOfJob']],
    ['carillon/queue/pg-boss', ['messageOfJob', 'pgBossQueue']],
    ['carillon/queue/rabbitmq', ['rabbitmqQueue']],
  ])('offers %s', (specifier, names) => {
    const program = `console.log(JSON.stringify(Object.keys(await import('${specifier}'))))`
    const offered = JSON.parse(
      run(process.execPath, ['--input-type=module', '-e', program], project),
    ) as string[]

    expect(offered).toEqual(expect.arrayContaining(names))
  })

  it('brings a command line that runs', () => {
    const bin = join(project, 'node_modules', 'carillon', 'dist', 'cli', 'bin.js')
    const next = run(process.execPath, [
      bin,
      'next',
      '0 2 * * *',
      '--after',
      '2026-03-28T12:00:00Z',
      '--count',
      '1',
      '--json',
    ])

    expect(next).toContain('2026-03-29T02:00:00.000Z')
  })

  it('keeps its tests and fixtures to itself', () => {
    const files = run('tar', ['-tzf', tarball]).split('\n')

    expect(files.filter((file) => /\.test\.|fixtures|\.tsbuildinfo/.test(file))).toEqual([])
    expect(files).toContain('package/dist/index.d.ts')
    expect(files).toContain('package/README.md')
  })
})
