import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PgBoss } from 'pg-boss'
import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Logger } from '../../src/logger.ts'
import { messageOf, type Message } from '../../src/queue/message.ts'
import type { MessageConsumer, MessageQueue } from '../../src/queue/message-queue.ts'
import { pgBossQueue, type PgBossQueueOptions } from '../../src/queue/pg-boss/pg-boss-queue.ts'
import { queueContract } from '../../src/testing/contracts/queue/queue-contract.ts'
import { withPostgres } from '../support/servers/postgres-database.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'
import { until } from '../support/until.ts'

const timeout = 120_000
const HOUR = 3_600_000
const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} }

let server: PostgresServer
const opened: MessageQueue[] = []
beforeAll(async () => {
  server = await PostgresServer.start()
}, timeout)
afterAll(async () => server.stop(), timeout)
afterEach(async () => {
  for (const queue of opened.splice(0)) await queue[Symbol.asyncDispose]()
})

interface Opening extends PgBossQueueOptions {
  readonly logger?: Logger
  readonly address?: string | undefined
}

function open(
  name: string,
  { logger = silent, address = server.address, ...options }: Opening = {},
): Promise<MessageQueue> {
  return pgBossQueue(options).open({ name, logger, postgresAddress: address })
}

async function openHere(name: string, opening?: Opening): Promise<MessageQueue> {
  const queue = await open(name, opening)
  opened.push(queue)
  return queue
}

let made = 0

function messages(count: number, dueAt: (i: number) => number = () => Date.now()): Message[] {
  return Array.from({ length: count }, (_, i) =>
    messageOf({
      scheduleId: 1,
      generation: 1,
      nominalAt: 1_774_746_000_000 + made++ * 1_000,
      attempt: 0,
      dueAt: Math.floor(dueAt(i)),
      job: 'test',
    }),
  )
}

/** Notes what comes, and is done with it. */
class Notes implements MessageConsumer {
  readonly concurrency = 50
  readonly ids: string[] = []
  end: Promise<'done'> = Promise.resolve('done')

  async handle({ id }: Message): Promise<'done'> {
    this.ids.push(id)
    return this.end
  }

  hasAll(sent: readonly Message[]): boolean {
    const ids = new Set(this.ids)
    return sent.every(({ id }) => ids.has(id))
  }
}

class LogLines implements Logger {
  readonly errors: string[] = []
  readonly infos: string[] = []

  info(_: object, message: string): void {
    this.infos.push(message)
  }

  warn(): void {}

  error(_: object, message: string): void {
    this.errors.push(message)
  }
}

/** The states of the jobs of a queue, as pg-boss shows them. */
async function states(queue: string): Promise<string[]> {
  return withPostgres(server.address, async (client) => {
    const { rows } = await client.query<{ state: string }>(
      'select state::text from pgboss.job where name = $1',
      [`carillon-${queue}`],
    )
    return rows.map(({ state }) => state)
  })
}

describe('a queue of pg-boss', () => {
  it.each(queueContract)('$name', { timeout }, async ({ run }) => {
    await run({
      open,
      loseData: () =>
        withPostgres(
          server.address,
          async (client) => void (await client.query('drop schema pgboss cascade')),
        ),
      restart: () => server.restart(),
      toleranceMs: 20_000,
    })
  })

  it('leaves nothing behind of what is done', { timeout }, async () => {
    const queue = await openHere('clean')
    const notes = new Notes()
    const consumption = queue.consume(notes)
    const sent = messages(100)
    await queue.send(sent)
    await until('all have come', () => notes.hasAll(sent))
    await consumption.stop()
    expect(await states('clean')).toEqual([])
  })

  it('notices that its queue was deleted, instead of sending into nothing', { timeout }, async () => {
    const queue = await openHere('deleted')
    const before = await queue.epoch(undefined)
    const boss = new PgBoss({ connectionString: server.address, supervise: false, schedule: false })
    await boss.start()
    await boss.deleteQueue('carillon-deleted')
    await boss.stop()

    await queue.send(messages(3, () => Date.now() + HOUR))
    expect(await queue.health()).toMatchObject({ isUp: true, delayed: 3 })
    expect(await queue.epoch(before)).not.toBe(before)
  })

  it('cancels what others sent into it, says so, and goes on', { timeout }, async () => {
    const logger = new LogLines()
    const queue = await openHere('mixed', { logger })
    await queue.epoch(undefined)
    const boss = new PgBoss({ connectionString: server.address, supervise: false, schedule: false })
    await boss.start()
    await boss.send('carillon-mixed', { what: 'is this' })
    await boss.stop()

    const notes = new Notes()
    const consumption = queue.consume(notes)
    const sent = messages(3)
    await queue.send(sent)
    await until('all have come', () => notes.hasAll(sent))
    await until('the other one is refused', () => logger.errors.length > 0)
    await consumption.stop()
    expect(logger.errors).toEqual([expect.stringContaining("none of Carillon's")])
    expect(await states('mixed')).toEqual(['cancelled'])
  })
})

