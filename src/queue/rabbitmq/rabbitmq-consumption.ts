import type { Channel, ConsumeMessage } from 'amqplib'
import type { Clock, Instant } from '../../clock/clock.ts'
import { Loop } from '../../clock/loop.ts'
import { waitUntil } from '../../clock/wait.ts'
import type { Logger } from '../../logger.ts'
import type { Message } from '../message.ts'
import type { MessageConsumer, MessageConsumption } from '../message-queue.ts'
import type { QueueNames } from './delay-queue.ts'
import type { RabbitmqConnection } from './rabbitmq-connection.ts'
import { messageOfDelivery, returnsOf, type Parcel } from './rabbitmq-message.ts'
import { declareTargets, type RabbitmqPublisher } from './rabbitmq-publisher.ts'

/** The protocol counts them in 16 bits, and takes 0 for any number. */
const MOST_AT_ONCE = 65_535
/** How many early ones are sent on at a time. */
const EARLY_AT_ONCE = 100

const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 5_000
/** A channel that has lived so long was in order. */
const SOUND_MS = 10_000

/** A message that is to come again does so after this time, and after twice as long each time that follows. */
const FIRST_RETURN_MS = 100
const LAST_RETURN_MS = 5_000
/** How long a message is held back that cannot be sent on. */
const HOLD_MS = 1_000

/** Hands the messages of a channel to a consumer, and opens another channel when that one was lost. */
export class RabbitmqConsumption implements MessageConsumption {
  readonly #consumer: MessageConsumer
  readonly #connection: RabbitmqConnection
  readonly #publisher: RabbitmqPublisher
  readonly #names: QueueNames
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #loop: Loop
  readonly #stopping = new AbortController()
  /** What the consumer has. A lost connection brings it again while it is at work here; so does its promotion. */
  readonly #atWork = new Map<string, Promise<'done' | 'again'>>()
  readonly #tasks = new Set<Promise<void>>()
  #channel: Channel | undefined
  #openedAt: Instant = -Infinity
  #retryMs = FIRST_RETRY_MS
  #retryAt: Instant = -Infinity
  #stopped: Promise<void> | undefined

  constructor(
    consumer: MessageConsumer,
    parts: {
      readonly connection: RabbitmqConnection
      readonly publisher: RabbitmqPublisher
      readonly names: QueueNames
      readonly clock: Clock
      readonly logger: Logger
    },
  ) {
    this.#consumer = consumer
    this.#connection = parts.connection
    this.#publisher = parts.publisher
    this.#names = parts.names
    this.#clock = parts.clock
    this.#logger = parts.logger
    this.#loop = new Loop(
      this.#clock,
      () => this.#keepOpen(),
      () => {
        // Its end may have come before anybody listened.
        this.#channel = undefined
        return this.#retryLater()
      },
    )
    this.#loop.start()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Takes nothing more, and waits for nobody: the server gives what is at work here to others. */
  abandon(): void {
    this.#stopping.abort()
    void this.#loop.stop()
  }

