import { SystemClock } from '../../clock/system-clock.ts'
import { waitAtMost } from '../../clock/wait.ts'
import { DriverError } from '../../errors.ts'
import { withFields, type Logger } from '../../logger.ts'
import { loadDriver } from '../../sql/load-driver.ts'
import type {
  MessageConsumer,
  MessageConsumption,
  MessageQueue,
  QueueCapabilities,
  QueueDriver,
  QueueHealth,
  QueueSetting,
} from '../message-queue.ts'
import type { Message } from '../message.ts'
import { BullmqConsumption } from './bullmq-consumption.ts'
import { jobOf } from './bullmq-message.ts'
import { BullmqOnPostgres } from './bullmq-on-postgres.ts'
import { BullmqOnRedis } from './bullmq-on-redis.ts'
import { checkBullmqOptions, checkQueueName, type BullmqQueueOptions } from './bullmq-options.ts'
import type { Bullmq, BullmqServer } from './bullmq-server.ts'

export { messageOfJob } from './bullmq-message.ts'
export type {
  BullmqOnPostgresOptions,
  BullmqOnRedisOptions,
  BullmqQueueOptions,
  IoredisClient,
  PostgresConnectionOptions,
  RedisConnectionOptions,
} from './bullmq-options.ts'

/**
 * A queue of BullMQ, on Redis or on PostgreSQL:
 *
 * ```ts
 * bullmqQueue({ connection: 'redis://localhost:6379' })
 * bullmqQueue({ postgres: process.env.DATABASE_URL })
 * ```
 *
 * It opens connections of its own, and ends them with itself.
 *
 * @throws {ConfigError} when an option is not valid
 * @see docs/guides/bullmq.md
 */
export function bullmqQueue(options: BullmqQueueOptions): QueueDriver {
  checkBullmqOptions(options)
  return {
    driver: DRIVER,
    async open({ name, logger }: QueueSetting): Promise<MessageQueue> {
      const queueName = options.queueName ?? `carillon-${name}`
      checkQueueName(queueName)
      const bullmq = await loadDriver(() => import('bullmq'), 'bullmq', 'bullmqQueue')
      const server = await openServer(bullmq, queueName, options)
      return new BullmqQueue(bullmq, server, queueName, withFields(logger, { queue: queueName }))
    },
  }
}

const DRIVER = 'bullmq'
/** How many messages go in one call, and how many calls are under way: the fastest of what was tried. */
const SENT_AT_ONCE = 500
const CALLS_AT_ONCE = 2
const PROMOTED_AT_ONCE = 1_000
const WITHDRAWN_AT_ONCE = 2_500
/** How long a call may take. */
const ANSWER_MS = 10_000
const HEALTH_MS = 2_000

/** @see docs/design/queues.md */
class BullmqQueue implements MessageQueue {
  readonly driver = DRIVER
  readonly capabilities: QueueCapabilities
  readonly #clock = new SystemClock()
  readonly #bullmq: Bullmq
  readonly #server: BullmqServer
  readonly #name: string
  readonly #logger: Logger
  readonly #consumptions = new Set<BullmqConsumption>()
  #closed: Promise<void> | undefined

  constructor(bullmq: Bullmq, server: BullmqServer, name: string, logger: Logger) {
    this.#bullmq = bullmq
    this.#server = server
    this.#name = name
    this.#logger = logger
    const { precisionMs } = server
    this.capabilities = { precisionMs, canWithdraw: true, canDeduplicate: true, canPrioritize: true }
  }

  async send(messages: readonly Message[]): Promise<void> {
    await this.#inSlices(messages, SENT_AT_ONCE, 'take in messages', async (slice) => {
      const now = this.#clock.now()
      await this.#server.add(slice.map((message) => jobOf(message, now)))
    })
  }

  async promote(messages: readonly Message[]): Promise<void> {
    await this.#inSlices(messages, PROMOTED_AT_ONCE, 'promote messages', (slice) =>
      this.#server.promote(slice.map(({ id }) => id)),
    )
  }

  async withdraw(messages: readonly Message[]): Promise<void> {
    await this.#inSlices(messages, WITHDRAWN_AT_ONCE, 'give back messages', (slice) =>
      this.#server.remove(slice.map(({ id }) => id)),
    )
  }

  consume(consumer: MessageConsumer): MessageConsumption {
    const consumption = new BullmqConsumption({
      bullmq: this.#bullmq,
      server: this.#server,
      consumer,
      clock: this.#clock,
      logger: this.#logger,
    })
    this.#consumptions.add(consumption)
    const stop = async () => {
      await consumption.stop()
      this.#consumptions.delete(consumption)
    }
    return { stop }
  }

  async epoch(_last: string | undefined): Promise<string> {
    return this.#answer('say what it holds', () => this.#server.epoch())
  }

  async health(): Promise<QueueHealth> {
    const until = this.#clock.now() + HEALTH_MS
    const asked = this.#count().catch((error: unknown) => ({
      isUp: false,
      error: this.#server.explain(error),
    }))
    const silent = { isUp: false, error: `${this.#server.title} did not answer within ${HEALTH_MS} ms` }
    return (await waitAtMost<QueueHealth>(this.#clock, until, asked)) ?? silent
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumptions].map((consumption) => consumption.abandon()))
    await waitAtMost(this.#clock, this.#clock.now() + ANSWER_MS, this.#server.close())
  }

  async #count(): Promise<QueueHealth> {
    return { isUp: true, ...(await this.#server.count()) }
  }

  /** Does it slice by slice, some of them at a time. */
  async #inSlices(
    messages: readonly Message[],
    size: number,
    what: string,
    work: (slice: readonly Message[]) => Promise<void>,
  ): Promise<void> {
    let next = 0
    const lane = async () => {
      while (next < messages.length) {
        const slice = messages.slice(next, (next += size))
        await this.#answer(what, () => work(slice))
      }
    }
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, lane))
  }

  async #answer<T>(what: string, work: () => Promise<T>): Promise<T> {
    const failure = `BullMQ's queue "${this.#name}" on ${this.#server.title} did not ${what}`
    let answer: { readonly value: T } | undefined
    try {
      const asked = work().then((value) => ({ value }))
      answer = await waitAtMost(this.#clock, this.#clock.now() + ANSWER_MS, asked)
    } catch (cause) {
      throw new DriverError(`${failure}: ${this.#server.explain(cause)}`, { retryable: true, cause })
    }
    if (answer === undefined)
      throw new DriverError(`${failure} within ${ANSWER_MS} ms: no answer`, { retryable: true })
    return answer.value
  }
}

async function openServer(bullmq: Bullmq, name: string, options: BullmqQueueOptions): Promise<BullmqServer> {
  if (options.postgres !== undefined) return BullmqOnPostgres.open(bullmq, name, options)
  return BullmqOnRedis.open(bullmq, name, options)
}