describe('in the transaction of the caller', () => {
  async function inTransaction(work: (client: Client) => Promise<void>): Promise<void> {
    await withPostgres(server.address, async (client) => {
      await client.query('begin')
      await work(client)
    })
  }

  function executeOn(client: Client) {
    // As Carillon reads what comes: integers as numbers, and all else as text.
    const types = { getTypeParser: (oid: number) => (oid === 23 ? Number : String) }
    return async (text: string, values: readonly unknown[]) =>
      (await client.query<object>({ text, values: [...values], types })).rows
  }

  it('takes in messages when it commits', { timeout }, async () => {
    const queue = await openHere('committed')
    const notes = new Notes()
    queue.consume(notes)
    const sent = [...messages(2_000), ...messages(2_000, () => Date.now() + HOUR)]
    const waiting = sent.slice(2_000)
    await inTransaction(async (client) => {
      await queue.inside!.send(executeOn(client), sent)
      expect(await queue.health()).toMatchObject({ delayed: 0, waiting: 0, active: 0 })
      expect(notes.ids).toEqual([])
      await client.query('commit')
    })
    await until('those that are due have come', () => notes.hasAll(sent.slice(0, 2_000)))
    await until('the others wait', async () => (await queue.health()).delayed === waiting.length)
  })

  it('takes in none when it rolls back', { timeout }, async () => {
    const queue = await openHere('rolled-back')
    const notes = new Notes()
    queue.consume(notes)
    await inTransaction(async (client) => {
      await queue.inside!.send(executeOn(client), messages(100))
      await client.query('rollback')
    })
    const sent = messages(1)
    await queue.send(sent)
    await until('what was sent afterwards has come', () => notes.hasAll(sent))
    expect(notes.ids).toEqual([sent[0]!.id])
    expect(await queue.health()).toMatchObject({ delayed: 0, waiting: 0 })
  })

  it('is offered only where the database is the same', async () => {
    const elsewhere = { connection: server.address }
    expect((await openHere('elsewhere', elsewhere)).inside).toBeUndefined()
    expect((await openHere('elsewhere', { ...elsewhere, sameDatabase: true })).inside).toBeDefined()
  })
})

describe('options', () => {
  it('ask for a connection where there is no PostgreSQL', async () => {
    const opening = pgBossQueue().open({ name: 'default', logger: silent, postgresAddress: undefined })
    await expect(opening).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('give pgBossQueue({ connection:'),
    })
  })

  it.each([
    [{ schema: 'a b' }, 'schema "a b"'],
    [{ queueName: 'a b' }, 'not "a b"'],
    [{ heartbeatSeconds: 5 }, 'from 10 to 3600'],
  ])('refuse %o', async (options, message) => {
    await expect(open('refused', options)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(message),
    })
  })

  it('refuse a queue whose policy holds messages back', { timeout }, async () => {
    const boss = new PgBoss({ connectionString: server.address, supervise: false, schedule: false })
    await boss.start()
    await boss.createQueue('singletons', { policy: 'singleton' })
    await boss.stop()
    const queue = await openHere('singletons', { queueName: 'singletons' })
    await expect(queue.send(messages(1))).rejects.toMatchObject({ code: 'CONFIG' })
  })
})

