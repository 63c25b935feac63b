import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib'
import type { Clock, Instant } from '../../clock/clock.ts'
import { monotonicMs } from '../../clock/monotonic.ts'
import { waitUntil } from '../../clock/wait.ts'
import { DriverError } from '../../errors.ts'
import {
  delayQueue,
  delayQueueArguments,
  QUEUE_TYPE,
  SOON_MS,
  type DelayQueue,
  type QueueNames,
} from './delay-queue.ts'
import type { RabbitmqConnection } from './rabbitmq-connection.ts'
import { contentOf, headersOf, type Parcel } from './rabbitmq-message.ts'

/** How many messages are on their way before all of them must be confirmed. */
const BATCH = 1_000
/** A message waits its time from when it reaches its queue. So those that are due soon must not wait for each other. */
const SOON_BATCH = 100
const CONFIRM_MS = 8_000
/** A server makes queues three times as fast on several channels as on one. */
const DECLARING_CHANNELS = 8
const QUEUES_A_CHANNEL = 4
/** How long a message may take to the server, after it was seen that its queue will be there. */
const ON_THE_WAY_MS = 30_000
/** Messages that the server refuses are sent again, after a wait that grows. */
const MOST_TRIES = 6
const FIRST_WAIT_MS = 20
const FORGET_FROM = 5_000

/** A channel for messages, with what is known of the queues for them. */
interface Outlet {
  readonly channel: ConfirmChannel
  /** When each delay queue was declared, by the monotonic clock. */
  readonly declaredMs: Map<string, number>
  /** The numbers of messages that came back, since their queue was not there. */
  readonly returned: Set<string>
  sent: number
  isOpen: boolean
}

/** Hands messages to the server, which confirms each of them. */
export class RabbitmqPublisher {
  readonly #connection: RabbitmqConnection
  readonly #names: QueueNames
  readonly #clock: Clock
  #outlet: Promise<Outlet> | undefined

  constructor(connection: RabbitmqConnection, names: QueueNames, clock: Clock) {
    this.#connection = connection
    this.#names = names
    this.#clock = clock
  }

