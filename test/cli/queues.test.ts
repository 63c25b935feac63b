import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Occurrence, QueueReport } from '../../src/index.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { until } from '../support/until.ts'
import { commandLine, ROOT } from './carillon.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(async () => {
  await redis.stop()
})

let names = 0
/** A command line with a config file that has a queue on Redis beside the database. */
function withQueues() {
  const cli = commandLine()
  const queueName = `cli-${process.pid}-${++names}`
  writeFileSync(
    cli.folder.file('carillon.config.ts'),
    `
import { existsSync } from 'node:fs'
import { defineConfig, defineJob } from '${join(ROOT, 'dist/index.js')}'
import { bullmqQueue } from '${join(ROOT, 'dist/queue/bullmq/bullmq-queue.js')}'
export default defineConfig({
  jobs: [defineJob('note', { handle: () => { if (existsSync('fails')) throw new Error('not now'); return 'noted' } })],
  queues: { mail: bullmqQueue({ connection: '${redis.address}', queueName: '${queueName}' }) },
})
`,
  )
  return cli
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()

describe('carillon queues', () => {
  it('shows what waits before a queue and in it, and whether it is up', async () => {
    using cli = withQueues()
    await cli.run('schedule', 'add', 'a', '--at', inSeconds(300), '--job', 'note', '--queue', 'mail')
    const before = await cli.run('queues')
    expect(before.status).toBe(0)
    expect(before.stdout).toMatch(/^QUEUE +DRIVER +UNSENT +SINCE +DUE +SENT/)
    expect(before.stdout).toMatch(/^default +database +up +0$/m)
    expect(before.stdout).toMatch(/^mail +bullmq +up +1 +\S+ .*0 delayed/m)

    await cli.run('dispatch', '600')
    const [, mail] = await cli.json<QueueReport[]>('queues')
    expect(mail).toMatchObject({
      name: 'mail',
      unsent: 0,
      sent: 1,
      lagMs: 0,
      health: { isUp: true, delayed: 1 },
    })
  })

  it('ends with status 1 and the cause when one is down', async () => {
    await using own = await RedisServer.start()
    using cli = commandLine()
    writeFileSync(
      cli.folder.file('carillon.config.ts'),
      `
import { bullmqQueue } from '${join(ROOT, 'dist/queue/bullmq/bullmq-queue.js')}'
export default { database: 'sqlite:./carillon.db', queue: bullmqQueue({ connection: '${own.address}' }) }
`,
    )
    await cli.run('migrate')
    await own.crash()
    const { status, stdout } = await cli.run('queues')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^default +bullmq +down /m)
    expect(stdout).toContain('ECONNREFUSED')
  })

  it('refuses a queue that no config file names', async () => {
    using cli = withQueues()
    const at = inSeconds(300)
    const { status, stderr } = await cli.run(
      'schedule',
      'add',
      'a',
      '--at',
      at,
      '--job',
      'note',
      '--queue',
      'mial',
    )
    expect(status).toBe(2)
    expect(stderr).toContain('unknown queue "mial": did you mean "mail"?')
  })
})

describe('carillon work', () => {
  it('runs what a queue brings, and says over HTTP how it is', { timeout: 60_000 }, async () => {
    using cli = withQueues()
    await cli.run('schedule', 'add', 'a', '--at', inSeconds(8), '--job', 'note', '--queue', 'mail')
    await cli.run('dispatch', '600')

    const worker = cli.start(['work', '--health', '0'])
    const address = await until('it tells where', () => /Health: (\S+)\/ready/.exec(worker.stderr)?.[1])
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const live = await fetch(`${address}/live`)
    expect([live.status, await live.json()]).toEqual([
      200,
      { isLive: true, server: expect.any(String) as string },
    ])
    const ready = await fetch(`${address}/ready`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({
      isReady: true,
      roles: ['work'],
      database: { isUp: true },
      queues: [
        { name: 'default', isUp: true },
        { name: 'mail', driver: 'bullmq', isUp: true },
      ],
    })
    expect((await fetch(`${address}/secrets`)).status).toBe(404)
    expect((await fetch(`${address}/ready`, { method: 'POST' })).status).toBe(405)

    const [run] = await until('it has run', async () => {
      const runs = await cli.json<Occurrence[]>('schedule', 'history', 'a', '--state', 'succeeded')
      return runs.length > 0 && runs
    })
    expect(run).toMatchObject({ attempt: 1, result: 'noted' })
    worker.interrupt('SIGTERM')
    expect((await worker.ended).status).toBe(0)
  })

  it('refuses a health address that is none, and one that is taken', async () => {
    using cli = withQueues()
    await cli.run('migrate')
    const nonsense = await cli.run('work', '--health', 'here')
    expect(nonsense).toMatchObject({ status: 2 })
    expect(nonsense.stderr).toContain('give a port, or a host and a port as in 0.0.0.0:8080')
    const taken = await cli.run('work', '--health', new URL(redis.address).port)
    expect(taken.status).toBe(2)
    expect(taken.stderr).toContain('cannot listen on 127.0.0.1:')
  })
})

describe('carillon schedule retry', () => {
  it('runs once more what failed for good', { timeout: 60_000 }, async () => {
    using cli = withQueues()
    await cli.run('schedule', 'add', 'a', '--cron', '0 0 1 1 *', '--job', 'note')
    await cli.run('schedule', 'trigger', 'a')
    writeFileSync(cli.folder.file('fails'), '')
    const failing = cli.start(['start'])
    await until('it has failed', async () => {
      const runs = await cli.json<Occurrence[]>('schedule', 'history', 'a', '--state', 'failed')
      return runs.length > 0
    })
    failing.interrupt()
    await failing.ended
    rmSync(cli.folder.file('fails'))

    const refused = await cli.run('schedule', 'retry', 'b')
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.stderr).toContain('no schedule has the key "b"')
    expect(await cli.run('schedule', 'retry', 'a')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^Run \S+ of a begins again: carillon schedule history a shows/,
      ) as string,
    })
    const mended = cli.start(['work'])
    await until('it has succeeded', async () => {
      const runs = await cli.json<Occurrence[]>('schedule', 'history', 'a', '--state', 'succeeded')
      return runs.length > 0
    })
    mended.interrupt()
    expect((await mended.ended).status).toBe(0)
  })
})