describe('when something dies', () => {
  it('gives to others what a killed server had', { timeout }, async () => {
    const queue = await openHere('killed', { heartbeatSeconds: 10 })
    const sent = messages(5)
    await queue.send(sent)
    const program = join(import.meta.dirname, 'member', 'pg-boss-member.ts')
    const member = spawn(process.execPath, [program, server.address, 'killed', '10'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const taken = new Set<string>()
    try {
      createInterface(member.stdout).on('line', (id) => taken.add(id))
      await until('the member has all', () => taken.size === sent.length)
    } finally {
      member.kill('SIGKILL')
    }

    const notes = new Notes()
    queue.consume(notes)
    await until('all have come again', () => notes.hasAll(sent), 60_000)
    expect(notes.ids).toHaveLength(sent.length)
  })

  it('keeps what a living server has, for longer than its heartbeat', { timeout }, async () => {
    const queue = await openHere('long', { heartbeatSeconds: 10 })
    const end = Promise.withResolvers<'done'>()
    const [holder, other] = [new Notes(), new Notes()]
    holder.end = end.promise
    const first = queue.consume(holder)
    const sent = messages(3)
    await queue.send(sent)
    await until('they are at work', () => holder.hasAll(sent))
    const second = queue.consume(other)

    const late = messages(1, () => Date.now() + 25_000)
    await queue.send(late)
    await until(
      'more than two heartbeats have passed',
      () => holder.hasAll(late) || other.hasAll(late),
      60_000,
    )
    expect([...holder.ids, ...other.ids].toSorted()).toEqual(
      [...sent, ...late].map(({ id }) => id).toSorted(),
    )
    end.resolve('done')
    await Promise.all([first.stop(), second.stop()])
    expect(await states('long')).toEqual([])
  })

  it('loses nothing when the server crashes in the midst of it', { timeout }, async () => {
    const logger = new LogLines()
    const queue = await openHere('crashed', { heartbeatSeconds: 10, logger })
    const notes = new Notes()
    queue.consume(notes)
    const sent = messages(2_000, (i) => Date.now() + i * 2)
    await queue.send(sent)
    await until('some have come', () => notes.ids.length > 200)
    await server.crash()
    await until('it is noticed', () => logger.errors.length > 0)
    expect(await queue.health()).toMatchObject({ isUp: false })
    await expect(queue.send(messages(1))).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
    await server.restart()

    await until('all have come', () => notes.hasAll(sent), 60_000)
    await until('all are settled', async () => {
      const { isUp, waiting, active } = await queue.health()
      return isUp && waiting === 0 && active === 0
    })
    expect(logger.errors).toEqual(['queue "crashed" cannot be served; it is tried again until it can'])
    expect(logger.infos).toEqual(['queue "crashed" is served again'])
  })

  it('opens and consumes while the server is down', { timeout }, async () => {
    await server.crash()
    const queue = await openHere('down')
    const notes = new Notes()
    try {
      queue.consume(notes)
      expect(await queue.health()).toMatchObject({ isUp: false })
      await expect(queue.epoch(undefined)).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
    } finally {
      await server.restart()
    }
    const sent = messages(3)
    await until('it takes messages', () =>
      queue.send(sent).then(
        () => true,
        () => false,
      ),
    )
    await until('they come', () => notes.hasAll(sent))
  })

  it('goes on when all connections were cut', { timeout }, async () => {
    const queue = await openHere('cut')
    const notes = new Notes()
    queue.consume(notes)
    const sent = messages(600, (i) => Date.now() + i * 5)
    await queue.send(sent)
    for (const count of [100, 200, 300]) {
      await until(`${count} have come`, () => notes.ids.length >= count)
      await server.cutConnections()
    }
    await until('all have come', () => notes.hasAll(sent), 60_000)
  })
})