  /**
   * Resolves when the server has all of them.
   *
   * @throws {DriverError} when it does not say so; it may have some of them then
   */
  async publish(parcels: readonly Parcel[]): Promise<void> {
    for (const batch of batchesOf(parcels, this.#clock.now())) {
      let left = batch
      for (let tries = 1; left.length > 0; tries++) {
        if (tries > MOST_TRIES) throw refused(left.length)
        if (tries > 1) await waitUntil(this.#clock, this.#clock.now() + FIRST_WAIT_MS * 2 ** tries)
        left = await this.#publishBatch(left)
      }
    }
  }

  /** @returns those that the server did not take, such as those whose queue was not there */
  async #publishBatch(parcels: readonly Parcel[]): Promise<Parcel[]> {
    const { blocked } = this.#connection
    if (blocked !== undefined)
      throw new DriverError(`RabbitMQ takes no messages at present: ${blocked}`, { retryable: true })

    const outlet = await this.#open()
    const now = this.#clock.now()
    const routed = parcels.map((parcel) => ({
      parcel,
      delay: delayQueue(this.#names, parcel.comesAt, now),
    }))
    await this.#declare(
      outlet,
      routed.flatMap(({ delay }) => delay ?? []),
    )
    const sending = async () =>
      Promise.all(routed.map(({ parcel, delay }) => this.#publishOne(outlet, parcel, delay)))
    const areTaken = await this.#connection.carryOut('send messages', sending, CONFIRM_MS)
    return parcels.filter((_, i) => !areTaken[i])
  }

  /** @returns whether the server has taken it */
  #publishOne(outlet: Outlet, parcel: Parcel, delay: DelayQueue | undefined): Promise<boolean> {
    const number = String(outlet.sent++)
    // The clock is read in whole milliseconds, and its parts are dropped: what is left to wait is rounded up.
    const ttlMs = delay === undefined ? 0 : Math.ceil(delay.endsAt - this.#clock.now())
    const queue = ttlMs > 0 ? delay!.name : (delay?.target ?? this.#names.work)
    const options = {
      persistent: true,
      mandatory: true,
      messageId: parcel.message.id,
      correlationId: number,
      contentType: 'application/json',
      headers: headersOf(parcel),
      ...(ttlMs > 0 && { expiration: ttlMs }),
    }
    return new Promise((resolve, reject) => {
      outlet.channel.publish('', queue, contentOf(parcel), options, (error: Error | null) => {
        if (error !== null && !outlet.isOpen) return reject(error)
        // What is returned comes before its confirmation.
        const isReturned = outlet.returned.delete(number)
        if (isReturned) outlet.declaredMs.delete(queue)
        resolve(error === null && !isReturned)
      })
    })
  }

  /** Makes the queues that are not there, or may not be there long enough. */
  async #declare({ declaredMs }: Outlet, delays: readonly DelayQueue[]): Promise<void> {
    const nowMs = monotonicMs()
    const now = this.#clock.now()
    const needed = new Map(delays.map((delay) => [delay.name, delay]))
    for (const [name, { endsAt, keptMs }] of needed) {
      const ageMs = nowMs - (declaredMs.get(name) ?? -Infinity)
      if (ageMs + (endsAt - now) + ON_THE_WAY_MS <= keptMs) needed.delete(name)
    }
    if (needed.size === 0) return

    const todo = [...needed.values()]
    const declareNext = async (channel: Channel) => {
      for (let delay = todo.pop(); delay !== undefined; delay = todo.pop()) {
        const args = delayQueueArguments(delay)
        await channel.assertQueue(delay.name, { durable: true, arguments: args })
        declaredMs.set(delay.name, nowMs)
      }
    }
    const count = Math.min(Math.ceil(todo.length / QUEUES_A_CHANNEL), DECLARING_CHANNELS)
    const declareAll = (model: ChannelModel) =>
      Promise.all(Array.from({ length: count }, () => onChannel(model, declareNext)))
    await this.#connection.carryOut('make delay queues', declareAll, CONFIRM_MS)
    if (declaredMs.size > FORGET_FROM) forget(declaredMs, nowMs)
  }

  async #open(): Promise<Outlet> {
    if (this.#outlet === undefined) {
      const opening = this.#connection.carryOut('open a channel', async (model) => {
        const channel = await model.createConfirmChannel()
        const outlet: Outlet = { channel, declaredMs: new Map(), returned: new Set(), sent: 0, isOpen: true }
        channel.on('error', () => {})
        channel.on('return', ({ properties }) => outlet.returned.add(String(properties.correlationId)))
        // Before the library fails what is not confirmed: that is how to tell it from what is refused.
        channel.prependListener('close', () => {
          outlet.isOpen = false
          this.#forgetOutlet(opening)
        })
        await declareTargets(channel, this.#names)
        return outlet
      })
      this.#outlet = opening
      opening.catch(() => this.#forgetOutlet(opening))
    }
    return this.#outlet
  }

  #forgetOutlet(outlet: Promise<Outlet>): void {
    if (this.#outlet === outlet) this.#outlet = undefined
  }
}

/** Makes the queues to which messages go on in the end. */
export async function declareTargets(channel: Channel, { work, early }: QueueNames): Promise<void> {
  for (const name of [work, early]) {
    await channel.assertQueue(name, { durable: true, arguments: QUEUE_TYPE })
  }
}

/** Does something on a channel of its own, which an error may close. */
export async function onChannel<T>(
  model: ChannelModel,
  work: (channel: ConfirmChannel) => Promise<T>,
): Promise<T> {
  const channel = await model.createConfirmChannel()
  let isOpen = true
  channel.on('error', () => {})
  channel.on('close', () => (isOpen = false))
  try {
    return await work(channel)
  } finally {
    if (isOpen) await channel.close()
  }
}

function batchesOf(parcels: readonly Parcel[], now: Instant): Parcel[][] {
  const isSoon = ({ comesAt }: Parcel) => comesAt > now && comesAt <= now + SOON_MS
  const soon = parcels.filter(isSoon).sort((a, b) => a.comesAt - b.comesAt)
  const others = parcels.filter((parcel) => !isSoon(parcel))
  return [...batches(soon, SOON_BATCH), ...batches(others, BATCH)]
}

function batches<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size))
}

function forget(declaredMs: Map<string, number>, nowMs: number): void {
  const hourAgo = nowMs - 3_600_000
  for (const [name, declared] of declaredMs) if (declared < hourAgo) declaredMs.delete(name)
}

function refused(count: number): DriverError {
  const message = `RabbitMQ refused ${count} messages ${MOST_TRIES} times, or their queues are deleted again and again`
  return new DriverError(message, { retryable: true })
}
