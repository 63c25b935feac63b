import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import type { MessageQueue } from '../../src/queue/message-queue.ts'
import type { Message } from '../../src/queue/message.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { freePort } from '../support/servers/free-port.ts'
import {
  connectionsOf,
  KINDS,
  Lines,
  messages,
  openQueue,
  optionsFor,
  startServer,
  uniqueName,
} from './bullmq-servers.ts'

const HOUR = 3_600_000
const timeout = 180_000
const RETRYABLE = { code: 'DRIVER', retryable: true }

/** Counts what comes; a message ends when `settled` does. */
class Counter {
  readonly times = new Map<string, number>()
  readonly #settled: Promise<unknown>

  constructor(queue: MessageQueue, settled: Promise<unknown> = Promise.resolve()) {
    this.#settled = settled
    this.consumption = queue.consume({ concurrency: 20, handle: (message) => this.#handle(message) })
  }

  readonly consumption: { stop(): Promise<void> }

  has(expected: readonly Message[]): boolean {
    return expected.every(({ id }) => this.times.has(id))
  }

  async #handle({ id }: Message): Promise<'done'> {
    this.times.set(id, (this.times.get(id) ?? 0) + 1)
    await this.#settled
    return 'done'
  }
}

describe.each(KINDS)('a queue of BullMQ on %s', (kind) => {
  it(
    'goes on after a crash of the server, and says once that it is gone and that it is back',
    { timeout },
    async () => {
      await using server = await startServer(kind)
      const log = new Lines()
      const name = uniqueName()
      await using queue = await openQueue(optionsFor(kind, server.address), name, log)
      await using other = await openQueue(optionsFor(kind, server.address), name)
      const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
      const counter = new Counter(queue, settled)
      const [atWork, waiting] = [messages(20, Date.now()), messages(200, Date.now() + 3_000)]
      await other.send([...atWork, ...waiting])
      await until('some are at work', () => counter.has(atWork))

      await server.crash()
      await until('it is told', () => log.with('cannot be reached').length > 0)
      settle()
      const asked = performance.now()
      expect(await other.health()).toMatchObject({ isUp: false, error: expect.any(String) as string })
      await expect(other.send(messages(1, 0))).rejects.toMatchObject(RETRYABLE)
      await expect(other.promote(waiting)).rejects.toMatchObject(RETRYABLE)
      await expect(other.withdraw(waiting)).rejects.toMatchObject(RETRYABLE)
      await expect(other.epoch(undefined)).rejects.toThrow(`on ${kind} did not say what it holds: `)
      expect(performance.now() - asked).toBeLessThan(30_000)

      await server.restart()
      await until('all have come', () => counter.has(waiting), 90_000)
      await until('it is told', () => log.with('can be reached again').length > 0)
      const last = messages(5, Date.now())
      await until('it takes in messages', () =>
        other.send(last).then(
          () => true,
          () => false,
        ),
      )
      await until('they come', () => counter.has(last))
      await until('all are settled', async () => (await other.health()).active === 0, 60_000)
      await counter.consumption.stop()
      expect(log.with('cannot be reached')).toHaveLength(1)
      expect(log.with('can be reached again')).toHaveLength(1)
    },
  )

  it('gives to another what a killed process had, within a minute', { timeout }, async () => {
    await using server = await startServer(kind)
    const options = optionsFor(kind, server.address)
    const name = uniqueName()
    await using queue = await openQueue(options, name)
    const sent = messages(3, Date.now())
    await queue.send(sent)
    const file = new URL('./member/bullmq-member.ts', import.meta.url).pathname
    const member = spawn(process.execPath, [file, JSON.stringify(options), name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const held = new Set<string>()
    for await (const line of createInterface(member.stdout)) {
      held.add(line)
      if (held.size === sent.length) break
    }
    const counter = new Counter(queue)
    member.kill('SIGKILL')
    await until('they have come', () => counter.has(sent), 60_000)
    await counter.consumption.stop()
    expect([...counter.times.keys()].toSorted()).toEqual([...held].toSorted())
    expect(await queue.health()).toMatchObject({ delayed: 0, waiting: 0, active: 0 })
  })

  it('leaves no connection behind', { timeout }, async () => {
    await using server = await startServer(kind)
    {
      await using queue = await openQueue(optionsFor(kind, server.address))
      const [stopped, left] = [new Counter(queue), new Counter(queue)]
      const sent = messages(100, Date.now())
      await queue.send(sent)
      await until('they come', () => stopped.times.size + left.times.size === 100)
      expect(await connectionsOf(kind, server.address)).toBeGreaterThan(2)
      await stopped.consumption.stop()
    }
    const isLeft = async () => (await connectionsOf(kind, server.address)) === 0
    await until('it has no connection left', isLeft)
  })

  it(
    'can be opened and ended while the server is down, and works once it is there',
    { timeout },
    async () => {
      await using server = await startServer(kind)
      await using proxy = await TcpProxy.start(server.address)
      await proxy.refuse(true)
      const options = optionsFor(kind, proxy.address(server.address))
      const log = new Lines()
      {
        await using ended = await openQueue(options)
        const { consumption } = new Counter(ended)
        await consumption.stop()
      }
      await using queue = await openQueue(options, uniqueName(), log)
      const counter = new Counter(queue)
      expect(await queue.health()).toMatchObject({ isUp: false })
      await expect(queue.send(messages(1, 0))).rejects.toMatchObject(RETRYABLE)
      await until('it is told', () => log.with('cannot be reached').length === 1)

      await proxy.refuse(false)
      const sent = messages(10, Date.now())
      await until('it takes in messages', () =>
        queue.send(sent).then(
          () => true,
          () => false,
        ),
      )
      await until('they come', () => counter.has(sent))
      await counter.consumption.stop()
    },
  )

  it('fails soon when the server is silent, and goes on when it speaks again', { timeout }, async () => {
    await using server = await startServer(kind)
    await using proxy = await TcpProxy.start(server.address)
    await using queue = await openQueue(optionsFor(kind, proxy.address(server.address)))
    const counter = new Counter(queue)
    const first = messages(5, Date.now())
    await queue.send(first)
    await until('they come', () => counter.has(first))

    proxy.blackhole(true)
    const begin = performance.now()
    expect(await queue.health()).toMatchObject({ isUp: false })
    expect(performance.now() - begin).toBeLessThan(10_000)
    await expect(queue.send(messages(600, 0))).rejects.toMatchObject(RETRYABLE)
    await expect(queue.epoch(undefined)).rejects.toMatchObject(RETRYABLE)
    expect(performance.now() - begin).toBeLessThan(60_000)

    proxy.blackhole(false)
    const sent = messages(10, Date.now())
    await until('it takes in messages', () =>
      queue.send(sent).then(
        () => true,
        () => false,
      ),
    )
    await until('they come', () => counter.has(sent), 90_000)
    await counter.consumption.stop()
  })

  it('lets a consumer stop, and itself be ended, while the server is silent', { timeout }, async () => {
    await using server = await startServer(kind)
    await using proxy = await TcpProxy.start(server.address)
    const queue = await openQueue(optionsFor(kind, proxy.address(server.address)))
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
    const [stopping, ending] = [new Counter(queue, settled), new Counter(queue, settled)]
    const sent = messages(30, Date.now())
    await queue.send(sent)
    await until('they come', () => stopping.times.size + ending.times.size === 30)
    proxy.blackhole(true)
    const stopped = stopping.consumption.stop()
    settle()
    const begin = performance.now()
    await stopped
    await queue[Symbol.asyncDispose]()
    expect(performance.now() - begin).toBeLessThan(60_000)

    proxy.blackhole(false)
    const isLeft = async () => (await connectionsOf(kind, server.address)) === 0
    await until('it has no connection left', isLeft)
  })
})

describe('the epoch of a queue of BullMQ on Redis', () => {
  it(
    'is another one when Redis comes back with the queue and without the last messages',
    { timeout },
    async () => {
      // Written to disk when it is told to, and never else.
      await using server = await RedisServer.start({ settings: { save: '', appendonly: 'no' } })
      const name = uniqueName()
      const open = () => openQueue({ connection: server.address }, name)
      await using one = await open()
      await using two = await open()
      await using idle = await open()
      const asks = (queue: MessageQueue) =>
        until('it answers', () => queue.epoch(undefined).catch(() => undefined))
      await one.send(messages(10, Date.now() + HOUR))
      const before = await asks(one)
      expect([await asks(two), await asks(idle)]).toEqual([before, before])
      const client = new Redis(server.address)
      await client.save()
      expect(await asks(idle)).toBe(before)

      await client.save()
      await two.send(messages(10, Date.now() + HOUR))
      await server.crash()
      await server.restart()
      expect(await until('it counts', async () => (await one.health()).delayed)).toBe(10)
      expect(await asks(one), 'what this one has sent is there').toBe(before)
      const after = await asks(two)
      expect(after).not.toBe(before)
      expect([await asks(one), await asks(two), await asks(idle)]).toEqual([after, after, after])
      client.disconnect()
    },
  )

  it('is the same when Redis comes back with all of it', { timeout }, async () => {
    await using server = await startServer('Redis')
    await using queue = await openQueue({ connection: server.address })
    const before = await queue.epoch(undefined)
    await queue.send(messages(10, Date.now() + HOUR))
    await server.crash()
    await server.restart()
    expect(await until('it answers', () => queue.epoch(before).catch(() => undefined))).toBe(before)
  })

  it('leaves no counts behind', async () => {
    await using server = await RedisServer.start()
    {
      await using queue = await openQueue({ connection: server.address })
      await queue.send(messages(2, Date.now() + HOUR))
      await queue.epoch(undefined)
    }
    const client = new Redis(server.address)
    expect(await client.keys('*:carillon:*')).toEqual([])
    client.disconnect()
  })
})

it('says where nobody listens', async () => {
  const port = await freePort()
  await using queue = await openQueue({ connection: { host: '127.0.0.1', port } }, 'lonely')
  await expect(queue.send(messages(1, 0))).rejects.toThrow(
    `BullMQ's queue "carillon-lonely" on Redis did not take in messages: connect ECONNREFUSED 127.0.0.1:${port}`,
  )
})
