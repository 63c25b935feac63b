import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connect, type ConfirmChannel } from 'amqplib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '../../src/queue/message.ts'
import { messageOfDelivery, type RabbitmqQueueOptions } from '../../src/queue/rabbitmq/rabbitmq-queue.ts'
import { RabbitmqServer } from '../support/servers/rabbitmq-server.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { Log, messages, openQueue, sendAtLast, Taker } from './rabbitmq-support.ts'

const timeout = 180_000
const HOUR = 3_600_000

let server: RabbitmqServer
beforeAll(async () => {
  server = await RabbitmqServer.start()
}, timeout)
afterAll(async () => server.stop(), timeout)

function open(name: string, options: Partial<RabbitmqQueueOptions> = {}, logger?: Log) {
  return openQueue(name, { url: server.address, ...options }, logger)
}

const soon = () => Date.now() + Math.random() * 2_000

/** Does something on the server by the library itself. */
async function directly<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const connection = await connect(server.address)
  try {
    return await work(await connection.createConfirmChannel())
  } finally {
    await connection.close()
  }
}

async function queuesOf(name: string): Promise<string[][]> {
  const text = await server.control('list_queues', 'name', 'messages', 'arguments', '--no-table-headers')
  const rows = text.split('\n').map((line) => line.split('\t'))
  return rows.filter(([queue]) => queue?.startsWith(`carillon.${name}.delay.`))
}

