import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createPostgresBackend, createRedisBackend, Queue, Worker, type ConnectionOptions } from 'bullmq'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '@redis/client'
import { bullmqQueue, messageOfJob } from '../../src/queue/bullmq/bullmq-queue.ts'
import { jobOf } from '../../src/queue/bullmq/bullmq-message.ts'
import type { MessageQueue } from '../../src/queue/message-queue.ts'
import type { Message } from '../../src/queue/message.ts'
import { withPostgres } from '../support/servers/postgres-database.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { until } from '../support/until.ts'
import {
  KINDS,
  Lines,
  messages,
  openQueue,
  optionsFor,
  startServer,
  uniqueName,
  type Kind,
  type QueueServer,
} from './bullmq-servers.ts'

const HOUR = 3_600_000

/** BullMQ's own queue or worker on a server, as an application has it. */
function ownOn(kind: Kind, address: string) {
  const { hostname, port } = new URL(address)
  const connection = kind === 'Redis' ? { host: hostname, port: Number(port) } : { connectionString: address }
  const backend = kind === 'Redis' ? createRedisBackend : createPostgresBackend
  return { connection: connection as ConnectionOptions, backend: backend as typeof createRedisBackend }
}

function ownQueue(kind: Kind, address: string, name: string): Queue {
  const { connection, backend } = ownOn(kind, address)
  return new Queue(`carillon-${name}`, { connection }, backend)
}

/** Takes what comes until the block ends. */
function collect(queue: MessageQueue): AsyncDisposable & { readonly given: Message[] } {
  const given: Message[] = []
  const handle = async (message: Message) => {
    given.push(message)
    return 'done' as const
  }
  const consumption = queue.consume({ concurrency: 10, handle })
  return { given, [Symbol.asyncDispose]: () => consumption.stop() }
}

describe.each(KINDS)('a queue of BullMQ on %s', (kind) => {
  let server: QueueServer
  beforeAll(async () => {
    server = await startServer(kind)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
  })

  it('gives back 10,000 messages that wait for their instants, for room, or by priority', async () => {
    const name = uniqueName()
    await using queue = await openQueue(optionsFor(kind, server.address), name)
    const [later, now, first] = [messages(4_000, Date.now() + HOUR), messages(4_000, 0), messages(2_000, 0)]
    const [stays, staysDue] = [messages(100, Date.now() + HOUR), messages(1_000, 0)]
    await queue.send([...later, ...stays, ...now.slice(0, 2_000), ...staysDue, ...now.slice(2_000)])
    const own = ownQueue(kind, server.address, name)
    await own.addBulk(first.map((message) => jobOf(message, Date.now())).map(withPriority))
    expect(await queue.health()).toMatchObject({ delayed: 4_100, waiting: 7_000 })

    const shuffled = [...later, ...now, ...first].toSorted(() => Math.random() - 0.5)
    const begin = performance.now()
    await queue.withdraw(shuffled)
    expect(performance.now() - begin).toBeLessThan(5_000)
    expect(await queue.health()).toMatchObject({ isUp: true, delayed: 100, waiting: 1_000, active: 0 })
    for (const { id } of shuffled.slice(0, 100)) expect(await own.getJob(id)).toBeUndefined()

    await using consumer = collect(queue)
    await until('the others have come', () => consumer.given.length >= 1_000)
    await until('none is at work', async () => (await queue.health()).active === 0)
    expect(consumer.given.map(({ id }) => id).toSorted()).toEqual(staysDue.map(({ id }) => id).toSorted())
    await own.close()
  })

  it('leaves nothing of a message behind when that is settled', async () => {
    const name = uniqueName()
    await using queue = await openQueue(optionsFor(kind, server.address), name)
    await using consumer = collect(queue)
    const sent = messages(50, Date.now())
    await queue.send(sent)
    await until('all have come', () => consumer.given.length === 50)
    await until('none is at work', async () => (await queue.health()).active === 0)
    const own = ownQueue(kind, server.address, name)
    for (const { id } of sent) expect(await own.getJob(id)).toBeUndefined()
    await own.close()
  })

  it('lets a job fail that is no message of Carillon, says so, and goes on', async () => {
    const name = uniqueName()
    const log = new Lines()
    await using queue = await openQueue(optionsFor(kind, server.address), name, log)
    await using consumer = collect(queue)
    const own = ownQueue(kind, server.address, name)
    await own.add('welcome', { to: 'ann@example.com' }, { attempts: 5 })
    await until('it has failed', async () => (await own.getJobCounts('failed')).failed === 1)
    const [failed] = await own.getJobs(['failed'])
    expect(failed).toMatchObject({
      name: 'welcome',
      attemptsMade: 1,
      failedReason: 'what came out of the queue is no message of Carillon',
    })
    expect(log.with('no message of Carillon')).toHaveLength(1)

    const sent = messages(3, Date.now())
    await queue.send(sent)
    await until('the others have come', () => consumer.given.length === 3)
    await own.close()
  })

  it('leaves to others what a later version has written', async () => {
    const name = uniqueName()
    await using queue = await openQueue(optionsFor(kind, server.address), name)
    const own = ownQueue(kind, server.address, name)
    const { opts, name: job } = jobOf(messages(1, 0)[0]!, Date.now())
    await own.add(job, { v: 2, what: 'nobody knows' }, opts)
    await using consumer = collect(queue)
    const isPutBack = async () => ((await own.getJob(opts.jobId!))?.attemptsStarted ?? 0) >= 2
    await until('it was taken and put back twice', isPutBack)
    await own.close()
    expect(consumer.given).toEqual([])
  })

  it('is worked by a Worker of the application', async () => {
    const name = uniqueName()
    await using queue = await openQueue(optionsFor(kind, server.address), name)
    const given: Message[] = []
    const { connection, backend } = ownOn(kind, server.address)
    const process = async (job: { data: unknown }) => void given.push(messageOfJob(job))
    const worker = new Worker(`carillon-${name}`, process, { connection }, backend)
    const sent = messages(20, Date.now())
    await queue.send(sent)
    await until('all have come', () => given.length === 20)
    expect(given.toSorted((a, b) => a.nominalAt - b.nominalAt)).toEqual(sent)
    await worker.close()
  })

  it('has the name that is asked for', async () => {
    const queueName = uniqueName()
    await using queue = await openQueue({ ...optionsFor(kind, server.address), queueName })
    const { connection, backend } = ownOn(kind, server.address)
    const own = new Queue(queueName, { connection }, backend)
    await queue.send(messages(2, Date.now() + HOUR))
    expect(await own.getDelayedCount()).toBe(2)
    await own.close()
  })
})

