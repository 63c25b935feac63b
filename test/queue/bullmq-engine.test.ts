import { DelayedError, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bullmqQueue, messageOfJob } from '../../src/queue/bullmq/bullmq-queue.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { until } from '../support/until.ts'
import { Engine } from './support/engine.ts'
import { expectWaitingRunToBegin } from './support/waiting-run.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start({ settings: { save: '', appendonly: 'no' } })
})
afterAll(async () => {
  await redis.stop()
})

let engine: Engine
beforeEach(async () => {
  const client = new Redis(redis.address)
  await client.flushall()
  await client.quit()
  engine = await Engine.create(() => bullmqQueue({ connection: redis.address }))
})
afterEach(async () => {
  await engine[Symbol.asyncDispose]()
})

/** How many jobs BullMQ has in any state. */
async function jobsInRedis(): Promise<number> {
  const queue = new Queue('carillon-default', { connection: { url: redis.address } })
  const counts = await queue.getJobCounts('delayed', 'waiting', 'active', 'prioritized')
  await queue.close()
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

const rank = (name: string) => ['high', 'middle', 'low'].indexOf(name)
const inFuture = (ms: number) => new Date(Date.now() + ms)

describe('on BullMQ', () => {
  it('brings runs ahead of time and begins them on time, each once', async () => {
    const cron = await engine.open()
    await cron.start()
    const at = inFuture(1_500)
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`)
    await cron.scheduleMany(keys.map((key) => ({ key, at, job: 'note', payload: { key } })))
    await until('all are in Redis', async () => (await jobsInRedis()) === 50)
    expect(await cron.history('k0', { until: inFuture(10_000) })).toMatchObject([
      { state: 'sent', attempt: 0 },
    ])

    const runs = await engine.untilSucceeded(cron, keys)
    expect(engine.begun.map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
    for (const { key, at: beganAt, payload } of engine.begun) {
      expect(beganAt).toBeGreaterThanOrEqual(at.getTime())
      expect(payload).toEqual({ key })
    }
    expect(runs.every(({ attempt }) => attempt === 1)).toBe(true)
    expect(await jobsInRedis()).toBe(0)
  })

  it('delivers with all dispatchers dead, on workers that have only the queue and the store', async () => {
    const scheduler = await engine.open()
    const at = inFuture(2_000)
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    await scheduler.scheduleMany(keys.map((key) => ({ key, at, job: 'note' })))
    await scheduler.dispatch()
    await scheduler.close()
    expect(await jobsInRedis()).toBe(20)

    const worker = await engine.open()
    await worker.start({ roles: ['work'] })
    await engine.untilSucceeded(worker, keys)
    expect(engine.begun).toHaveLength(20)
    expect(engine.begun.every((run) => run.at >= at.getTime())).toBe(true)
  })

  it('takes 10,000 delayed messages out of Redis within 5 seconds of an edit, a pause, a removal', async () => {
    const cron = await engine.open()
    await cron.start({ roles: ['dispatch'] })
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    // 500 each within the ten minutes that a pass looks ahead.
    for (const key of keys)
      await cron.schedule({
        key,
        every: '1s',
        startsAt: inFuture(30_000),
        endsAt: inFuture(530_000),
        job: 'note',
      })
    await until('all are in Redis', async () => (await jobsInRedis()) === 10_000, 60_000)

    const changedAt = Date.now()
    for (const key of keys.slice(0, 8)) await cron.patch(key, { startsAt: inFuture(3_600_000), endsAt: null })
    for (const key of keys.slice(8, 14)) await cron.pause(key)
    for (const key of keys.slice(14)) await cron.delete(key)
    await until('none is in Redis', async () => (await jobsInRedis()) === 0)
    expect(Date.now() - changedAt, 'milliseconds until all were gone').toBeLessThan(5_000)
    expect((await cron.describeQueues())[0]).toMatchObject({ sent: 0, unsent: 0, toWithdraw: 0 })
  }, 120_000)

  it('runs nothing of an old definition, also where its message comes all the same', async () => {
    const dispatcher = await engine.open()
    const at = inFuture(1_500)
    await dispatcher.schedule({ key: 'edited', at, job: 'note', payload: 'old' })
    await dispatcher.schedule({ key: 'paused', at, job: 'note', payload: 'old' })
    await dispatcher.schedule({ key: 'deleted', at, job: 'note', payload: 'old' })
    await dispatcher.dispatch()
    // Nobody relays from here on, so the messages stay where they are.
    await dispatcher.schedule({ key: 'edited', at: inFuture(2_000), job: 'note', payload: 'new' })
    await dispatcher.pause('paused')
    await dispatcher.delete('deleted')
    expect(await jobsInRedis()).toBe(3)

    const worker = await engine.open()
    await worker.start({ roles: ['work'] })
    await until('they have been delivered', async () => (await jobsInRedis()) === 0)
    expect(engine.begun).toEqual([])
    expect(await worker.history('paused')).toMatchObject([{ state: 'skipped', reason: 'paused' }])

    await worker.start()
    await dispatcher.start({ roles: ['dispatch'] })
    await engine.untilSucceeded(worker, ['edited'])
    expect(engine.begun).toMatchObject([{ key: 'edited', payload: 'new' }])
  })

  it('sends again what a Redis has lost that came back empty, and nothing that had finished', async () => {
    const cron = await engine.open()
    await cron.start()
    await cron.schedule({ key: 'before', at: inFuture(300), job: 'note' })
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`)
    const at = inFuture(12_000)
    await cron.scheduleMany(keys.map((key) => ({ key, at, job: 'note' })))
    await engine.untilSucceeded(cron, ['before'])
    await until('the others are in Redis', async () => (await jobsInRedis()) === 200)

    await redis.crash()
    await redis.restart()
    expect(await jobsInRedis()).toBeLessThanOrEqual(200)
    await until('they are in Redis again', async () => (await jobsInRedis()) === 200)
    await engine.untilSucceeded(cron, keys)
    expect(engine.begun.filter(({ key }) => key === 'before')).toHaveLength(1)
    expect(engine.begun).toHaveLength(201)
    expect(engine.messages('warn')).toContain('a queue has lost what it held; it is sent once more')
  }, 90_000)

  it('waits in the ledger while Redis is down, says so once, and goes on in order', async () => {
    const cron = await engine.open({ concurrency: 1 })
    await cron.start()
    await redis.crash()
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
    for (const [i, key] of keys.entries())
      await cron.schedule({ key, at: inFuture(100 + i * 20), job: 'note' })
    await until('it is told', () =>
      engine.messages('error').some((text) => text.includes('cannot be reached')),
    )
    const [down] = await cron.describeQueues()
    expect(down).toMatchObject({ name: 'default', driver: 'bullmq', health: { isUp: false } })
    expect(down!.oldestUnsent).toBeDefined()
    expect((await cron.health()).queues).toMatchObject([{ name: 'default', isUp: false }])

    await redis.restart()
    await engine.untilSucceeded(cron, keys)
    expect(engine.begun.map(({ key }) => key)).toEqual(keys)
    expect(
      engine.messages('error').filter((text) => text.includes('cannot be reached; what is due')),
    ).toHaveLength(1)
    expect((await cron.describeQueues())[0]).toMatchObject({ health: { isUp: true }, unsent: 0, lagMs: 0 })
  }, 90_000)

  it('brings what waited for its turn when it is called, while the queue still has the message from before', () =>
    expectWaitingRunToBegin(engine, bullmqQueue({ connection: redis.address })))

  it('retries by the ledger alone, and keeps what failed for good until retry() puts it back', async () => {
    let fails = true
    const flaky = engine.job('flaky', () => {
      if (fails) throw new Error('not now')
    })
    const cron = await engine.open({ jobs: [flaky] })
    await cron.start()
    await cron.schedule({
      key: 'a',
      at: inFuture(200),
      job: 'flaky',
      retries: 2,
      backoff: { initial: '100ms', factor: 1 },
    })
    const dead = await until(
      'it has failed for good',
      async () => (await cron.history('a', { states: ['failed'] }))[0],
    )
    expect(dead).toMatchObject({ attempt: 3, error: { message: 'not now' } })
    expect(engine.begun.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    await until('nothing is left in Redis', async () => (await jobsInRedis()) === 0)

    fails = false
    await cron.retry('a')
    const [run] = await engine.untilSucceeded(cron, ['a'])
    expect(run).toMatchObject({ id: dead.id, attempt: 4 })
  })

  it('runs in a Worker of the application’s own', async () => {
    const scheduler = await engine.open()
    await scheduler.start({ roles: ['dispatch'] })
    const cron = await engine.open()
    const worker = new Worker(
      'carillon-default',
      async (job, token) => {
        if ((await cron.deliver(messageOfJob(job))) === 'done') return
        await job.moveToDelayed(Date.now() + 500, token)
        throw new DelayedError()
      },
      { connection: { url: redis.address }, concurrency: 5 },
    )
    try {
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
      const at = inFuture(1_000)
      await scheduler.scheduleMany(keys.map((key) => ({ key, at, job: 'note' })))
      await engine.untilSucceeded(scheduler, keys)
      expect(engine.begun).toHaveLength(20)
      expect(engine.begun.every((run) => run.at >= at.getTime())).toBe(true)
    } finally {
      await worker.close()
    }
  })

  it('takes runs of higher priority first where more are due than begin', async () => {
    const job = (name: string, priority: number) => ({ ...engine.job(name), priority })
    const jobs = [job('low', 0), job('high', 9), job('middle', 5)]
    const dispatcher = await engine.open({ jobs })
    const at = inFuture(1_000)
    const keys = Array.from({ length: 12 }, (_, i) => `${['low', 'high', 'middle'][i % 3]}-${i}`)
    await dispatcher.scheduleMany(keys.map((key) => ({ key, at, job: key.split('-')[0]! })))
    await dispatcher.dispatch()
    await until('all are due', () => Date.now() > at.getTime())

    const worker = await engine.open({ jobs, concurrency: 1 })
    await worker.start({ roles: ['work'] })
    await engine.untilSucceeded(worker, keys)
    const order = engine.begun.map(({ key }) => key.split('-')[0]!)
    expect(order.slice(1).toSorted((a, b) => rank(a) - rank(b))).toEqual(order.slice(1))
    expect(order.slice(0, 4)).not.toContain('low')
  })

  it('gives back what has not begun and lets runs end when it stops', async () => {
    const gate = Promise.withResolvers<void>()
    const slow = engine.job('slow', () => gate.promise)
    const first = await engine.open({ jobs: [slow], concurrency: 2 })
    await first.start()
    const keys = Array.from({ length: 6 }, (_, i) => `k${i}`)
    await first.scheduleMany(keys.map((key) => ({ key, at: inFuture(200), job: 'slow' })))
    await engine.untilBegun(2)

    const stopped = first.stop({ grace: '20s' })
    const second = await engine.open({ jobs: [slow] })
    await second.start()
    await engine.untilBegun(6)
    gate.resolve()
    await stopped
    const runs = await engine.untilSucceeded(second, keys)
    expect(runs.map(({ attempt }) => attempt)).toEqual(keys.map(() => 1))
    expect(engine.begun).toHaveLength(6)
  })

  it('leaves jobs that it does not know to others', async () => {
    const dispatcher = await engine.open({ jobs: [engine.job('a'), engine.job('b')] })
    await dispatcher.start({ roles: ['dispatch'] })
    const ofA = await engine.open({ jobs: [engine.job('a')] })
    const ofB = await engine.open({ jobs: [engine.job('b')] })
    await Promise.all([ofA, ofB].map((cron) => cron.start({ roles: ['work'] })))
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
    const job = (i: number) => (i % 2 === 0 ? 'a' : 'b')
    await dispatcher.scheduleMany(keys.map((key, i) => ({ key, at: inFuture(500), job: job(i) })))
    const runs = await engine.untilSucceeded(dispatcher, keys)
    for (const [i, { server, attempt }] of runs.entries()) {
      expect(server).toBe((job(i) === 'a' ? ofA : ofB).server)
      expect(attempt).toBe(1)
    }
  })
})
