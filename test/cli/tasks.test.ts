import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisServer } from '../support/servers/redis-server.ts'
import { until } from '../support/until.ts'
import { BIN, commandLine, ROOT, RunningCli } from './carillon.ts'

const CONFIG = `
import { appendFileSync } from 'node:fs'
import { defineConfig } from '${join(ROOT, 'dist/index.js')}'
export default defineConfig({
  tasks: {
    timezone: 'Europe/Berlin',
    environment: 'test',
    schedule(schedule) {
      schedule.call(() => 'hello').name('greet').description('says hello').everyMinute().withoutOverlapping()
      schedule.command('sh -c "echo oh no; exit 3"').name('fail').dailyAt('13:00').weekdays()
      schedule.call(() => appendFileSync('out.txt', 'x' + process.pid + ' ')).name('own').everyMinute().runInBackground()
      schedule.call(() => {}).name('elsewhere').everyMinute().environments('production')
      schedule.command('true').name('kept').cron('0 3 * * *').store()
    },
  },
})
`

function withConfig(text = CONFIG) {
  const cli = commandLine()
  writeFileSync(cli.folder.file('carillon.config.ts'), text)
  return cli
}

describe('carillon tasks', () => {
  it('lists what there is: when it runs, in its zone, and who has its lock', async () => {
    using cli = withConfig()
    await cli.run('tasks', 'test', 'greet')
    const { stdout, status } = await cli.run('tasks', 'list')
    expect(status).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^TASK +WHEN +NEXT +IN /)
    expect(lines[1]).toMatch(/^greet +\* \* \* \* \* +.* \+0[12]:00 .* locked by \S+, since .* says hello$/)
    expect(lines[2]).toMatch(/^fail +0 13 \* \* 1,2,3,4,5 +.* 13:00:00 \+0[12]:00/)
    expect(lines[5]).toMatch(/^kept .* stored +true$/)

    const { tasks } = await cli.json<{ tasks: { name: string; lock?: object }[] }>('tasks', 'list')
    expect(tasks.map(({ name }) => name)).toEqual(['greet', 'fail', 'own', 'elsewhere', 'kept'])
    expect(tasks[0]!.lock).toBeDefined()
  })

  it('runs one by hand, and ends with its outcome', async () => {
    using cli = withConfig()
    expect(await cli.run('tasks', 'test', 'greet')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^greet .* succeeded in .*\nhello\n$/) as string,
    })
    const failed = await cli.run('tasks', 'test', 'fail')
    expect(failed).toMatchObject({ status: 1 })
    expect(failed.stdout).toMatch(/^fail .* failed: sh ended with status 3\noh no\n$/)
    expect(await cli.run('tasks', 'test', 'gret')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "greet"') as string,
    })
    expect((await cli.run('tasks', 'test', 'greet', '--at', 'noon')).stderr).toContain('--at "noon"')
  })

  it('serves a minute, gives a process of its own to what asks for it, and declares what is stored', async () => {
    using cli = withConfig()
    const { results } = await cli.json<{ results: { task: string; kind: string; reason?: string }[] }>(
      'tasks',
      'run',
    )
    const byTask = new Map(results.map((result) => [result.task, result]))
    expect(byTask.get('greet')).toMatchObject({ kind: 'succeeded', output: 'hello' })
    expect(byTask.get('own')).toMatchObject({ kind: 'handed-over' })
    expect(byTask.get('elsewhere')).toMatchObject({ kind: 'skipped', reason: 'environment' })
    expect(byTask.has('kept')).toBe(false)
    const written = () => readFileSync(cli.folder.file('out.txt'), { encoding: 'utf8', flag: 'a+' })
    await until('the task has run in a process of its own', () => /^x\d+ $/.test(written()))
    expect(await cli.json('schedule', 'show', 'kept')).toMatchObject({ origin: 'code', cron: '0 3 * * *' })
  })

  it('pauses all of them, and lets them go on', async () => {
    using cli = withConfig()
    expect((await cli.run('tasks', 'pause', '--for', '2h', '--note', 'deploy')).stdout).toMatch(
      /^Paused for 2h\./,
    )
    expect((await cli.run('tasks', 'pause')).stdout).toMatch(
      /^Tasks are paused already, by .*: deploy, since/,
    )
    expect((await cli.run('tasks', 'list')).stdout).toMatch(/All tasks are paused by .*: deploy, since/)
    const { stdout } = await cli.run('tasks', 'run')
    expect(stdout).toMatch(/^greet .* skipped: tasks are paused$/m)
    expect((await cli.run('tasks', 'continue')).stdout).toBe('Tasks run again.\n')
    expect((await cli.run('tasks', 'resume')).stdout).toBe('Tasks were not paused.\n')
    expect((await cli.run('tasks', 'run')).stdout).toMatch(/^greet .* succeeded/m)
    expect((await cli.run('tasks', 'pause', '--for', 'long')).status).toBe(2)
  })

  it('frees a lock', async () => {
    using cli = withConfig()
    await cli.run('tasks', 'test', 'greet')
    expect((await cli.run('tasks', 'test', 'greet')).stdout).toMatch(/^greet .* skipped: its lock is held/)
    expect((await cli.run('tasks', 'unlock', 'greet')).stdout).toMatch(
      /^Freed the lock of greet, which \S+, since/,
    )
    expect((await cli.run('tasks', 'unlock', 'greet')).stdout).toBe('The lock of greet was free.\n')
    expect(await cli.run('tasks', 'unlock', 'own')).toMatchObject({ status: 2 })
  })

  it('says what is missing', async () => {
    using cli = commandLine()
    expect(await cli.run('tasks', 'list')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no carillon\.config\.ts here.*tasks: \{/) as string,
    })
    writeFileSync(
      cli.folder.file('carillon.config.ts'),
      CONFIG.replace('.everyMinute()', '.everyMinute().daily()'),
    )
    expect((await cli.run('tasks', 'list')).stderr).toContain('daily() contradicts everyMinute()')
  })
})

describe('the guide to several servers', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  it('has a program that runs each instant on one of three servers, and stops them all', async () => {
    const env = { ...process.env, REDIS_URL: redis.address }
    const config = ['--config', join(ROOT, 'examples/fleet/carillon.config.ts')]
    const start = (...argv: string[]) =>
      new RunningCli(spawn(process.execPath, [BIN, 'tasks', ...argv, ...config], { cwd: ROOT, env }), argv)
    const servers = [start('work'), start('work'), start('work')]
    try {
      const beats = () => servers.flatMap((server) => server.stdout.match(/^beat \S+/gm) ?? [])
      await until(
        'all servers have run tasks',
        () => beats().length >= 6 && servers.every((server) => server.stdout.includes('Ctrl-C')),
      )
      expect(new Set(beats()).size).toBe(beats().length)
      const list = await start('list').ended
      expect(list.stdout).toMatch(/^report +30 7 \* \* 1,2,3,4,5 /m)

      expect((await start('pause').ended).status).toBe(0)
      for (const server of servers) server.interrupt()
      for (const server of servers) expect(await server.ended).toMatchObject({ status: 0 })
      expect((await start('continue').ended).stdout).toBe('Tasks run again.\n')
    } finally {
      for (const server of servers) server.child.kill('SIGKILL')
    }
  })
})