describe('a queue of BullMQ on Redis', () => {
  it('takes over the settings of a client that the application has, but those that would harm it', async () => {
    await using server = await RedisServer.start()
    const client = new Redis(`${server.address}/3`, {
      maxRetriesPerRequest: 7,
      enableOfflineQueue: false,
      lazyConnect: true,
      commandTimeout: 50,
      retryStrategy: () => null,
    })
    await client.connect()
    {
      await using queue = await openQueue({ connection: client, prefix: 'shop' }, 'own')
      await using consumer = collect(queue)
      await queue.send(messages(20, Date.now() + 200))
      await until('all have come', () => consumer.given.length === 20)
      expect(await client.exists('shop:carillon-own:meta')).toBe(1)
    }
    expect(await client.ping()).toBe('PONG')
    expect(client.options).toMatchObject({ maxRetriesPerRequest: 7, commandTimeout: 50 })
    client.disconnect()
  })

  it('can be on a Redis Cluster', async () => {
    const settings = { 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' }
    await using server = await RedisServer.start({ settings })
    const { port } = new URL(server.address)
    const node = new Redis(server.address)
    await node.cluster('ADDSLOTSRANGE', 0, 16_383)
    await until('the cluster is up', async () => (await node.cluster('INFO')).includes('cluster_state:ok'))
    const cluster = new Cluster([{ host: '127.0.0.1', port: Number(port) }])
    expect(() => bullmqQueue({ connection: cluster })).toThrow('needs a "prefix" in braces')
    {
      await using queue = await openQueue({ connection: cluster, prefix: '{bull}' })
      const epoch = await queue.epoch(undefined)
      const soon = messages(20, Date.now() + 200)
      const [late, never] = [messages(20, Date.now() + HOUR), messages(20, Date.now() + HOUR)]
      await queue.send([...soon, ...late, ...never])
      await queue.withdraw(never)
      await using consumer = collect(queue)
      await queue.promote(late)
      await until('all have come', () => consumer.given.length === 40)
      expect(await queue.epoch(epoch)).toBe(epoch)
      expect(await queue.health()).toMatchObject({ isUp: true, delayed: 0 })
    }
    node.disconnect()
    cluster.disconnect()
  })
})

describe('options of a queue of BullMQ', () => {
  const connection = 'redis://localhost'
  const wrong: readonly [string, unknown, string][] = [
    ['nothing', undefined, 'takes an object of options'],
    ['neither server', {}, 'needs either "connection" or "postgres"'],
    ['both servers', { connection, postgres: 'postgres://localhost/app' }, 'needs either'],
    [
      'an unknown one',
      { conection: connection },
      'unknown option "conection" of bullmqQueue: did you mean "connection"?',
    ],
    ['a name with a colon', { connection, queueName: 'a:b' }, 'cannot name a queue "a:b"'],
    ['an empty name', { connection, queueName: '' }, 'cannot name a queue ""'],
    ['another address', { connection: 'postgres://localhost/app' }, 'give one as redis://host:6379'],
    ['no address', { connection: 'localhost' }, 'give one as redis://host:6379'],
    ['a number', { connection: 6379 }, 'neither an address nor options of ioredis'],
    ['another client', { connection: createClient() }, 'no client of "ioredis": give `new Redis(…)`'],
    [
      'a prefix of ioredis',
      { connection: { host: 'a', keyPrefix: 'b:' } },
      'give bullmqQueue a "prefix" instead',
    ],
    ['an empty prefix', { connection, prefix: '' }, '"prefix" of bullmqQueue is no text'],
    ['another database', { postgres: 'mysql://localhost/app' }, 'give one as postgres://user@host/database'],
    ['a prefix on PostgreSQL', { postgres: 'postgres://localhost/app', prefix: 'a' }, 'schema: "jobs"'],
  ]

  it.each(wrong)('are refused when they hold %s', (_, options, message) => {
    const open = () => bullmqQueue(options as never)
    expect(open).toThrow(message)
    expect(open).toThrow(expect.objectContaining({ code: 'CONFIG' }))
  })

  it('show no password when they are refused', () => {
    expect(() => bullmqQueue({ connection: 'http://me:secret@host' })).toThrow(/^(?!.*secret)/s)
  })

  it('need another name when schedules choose the queue by one that BullMQ refuses', async () => {
    const opening = bullmqQueue({ connection }).open({
      name: 'a:b',
      logger: new Lines(),
      postgresAddress: undefined,
    })
    await expect(opening).rejects.toThrow('give bullmqQueue a "queueName" without ":"')
  })

  it.each([
    ['bullmq', '{ connection: "redis://localhost:1" }'],
    ['ioredis', '{ connection: "redis://localhost:1" }'],
    ['pg', '{ postgres: "postgres://localhost:1/app" }'],
  ])('tell to install %s where it is missing', async (missing, options) => {
    const driver = new URL('../../src/queue/bullmq/bullmq-queue.ts', import.meta.url).href
    const script = `
      import { registerHooks } from 'node:module'
      registerHooks({
        resolve(specifier, context, next) {
          if (specifier !== '${missing}') return next(specifier, context)
          throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' })
        },
      })
      const { bullmqQueue } = await import(${JSON.stringify(driver)})
      const logger = { info() {}, warn() {}, error() {} }
      const opening = bullmqQueue(${options}).open({ name: 'a', logger, postgresAddress: undefined })
      await opening.catch(({ code, message }) => console.log(code, message))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
    expect(stdout).toMatch(new RegExp(`^CONFIG .* needs the package ${missing}: npm install ${missing}\n$`))
  })
})

function withPriority<Job extends { opts: object }>(job: Job): Job {
  return { ...job, opts: { ...job.opts, priority: 3 } }
}

it('has PostgreSQL look at what it holds once that is much, rather than a minute later', async () => {
  await using server = await startServer('PostgreSQL')
  await using queue = await openQueue(optionsFor('PostgreSQL', server.address), uniqueName())
  const known = () =>
    withPostgres(server.address, async (client) => {
      const { rows } = await client.query<{ reltuples: number }>(
        `select reltuples from pg_class where oid = 'bullmq.job'::regclass`,
      )
      return rows[0]!.reltuples
    })
  await queue.send(messages(999, Date.now() + HOUR))
  expect(await known()).toBe(-1)
  await queue.send(messages(1, Date.now() + HOUR))
  await until('it has looked', async () => (await known()) === 1_000, 10_000)
})
