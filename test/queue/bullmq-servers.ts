import { Redis } from 'ioredis'
import { bullmqQueue, type BullmqQueueOptions } from '../../src/queue/bullmq/bullmq-queue.ts'
import type { Logger } from '../../src/logger.ts'
import type { MessageQueue } from '../../src/queue/message-queue.ts'
import { messageOf, type Message } from '../../src/queue/message.ts'
import { withPostgres } from '../support/servers/postgres-database.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'
import { RedisServer } from '../support/servers/redis-server.ts'

export type Kind = 'Redis' | 'PostgreSQL'

export const KINDS: readonly Kind[] = ['Redis', 'PostgreSQL']

/** What BullMQ is on, and what a test does to it. */
export interface QueueServer extends AsyncDisposable {
  readonly address: string
  loseData(): Promise<void>
  crash(): Promise<void>
  restart(): Promise<void>
}

/** A server of the test's own, which keeps what it has acknowledged also over a crash. */
export async function startServer(kind: Kind): Promise<QueueServer> {
  if (kind === 'Redis') {
    const settings = { appendonly: 'yes', appendfsync: 'always', save: '' }
    const server = await RedisServer.start({ settings })
    return handleOf(server, server.address, () => loseRedis(server.address))
  }
  const server = await PostgresServer.start()
  const address = await server.createDatabase()
  return handleOf(server, address, () => losePostgres(address))
}

export function optionsFor(kind: Kind, address: string): BullmqQueueOptions {
  return kind === 'Redis' ? { connection: address } : { postgres: address }
}

/** How many connections a server has besides that which asks. */
export async function connectionsOf(kind: Kind, address: string): Promise<number> {
  if (kind === 'Redis') {
    const client = new Redis(address)
    const list = String(await client.client('LIST'))
    client.disconnect()
    return list.trim().split('\n').length - 1
  }
  return withPostgres(address, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    )
    return rows[0]!.count
  })
}

/** A logger that keeps what it is told. */
export class Lines implements Logger {
  readonly lines: { level: string; message: string; fields: object }[] = []

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, fields })
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', message, fields })
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', message, fields })
  }

  /** The messages that hold a text. */
  with(text: string): string[] {
    return this.lines.map(({ message }) => message).filter((message) => message.includes(text))
  }
}

export async function openQueue(
  options: BullmqQueueOptions,
  name = uniqueName(),
  logger: Logger = new Lines(),
): Promise<MessageQueue> {
  return bullmqQueue(options).open({ name, logger, postgresAddress: undefined })
}

export function uniqueName(): string {
  return `test-${crypto.randomUUID().slice(0, 8)}`
}

let made = 0

/** Messages of their own, all due at one instant. */
export function messages(count: number, dueAt: number): Message[] {
  const scheduleId = ++made
  return Array.from({ length: count }, (_, i) =>
    messageOf({ scheduleId, generation: 1, nominalAt: i * 60_000, attempt: 0, dueAt, job: 'report' }),
  )
}

function handleOf(
  server: RedisServer | PostgresServer,
  address: string,
  loseData: () => Promise<void>,
): QueueServer {
  return {
    address,
    loseData,
    crash: () => server.crash(),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

const DEADLOCK = '40P01'

async function loseRedis(address: string): Promise<void> {
  const client = new Redis(address)
  await client.flushall()
  client.disconnect()
}

/**
 * As a database that is set up anew: BullMQ's tables are there, and empty. What is under way there may hold them in another
 * order, so that PostgreSQL breaks one of the two off.
 */
async function losePostgres(address: string): Promise<void> {
  const tables = ['job', 'meta', 'event', 'job_log', 'job_dependency'].map((name) => `bullmq.${name}`)
  for (let isLost = false; !isLost;) {
    isLost = await withPostgres(address, (client) => client.query(`truncate ${tables.join(', ')}`)).then(
      () => true,
      (error: unknown) => {
        if ((error as { code?: unknown }).code === DEADLOCK) return false
        throw error
      },
    )
  }
}
