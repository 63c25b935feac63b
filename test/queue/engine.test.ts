import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { QueueDriver } from '../../src/index.ts'
import { bullmqQueue } from '../../src/queue/bullmq/bullmq-queue.ts'
import { pgBossQueue } from '../../src/queue/pg-boss/pg-boss-queue.ts'
import { rabbitmqQueue } from '../../src/queue/rabbitmq/rabbitmq-queue.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../support/servers/postgres-database.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'
import { RabbitmqServer } from '../support/servers/rabbitmq-server.ts'
import { until } from '../support/until.ts'
import { Engine } from './support/engine.ts'
import { expectWaitingRunToBegin } from './support/waiting-run.ts'

/** A server that can be killed and come back. */
interface Crashable extends AsyncDisposable {
  crash(): Promise<void>
  restart(): Promise<void>
}

/** A queue on a server. */
interface Stand extends AsyncDisposable {
  readonly driver: () => QueueDriver
  /** Where the queue has a server of its own. */
  readonly server?: Crashable
}

let names = 0
const STANDS: Readonly<Record<string, () => Promise<Stand>>> = {
  'BullMQ on PostgreSQL': async () => {
    const server = await PostgresServer.start()
    const database = await server.createDatabase()
    return {
      driver: () => bullmqQueue({ postgres: database, queueName: `engine-${names}` }),
      server,
      [Symbol.asyncDispose]: () => server.stop(),
    }
  },
  'pg-boss in Carillon’s database': async () => ({
    driver: () => pgBossQueue(),
    [Symbol.asyncDispose]: async () => {},
  }),
  'pg-boss elsewhere': async () => {
    const server = inject('postgresAddress')
    const connection = await createPostgresDatabase(server)
    return {
      driver: () => pgBossQueue({ connection, queueName: `engine-${names}` }),
      [Symbol.asyncDispose]: () => dropPostgresDatabase(server, connection),
    }
  },
  RabbitMQ: async () => {
    const server = await RabbitmqServer.start()
    return {
      driver: () => rabbitmqQueue({ url: server.address, queueName: `engine-${names}` }),
      server,
      [Symbol.asyncDispose]: () => server.stop(),
    }
  },
}

/** Those with a server of their own. */
const OF_ITS_OWN = ['BullMQ on PostgreSQL', 'RabbitMQ']

const inFuture = (ms: number) => new Date(Date.now() + ms)