  async #stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop.stop()
    const channel = this.#channel
    if (channel !== undefined) {
      const cancel = async () => {
        for (const tag of [this.#names.work, this.#names.early]) await channel.cancel(tag)
      }
      await this.#connection.carryOut('end consumers', cancel).catch(() => {})
    }
    // What comes meanwhile goes back at once.
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
    if (channel === undefined || channel !== this.#channel) return
    // The answer says that the server has what was acknowledged before.
    await this.#connection.carryOut('close a channel', () => channel.close()).catch(() => {})
  }

  async #keepOpen(): Promise<Instant> {
    if (this.#channel !== undefined || this.#isStopping) return Infinity
    if (this.#clock.now() < this.#retryAt) return this.#retryAt

    await this.#connection.carryOut('start a consumer', async (model) => {
      const channel = await model.createChannel()
      channel.on('error', (error) => this.#logger.warn({ error }, 'RabbitMQ has closed a consumer'))
      channel.on('close', () => this.#lose(channel))
      this.#channel = channel
      this.#openedAt = this.#clock.now()

      await declareTargets(channel, this.#names)
      await this.#consume(channel, this.#names.work, this.#consumer.concurrency, (delivery) =>
        this.#handOver(channel, delivery),
      )
      await this.#consume(channel, this.#names.early, EARLY_AT_ONCE, (delivery) =>
        this.#sendOn(channel, delivery),
      )
    })
    return Infinity
  }

  async #consume(
    channel: Channel,
    queue: string,
    atOnce: number,
    take: (delivery: ConsumeMessage) => Promise<void>,
  ): Promise<void> {
    // It holds for consumers that are started from now on.
    await channel.prefetch(Math.min(Math.max(Math.floor(atOnce), 1), MOST_AT_ONCE))
    const onDelivery = (delivery: ConsumeMessage | null) => {
      // The queue was deleted, or moves to another server.
      if (delivery === null) return void channel.close().catch(() => {})
      if (this.#isStopping) return settle(() => channel.nack(delivery))
      const task = take(delivery).finally(() => this.#tasks.delete(task))
      this.#tasks.add(task)
    }
    // A consumer's tag has to differ from others of the channel only.
    await channel.consume(queue, onDelivery, { consumerTag: queue })
  }

  async #handOver(channel: Channel, delivery: ConsumeMessage): Promise<void> {
    const message = this.#read(channel, delivery)
    if (message === undefined) return
    if ((await this.#handle(message)) === 'done') return settle(() => channel.ack(delivery))

    const returns = returnsOf(delivery)
    const waitMs = Math.min(FIRST_RETURN_MS * 2 ** returns, LAST_RETURN_MS)
    const comesAt = this.#clock.now() + waitMs
    await this.#replace(channel, delivery, { message, comesAt, returns: returns + 1 })
  }

  async #sendOn(channel: Channel, delivery: ConsumeMessage): Promise<void> {
    const message = this.#read(channel, delivery)
    if (message === undefined) return
    await this.#replace(channel, delivery, { message, comesAt: message.dueAt })
  }

  #read(channel: Channel, delivery: ConsumeMessage): Message | undefined {
    try {
      return messageOfDelivery(delivery)
    } catch (error) {
      const { messageId } = delivery.properties
      this.#logger.error({ error, messageId }, 'a message of RabbitMQ could not be read and is dropped')
      settle(() => channel.nack(delivery, false, false))
      return undefined
    }
  }

  #handle(message: Message): Promise<'done' | 'again'> {
    const atWork = this.#atWork.get(message.id)
    if (atWork !== undefined) return atWork

    const work = this.#consumer.handle(message).finally(() => this.#atWork.delete(message.id))
    this.#atWork.set(message.id, work)
    return work
  }

  /**
   * Sends a message once more, and takes the one that was delivered from the queue. Given back as it is, it would come
   * first again, before all others that wait, and at once.
   */
  async #replace(channel: Channel, delivery: ConsumeMessage, parcel: Parcel): Promise<void> {
    if (this.#isStopping) return settle(() => channel.nack(delivery))
    try {
      await this.#publisher.publish([parcel])
      settle(() => channel.ack(delivery))
    } catch {
      await waitUntil(this.#clock, this.#clock.now() + HOLD_MS, this.#stopping.signal)
      settle(() => channel.nack(delivery))
    }
  }

  #lose(channel: Channel): void {
    if (this.#channel !== channel) return
    this.#channel = undefined
    if (this.#clock.now() - this.#openedAt > SOUND_MS) this.#retryMs = FIRST_RETRY_MS
    this.#retryLater()
    this.#loop.wake()
  }

  #retryLater(): Instant {
    const now = this.#clock.now()
    if (this.#retryAt <= now) {
      // Some come a little sooner, so that not all servers come at once.
      this.#retryAt = now + this.#retryMs * (0.8 + 0.2 * Math.random())
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
    }
    return this.#retryAt
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }
}

/** A channel that was lost meanwhile has given back all that was delivered on it. */
function settle(answer: () => void): void {
  try {
    answer()
  } catch (error) {
    if ((error as Error).name !== 'IllegalOperationError') throw error
  }
}
