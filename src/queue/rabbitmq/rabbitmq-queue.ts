import { SystemClock } from '../../clock/system-clock.ts'
import { waitAtMost } from '../../clock/wait.ts'
import { DriverError } from '../../errors.ts'
import { withFields, type Logger } from '../../logger.ts'
import { loadDriver } from '../../sql/load-driver.ts'
import type { Message } from '../message.ts'
import type {
  MessageConsumer,
  MessageConsumption,
  MessageQueue,
  QueueCapabilities,
  QueueDriver,
  QueueHealth,
  QueueSetting,
} from '../message-queue.ts'
import { queueNames, type QueueNames } from './delay-queue.ts'
import { OUTAGE, RabbitmqConnection, type Dial } from './rabbitmq-connection.ts'
import { RabbitmqConsumption } from './rabbitmq-consumption.ts'
import { readEpoch } from './rabbitmq-epoch.ts'
import { addressesOf, checkOptions, dialer, type RabbitmqQueueOptions } from './rabbitmq-options.ts'
import { QueueOutage } from '../queue-outage.ts'
import { declareTargets, onChannel, RabbitmqPublisher } from './rabbitmq-publisher.ts'

export { messageOfDelivery } from './rabbitmq-message.ts'
export type { RabbitmqAddress, RabbitmqQueueOptions } from './rabbitmq-options.ts'

/**
 * A queue in a RabbitMQ, 3.8 or newer, without a plug-in. Needs the package `amqplib`.
 *
 * @see docs/guides/rabbitmq.md
 */
export function rabbitmqQueue(options: RabbitmqQueueOptions): QueueDriver {
  return {
    driver: 'rabbitmq',
    open: async ({ name, logger }: QueueSetting) => {
      const queueName = options.queueName ?? `carillon.${name}`
      checkOptions(options, queueName)
      const addresses = addressesOf(options)
      const { connect } = await loadDriver(() => import('amqplib'), 'amqplib', 'a queue in RabbitMQ')
      const dial = dialer(connect, addresses, options, `carillon ${queueName}`)
      const names = queueNames(queueName)
      return new RabbitmqQueue(dial, names, withFields(logger, { queue: name }))
    },
  }
}

const HEALTH_MS = 2_000

/**
 * Sends on one connection and receives on another: a server that is short of memory stops reading from those that send,
 * and what is done could no longer be acknowledged there.
 */
class RabbitmqQueue implements MessageQueue {
  readonly driver = 'rabbitmq'
  readonly capabilities: QueueCapabilities = {
    // Of instants that are spread evenly, and near; those of whole seconds are some 20 ms late.
    precisionMs: 110,
    canWithdraw: false,
    canDeduplicate: false,
    canPrioritize: false,
  }
  readonly #names: QueueNames
  readonly #logger: Logger
  readonly #clock = new SystemClock()
  readonly #sending: RabbitmqConnection
  readonly #receiving: RabbitmqConnection
  readonly #publisher: RabbitmqPublisher
  readonly #consumptions: RabbitmqConsumption[] = []

  constructor(dial: Dial, names: QueueNames, logger: Logger) {
    const outage = new QueueOutage(logger, OUTAGE)
    this.#names = names
    this.#logger = logger
    this.#sending = new RabbitmqConnection(dial, this.#clock, outage)
    this.#receiving = new RabbitmqConnection(dial, this.#clock, outage)
    this.#publisher = new RabbitmqPublisher(this.#sending, names, this.#clock)
  }

  send(messages: readonly Message[]): Promise<void> {
    return this.#publisher.publish(messages.map((message) => ({ message, comesAt: message.dueAt })))
  }

  /** Those that wait come all the same, and the fence stops them. */
  promote(messages: readonly Message[]): Promise<void> {
    return this.#publisher.publish(messages.map((message) => ({ message, comesAt: -Infinity })))
  }

  async withdraw(): Promise<void> {}

  consume(consumer: MessageConsumer): MessageConsumption {
    const consumption = new RabbitmqConsumption(consumer, {
      connection: this.#receiving,
      publisher: this.#publisher,
      names: this.#names,
      clock: this.#clock,
      logger: this.#logger,
    })
    this.#consumptions.push(consumption)
    return consumption
  }

  epoch(): Promise<string> {
    return readEpoch(this.#sending, this.#names.epoch, this.#clock)
  }

  async health(): Promise<QueueHealth> {
    const counted = this.#receiving.carryOut('count messages', (model) =>
      onChannel(model, async (channel) => {
        await declareTargets(channel, this.#names)
        return channel.checkQueue(this.#names.work)
      }),
    )
    try {
      const found = await waitAtMost(this.#clock, this.#clock.now() + HEALTH_MS, counted)
      if (found === undefined)
        throw new DriverError(`RabbitMQ does not answer within ${HEALTH_MS} ms`, { retryable: true })
      const { blocked } = this.#sending
      const waiting = found.messageCount
      if (blocked === undefined) return { isUp: true, waiting }
      return { isUp: false, error: `RabbitMQ takes no messages at present: ${blocked}`, waiting }
    } catch (error) {
      return { isUp: false, error: (error as Error).message }
    } finally {
      counted.catch(() => {})
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const consumption of this.#consumptions) consumption.abandon()
    await Promise.all([this.#sending.close(), this.#receiving.close()])
  }
}