describe.each(Object.entries(STANDS))('on %s', (name, start) => {
  let stand: Stand
  beforeAll(async () => {
    stand = await start()
  }, 60_000)
  afterAll(async () => {
    await stand[Symbol.asyncDispose]()
  })

  let engine: Engine
  beforeEach(async () => {
    names++
    engine = await Engine.create(() => stand.driver())
  })
  afterEach(async () => {
    await engine[Symbol.asyncDispose]()
  })

  it('brings runs ahead of time and begins them on time, each once', async () => {
    const cron = await engine.open()
    await cron.start()
    const at = inFuture(2_000)
    const keys = Array.from({ length: 100 }, (_, i) => `k${i}`)
    await cron.scheduleMany(keys.map((key) => ({ key, at, job: 'note', payload: { key } })))
    await until('all are sent', async () => (await cron.describeQueues())[0]!.sent === 100)

    const runs = await engine.untilSucceeded(cron, keys)
    expect(engine.begun.map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
    for (const { key, at: beganAt, payload } of engine.begun) {
      expect(beganAt).toBeGreaterThanOrEqual(at.getTime())
      expect(payload).toEqual({ key })
    }
    expect(runs.every(({ attempt }) => attempt === 1)).toBe(true)
    expect(engine.messages('warn'), 'nothing was taken for lost').toEqual([])
  })

  it('delivers with all dispatchers dead', async () => {
    const scheduler = await engine.open()
    const at = inFuture(3_000)
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    await scheduler.scheduleMany(keys.map((key) => ({ key, at, job: 'note' })))
    await scheduler.dispatch()
    expect((await scheduler.describeQueues())[0]).toMatchObject({ sent: 20, unsent: 0 })
    await scheduler.close()

    const worker = await engine.open()
    await worker.start({ roles: ['work'] })
    await engine.untilSucceeded(worker, keys)
    expect(engine.begun).toHaveLength(20)
    expect(engine.begun.every((run) => run.at >= at.getTime())).toBe(true)
  })

  it('runs nothing of an old definition, and the new one once', async () => {
    const cron = await engine.open()
    await cron.start()
    const at = inFuture(2_000)
    for (const key of ['edited', 'paused', 'deleted', 'resumed'])
      await cron.schedule({ key, at, job: 'note', payload: 'old' })
    await until('all are sent', async () => (await cron.describeQueues())[0]!.sent === 4)
    await cron.schedule({ key: 'edited', at: inFuture(2_500), job: 'note', payload: 'new' })
    await cron.patch('resumed', { payload: 'new' })
    await cron.pause('paused')
    await cron.delete('deleted')
    await cron.schedule({ key: 'last', at: inFuture(4_000), job: 'note' })

    await engine.untilSucceeded(cron, ['edited', 'resumed', 'last'])
    expect(engine.begun.map(({ key, payload }) => `${key} ${String(payload)}`).toSorted()).toEqual([
      'edited new',
      'last null',
      'resumed new',
    ])
    expect((await cron.describeQueues())[0]).toMatchObject({ toWithdraw: 0 })
  })

  it('brings what waited for its turn when it is called, while the queue still has the message from before', () =>
    expectWaitingRunToBegin(engine, stand.driver()))

  it('retries by the ledger alone', async () => {
    const flaky = engine.job('flaky', () => {
      throw new Error('not now')
    })
    const cron = await engine.open({ jobs: [flaky] })
    await cron.start()
    await cron.schedule({
      key: 'a',
      at: inFuture(300),
      job: 'flaky',
      retries: 2,
      backoff: { initial: '200ms', factor: 1 },
    })
    const dead = await until(
      'it has failed for good',
      async () => (await cron.history('a', { states: ['failed'] }))[0],
    )
    expect(dead).toMatchObject({ attempt: 3, error: { message: 'not now' } })
    expect(engine.begun.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  })

  it('hands over when a worker stops', async () => {
    const gate = Promise.withResolvers<void>()
    const slow = engine.job('slow', () => gate.promise)
    const first = await engine.open({ jobs: [slow], concurrency: 2 })
    await first.start()
    const keys = Array.from({ length: 6 }, (_, i) => `k${i}`)
    await first.scheduleMany(keys.map((key) => ({ key, at: inFuture(300), job: 'slow' })))
    await engine.untilBegun(2)

    const stopped = first.stop({ grace: '30s' })
    const second = await engine.open({ jobs: [slow] })
    await second.start()
    await engine.untilBegun(6)
    gate.resolve()
    await stopped
    const runs = await engine.untilSucceeded(second, keys)
    expect(runs.map(({ attempt }) => attempt)).toEqual(keys.map(() => 1))
    expect(engine.begun).toHaveLength(6)
  }, 60_000)

  // The others live with Carillon's own database, which the cluster test kills.
  if (!OF_ITS_OWN.includes(name)) return
  it('goes on when the server of the queue is killed and comes back', async () => {
    const server = stand.server!
    const cron = await engine.open()
    await cron.start()
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`)
    await cron.scheduleMany(keys.map((key, i) => ({ key, at: inFuture(1_500 + i * 20), job: 'note' })))
    await engine.untilBegun(20)
    await server.crash()
    await server.restart()
    await engine.untilSucceeded(cron, keys, 100_000)

    const begun = engine.begun.map(({ key, attempt }) => `${key} ${attempt}`)
    expect(new Set(begun).size, 'none began twice under one attempt').toBe(begun.length)
    expect(new Set(engine.begun.map(({ key }) => key)).size).toBe(300)
    expect(engine.begun.every((run) => run.at >= run.dueAt)).toBe(true)
  }, 150_000)
})