describe('a queue in RabbitMQ', { timeout }, () => {
  it('goes on over connections that are cut again and again, and says so once each time', async () => {
    await using proxy = await TcpProxy.start(server.port)
    const log = new Log()
    await using queue = await open('cut', { url: proxy.address(server.address) }, log)
    const taker = new Taker(queue)
    const all: Message[] = []
    for (const round of [1, 2, 3]) {
      const some = messages(300, soon)
      all.push(...some)
      const sent = queue.send(some).catch(() => sendAtLast(queue, some))
      await until('some come', () => taker.times.size > (round - 1) * 300)
      proxy.cut()
      await sent
    }
    await until('all come', () => taker.has(all))
    expect(taker.early).toEqual([])
    await until('it is back', () => log.count('can be reached again') === log.count('cannot be reached'))
    expect(log.count('cannot be reached')).toBeGreaterThanOrEqual(1)
    await taker.stop()
  })

  it('can be opened while the server is away, fails in time, tells it once, and comes back', async () => {
    await using proxy = await TcpProxy.start(server.port)
    await proxy.refuse(true)
    const log = new Log()
    await using queue = await open('away', { url: proxy.address(server.address) }, log)
    const taker = new Taker(queue)
    const sent = messages(10, () => Date.now())
    const failure = { code: 'DRIVER', retryable: true }
    for (const call of [queue.send(sent), queue.promote(sent), queue.epoch(undefined)])
      await expect(call).rejects.toMatchObject(failure)
    expect(await queue.health()).toMatchObject({ isUp: false })
    expect(log.count('cannot be reached')).toBe(1)

    await proxy.refuse(false)
    await sendAtLast(queue, sent)
    await until('all come', () => taker.has(sent))
    expect(log.lines).toEqual([
      'RabbitMQ cannot be reached; it is tried again and again',
      'RabbitMQ can be reached again',
    ])
    expect(await queue.health()).toMatchObject({ isUp: true })
    await taker.stop()
  })

  it('does not wait for ever for a server that hangs', async () => {
    await using proxy = await TcpProxy.start(server.port)
    await using queue = await open('hang', { url: proxy.address(server.address) })
    const taker = new Taker(queue)
    const first = messages(10, () => Date.now())
    await queue.send(first)
    await until('all come', () => taker.has(first))

    proxy.blackhole(true)
    const sent = messages(10, soon)
    await expect(queue.send(sent)).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
    expect(await queue.health()).toMatchObject({ isUp: false })
    // A heartbeat tells who only listens.
    proxy.cut()
    proxy.blackhole(false)
    await sendAtLast(queue, sent)
    await until('all come', () => taker.has(sent), 60_000)
    await taker.stop()
  })

  it('notices by the heartbeat that what it listens to has hung', async () => {
    await using proxy = await TcpProxy.start(server.port)
    const log = new Log()
    await using queue = await open('silent', { url: `${proxy.address(server.address)}?heartbeat=1` }, log)
    const taker = new Taker(queue)
    await until('it listens', async () => (await queue.health()).isUp)
    proxy.blackhole(true)
    await until('it is noticed', () => log.count('cannot be reached') === 1)
    proxy.blackhole(false)
    await until('it is back', async () => (await queue.health()).isUp)
    const sent = messages(10, () => Date.now())
    await sendAtLast(queue, sent)
    await until('all come', () => taker.has(sent))
    await taker.stop()
  })

  it('does not wait for ever for a server that is short of memory, and acknowledges all the same', async () => {
    await using queue = await open('memory')
    const ends: ((end: 'done') => void)[] = []
    const consumption = queue.consume({
      concurrency: 5,
      handle: () => new Promise((resolve) => ends.push(resolve)),
    })
    await queue.send(messages(5, () => Date.now()))
    await until('all are at work', () => ends.length === 5)

    await server.control('set_vm_memory_high_watermark', 'absolute', '1')
    try {
      const sent = messages(5, () => Date.now())
      await expect(queue.send(sent)).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
      await expect(queue.send(sent)).rejects.toThrow('takes no messages at present: low on memory')
      expect(await queue.health()).toMatchObject({ isUp: false })
      for (const end of ends) end('done')
      await consumption.stop()
    } finally {
      await server.control('set_vm_memory_high_watermark', '0.4')
    }
    await until('it is in order', async () => (await queue.health()).isUp)
    const more = messages(5, () => Date.now())
    await sendAtLast(queue, more)
    const taker = new Taker(queue)
    await until('all come', () => taker.has(more))
    await taker.stop()
  })

  it('drops what is no message, and tells it', async () => {
    const log = new Log()
    await using queue = await open('malformed', {}, log)
    const taker = new Taker(queue)
    const sent = messages(1, () => Date.now())
    await queue.send(sent)
    await directly(async (channel) => {
      for (const content of ['', 'no JSON', 'null', '{}', '{"scheduleId":-1}', '\u0000'])
        channel.sendToQueue('carillon.malformed', Buffer.from(content), { messageId: 'x' })
      channel.sendToQueue('carillon.malformed.early', Buffer.from('[]'))
      await channel.waitForConfirms()
    })
    await until('they are told', () => log.count('could not be read') === 7)
    await until('all come', () => taker.has(sent))
    await taker.stop()
    const left = await directly(async (channel) => channel.checkQueue('carillon.malformed'))
    expect(left.messageCount).toBe(0)
  })

  it('gives to others what a process had that was killed', async () => {
    await using queue = await open('killed')
    const sent = messages(20, () => Date.now())
    await queue.send(sent)
    const script = new URL('rabbitmq-consumer-process.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [script, server.address, 'killed', '15'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const had = new Set<string>()
    createInterface(child.stdout).on('line', (id) => had.add(id))
    try {
      await until('it has some', () => had.size === 15)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const taker = new Taker(queue)
    await until('all come', () => taker.has(sent))
    await taker.stop()
    expect([...taker.times.values()].every((times) => times === 1)).toBe(true)
  })

  it('does not hand over again what is at work here when its connection is cut', async () => {
    await using proxy = await TcpProxy.start(server.port)
    await using queue = await open('at-work', { url: proxy.address(server.address) })
    await using other = await open('at-work')
    let handled = 0
    const end = Promise.withResolvers<'done'>()
    const consumption = queue.consume({
      concurrency: 3,
      handle: () => {
        handled++
        return end.promise
      },
    })
    const sent = messages(3, () => Date.now())
    await other.send(sent)
    await until('all are at work', () => handled === 3)
    proxy.cut()
    await until('they have been given back', async () => (await other.health()).waiting === 3)
    await until('they have come again', async () => (await other.health()).waiting === 0)
    end.resolve('done')
    await consumption.stop()
    expect(handled).toBe(3)
    expect(await other.health()).toMatchObject({ waiting: 0 })
  })

  it('loses nothing when a delay queue is deleted that it knows', async () => {
    await using queue = await open('deleted')
    const dueAt = Math.ceil((Date.now() + 5_000) / 200) * 200
    const [lost, ...others] = messages(20, () => dueAt)
    await queue.send([lost!])
    const [[name] = []] = await queuesOf('deleted')
    await directly(async (channel) => channel.deleteQueue(name!))
    await queue.send(others)

    const taker = new Taker(queue)
    await until('all come', () => taker.has(others))
    expect(taker.early).toEqual([])
    expect(taker.times.has(lost!.id)).toBe(false)
    await taker.stop()
  })

  it('has delay queues that the server removes when they are of no more use', async () => {
    await using queue = await open('expiry')
    const now = Date.now()
    await queue.send(messages(4, (i) => now + [10_000, 120_000, HOUR, 100 * 24 * HOUR][i]!))
    const queues = await queuesOf('expiry')
    const kept = queues.map(([, , text]) => Number(/"x-expires",(?:"?\w+"?,)?(\d+)/.exec(text!)?.[1]))
    expect(queues.map(([, count]) => count)).toEqual(['1', '1', '1', '1'])
    expect(kept.sort((a, b) => a - b)).toEqual([180_200, 1_021_000, 21_780_000, 867_720_000])
  })

  it('sends on what comes out of a far delay, precisely', async () => {
    await using queue = await open('far')
    const taker = new Taker(queue)
    await until('it listens', async () => (await queue.health()).isUp)
    const sent = messages(50, soon)
    const late = messages(5, () => Date.now() - HOUR)
    await directly(async (channel) => {
      await channel.assertQueue('carillon.far.early', {
        durable: true,
        arguments: { 'x-queue-type': 'classic' },
      })
      for (const message of [...sent, ...late])
        channel.sendToQueue('carillon.far.early', Buffer.from(JSON.stringify(message)))
      await channel.waitForConfirms()
    })
    await until('all come', () => taker.has([...sent, ...late]))
    expect(taker.early).toEqual([])
    await taker.stop()
  })

  it('does with the rights that the guide names', async () => {
    await server.control('add_user', 'cron', 'secret')
    await server.control(
      'set_permissions',
      'cron',
      String.raw`^carillon\.`,
      String.raw`^(amq\.default|carillon\..*)$`,
      String.raw`^carillon\.`,
    )
    const url = server.address.replace('guest:guest', 'cron:secret')
    await using queue = await open(`rights-${randomUUID()}`, { url })
    const taker = new Taker(queue)
    const sent = messages(20, soon)
    await queue.send(sent)
    const epoch = await queue.epoch(undefined)
    expect(await queue.epoch(epoch)).toBe(epoch)
    expect(await queue.health()).toMatchObject({ isUp: true })
    await until('all come', () => taker.has(sent))
    await taker.stop()
  })

  it('refuses wrong options, and shows no password', async () => {
    const refuse = (options: object) => open('options', options)
    await expect(refuse({ queuename: 'x' })).rejects.toThrow(
      'unknown option "queuename": did you mean "queueName"?',
    )
    await expect(refuse({ queueName: 'amq.x' })).rejects.toThrow('do not begin with "amq."')
    for (const url of ['http://me:secret@host', 'host:5672', undefined, null, []]) {
      const error = await refuse({ url }).catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'CONFIG' })
      expect(String(error)).not.toContain('secret')
    }
  })

  it('can be read by workers of somebody else', async () => {
    await using queue = await open('foreign')
    const [sent] = messages(1, () => Date.now())
    await queue.send([sent!])
    const delivery = await directly((channel) => channel.get('carillon.foreign', { noAck: true }))
    if (delivery === false) throw new Error('the queue is empty')
    expect(messageOfDelivery(delivery)).toEqual(sent)
    expect(delivery.properties).toMatchObject({ messageId: sent!.id, deliveryMode: 2 })
  })

  it('says what is wrong when a queue is there and of another kind', async () => {
    await directly((channel) => channel.assertQueue('carillon.kind', { durable: false }))
    await using queue = await open('kind')
    const sent = messages(1, () => Date.now())
    await expect(queue.send(sent)).rejects.toThrow("inequivalent arg 'durable' for queue 'carillon.kind'")
  })
})
