import assert from 'node:assert/strict'
import type { Clock, Instant } from '../../../clock/clock.ts'
import type {
  MessageConsumer,
  MessageConsumption,
  MessageQueue,
  QueueCapabilities,
} from '../../../queue/message-queue.ts'
import type { Message } from '../../../queue/message.ts'

/** What a consumer does with what it is given. */
export interface WatchOptions {
  /** 50 when left out. */
  readonly concurrency?: number
  /** How a message is settled; with `done` when left out. */
  readonly settle?: (message: Message) => Promise<'done' | 'again'> | 'done' | 'again'
}

/** A consumer under watch. */
export interface Watched {
  /** What it was given, in that order. */
  readonly given: readonly Message[]
  /** How many it has, and how many it had at most. */
  readonly active: number
  readonly mostActive: number
  /** Ends it. Nothing may be given to it from this call on. */
  stop(): Promise<void>
}

/** Looks at each delivery of a queue, to whomever: each must be of what was sent, unchanged, due, and with nobody else. */
export class Watch {
  readonly #clock: Clock
  /** Under its id, what was sent; several when it was sent again with another instant. */
  readonly #sent = new Map<string, Message[]>()
  readonly #promoted = new Set<string>()
  /** What two handlers may have at once. */
  readonly #copied = new Set<string>()
  readonly #times = new Map<string, number>()
  readonly #active = new Map<string, number>()
  readonly #consumers: WatchedConsumer[] = []
  readonly #faults: string[] = []
  readonly #released = Promise.withResolvers<'done'>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** These are sent. A queue that cannot tell keeps a copy of its own of what is sent again. */
  expect(messages: readonly Message[], { canDeduplicate }: QueueCapabilities): void {
    for (const message of messages) {
      const sent = this.#sent.get(message.id)
      if (sent !== undefined && !canDeduplicate) this.#copied.add(message.id)
      this.#sent.set(message.id, [...(sent ?? []), message])
    }
  }

  /** These may come from now on, whatever their instants are. A queue that cannot find them makes copies. */
  expectAtOnce(messages: readonly Message[], { canDeduplicate }: QueueCapabilities): void {
    for (const message of messages) {
      const { id } = message
      if (!canDeduplicate) this.#copied.add(id)
      if (!this.#sent.has(id)) this.#sent.set(id, [message])
      this.#promoted.add(id)
    }
  }

  consume(queue: MessageQueue, options: WatchOptions): Watched {
    const consumer = new WatchedConsumer(options, this)
    this.#consumers.push(consumer)
    consumer.start(queue)
    return consumer
  }

  /** How often a message has come. */
  times(id: string): number {
    return this.#times.get(id) ?? 0
  }

  /** When the first of it is due. */
  dueAt(id: string): Instant {
    if (this.#promoted.has(id)) return -Infinity
    return Math.min(...(this.#sent.get(id) ?? []).map((message) => message.dueAt))
  }

  /** @throws {AssertionError} when a delivery broke a promise */
  check(): void {
    const [fault] = this.#faults
    assert.ok(fault === undefined, `${fault} (${this.#faults.length} such faults)`)
  }

  /** Ends all handlers, those to come included. */
  release(): void {
    this.#released.resolve('done')
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()))
  }

  /** Called by the consumers, when they are given a message. */
  async take(message: Message, consumer: WatchedConsumer): Promise<'done' | 'again'> {
    const { id } = message
    this.#look(message, consumer)
    this.#times.set(id, this.times(id) + 1)
    this.#active.set(id, (this.#active.get(id) ?? 0) + 1)
    const settled = await Promise.race([consumer.settle(message), this.#released.promise])
    this.#active.set(id, this.#active.get(id)! - 1)
    return settled
  }

  #look(message: Message, consumer: WatchedConsumer): void {
    const now = this.#clock.now()
    const { id } = message
    const sent = this.#sent.get(id)
    const earlyMs = this.#promoted.has(id) ? 0 : message.dueAt - now

    if (sent === undefined) this.#fault(message, 'was never sent')
    else if (!sent.some((one) => isSame(one, message, this.#promoted.has(id))))
      this.#fault(message, `is another one than was sent, ${JSON.stringify(sent[0])}`)
    if (earlyMs > 0) this.#fault(message, `came ${earlyMs} ms before it was due`)
    if ((this.#active.get(id) ?? 0) > 0 && !this.#copied.has(id))
      this.#fault(message, 'came while a handler had it')
    if (consumer.isStopped) this.#fault(message, 'was given to a consumer that had been stopped')
    if (consumer.active > consumer.concurrency)
      this.#fault(
        message,
        `came to a consumer that had ${consumer.concurrency} already, which is its concurrency`,
      )
  }

  #fault(message: Message, what: string): void {
    this.#faults.push(`${JSON.stringify(message)} ${what}`)
  }
}

/** Hands what it is given to the watch. */
class WatchedConsumer implements MessageConsumer, Watched {
  readonly concurrency: number
  readonly given: Message[] = []
  readonly #watch: Watch
  readonly #settle: NonNullable<WatchOptions['settle']>
  #consumption: MessageConsumption | undefined
  #stopped: Promise<void> | undefined
  isStopped = false
  active = 0
  mostActive = 0

  constructor({ concurrency = 50, settle = () => 'done' }: WatchOptions, watch: Watch) {
    this.concurrency = concurrency
    this.#settle = settle
    this.#watch = watch
  }

  start(queue: MessageQueue): void {
    this.#consumption = queue.consume(this)
  }

  async handle(message: Message): Promise<'done' | 'again'> {
    this.given.push(message)
    this.active++
    this.mostActive = Math.max(this.mostActive, this.active)
    const settled = await this.#watch.take(message, this)
    this.active--
    return settled
  }

  async settle(message: Message): Promise<'done' | 'again'> {
    return this.#settle(message)
  }

  stop(): Promise<void> {
    this.isStopped = true
    this.#stopped ??= this.#consumption!.stop()
    return this.#stopped
  }
}

/** Whether all fields are the same; those of a copy that was made to come at once but for its instant. */
function isSame(one: Message, other: Message, isPromoted: boolean): boolean {
  const fields = ['id', 'scheduleId', 'generation', 'nominalAt', 'attempt', 'dueAt', 'job'] as const
  return fields.every((field) => one[field] === other[field] || (field === 'dueAt' && isPromoted))
}
