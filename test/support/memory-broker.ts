import type { Alarm, Instant } from '../../src/clock/clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import type {
  MessageConsumer,
  MessageConsumption,
  MessageQueue,
  QueueCapabilities,
  QueueHealth,
} from '../../src/queue/message-queue.ts'
import type { Message } from '../../src/queue/message.ts'

/** A message in the broker: it waits for its instant, then for a consumer, then for that to settle it. */
export interface Entry {
  readonly key: string
  readonly message: Message
  state: 'delayed' | 'waiting' | 'active'
  alarm?: Alarm
}

/**
 * A queue in memory that keeps every promise: what the contract of queues is proven on. The methods that are not private
 * are there to be overridden by one that breaks a promise.
 */
export class MemoryBroker {
  readonly clock = new SystemClock()
  readonly capabilities: QueueCapabilities
  protected readonly entries = new Map<string, Entry>()
  protected readonly consumers = new Set<MemoryConsumption>()
  protected waiting: Entry[] = []
  #copies = 0
  #losses = 0

  constructor(capabilities: Partial<QueueCapabilities> = {}) {
    const all = { precisionMs: 1, canWithdraw: true, canDeduplicate: true, canPrioritize: false }
    this.capabilities = { ...all, ...capabilities }
  }

  open(): MemoryQueue {
    return new MemoryQueue(this)
  }

  takeIn(message: Message, dueAt: Instant = message.dueAt): void {
    const key = this.keyOf(message)
    if (this.entries.has(key)) return
    const entry: Entry = { key, message: { ...message }, state: 'delayed' }
    this.entries.set(key, entry)
    if (dueAt <= this.clock.now()) this.makeDue(entry)
    else entry.alarm = this.clock.alarmAt(dueAt, () => this.makeDue(entry))
  }

  promote({ id }: Message): void {
    for (const entry of this.find(id)) if (entry.state === 'delayed') this.makeDue(entry)
  }

  withdraw({ id }: Message): void {
    if (!this.capabilities.canWithdraw) return
    for (const entry of this.find(id)) if (entry.state !== 'active') this.remove(entry)
  }

  subscribe(consumption: MemoryConsumption): void {
    this.consumers.add(consumption)
    this.deliver()
  }

  /** Called when a handler has ended. */
  settle(entry: Entry, answer: 'done' | 'again'): void {
    if (answer === 'done') this.remove(entry)
    else this.makeDue(entry)
    this.deliver()
  }

  async stop(consumption: MemoryConsumption): Promise<void> {
    this.consumers.delete(consumption)
    await consumption.settled()
  }

  epoch(_last: string | undefined): string {
    return `epoch-${this.#losses}`
  }

  loseData(): void {
    this.#losses++
    for (const entry of this.entries.values()) this.remove(entry)
  }

  restart(): void {}

  health(): QueueHealth {
    const count = (state: Entry['state']) =>
      [...this.entries.values()].filter((entry) => entry.state === state).length
    return { isUp: true, delayed: count('delayed'), waiting: count('waiting'), active: count('active') }
  }

  protected keyOf({ id }: Message): string {
    return this.capabilities.canDeduplicate ? id : `${id}#${++this.#copies}`
  }

  protected makeDue(entry: Entry): void {
    entry.alarm?.cancel()
    entry.state = 'waiting'
    this.waiting.push(entry)
    this.deliver()
  }

  protected remove(entry: Entry): void {
    entry.alarm?.cancel()
    if (entry.state === 'waiting') this.waiting = this.waiting.filter((other) => other !== entry)
    this.entries.delete(entry.key)
  }

  protected deliver(): void {
    while (this.waiting.length > 0) {
      const free = [...this.consumers].find((consumer) => this.hasRoom(consumer))
      if (free === undefined) return
      const entry = this.waiting.shift()!
      entry.state = 'active'
      // The next one first, so that consumers take turns.
      this.consumers.delete(free)
      this.consumers.add(free)
      this.give(entry, free)
    }
  }

  protected hasRoom({ active, concurrency }: MemoryConsumption): boolean {
    return active < concurrency
  }

  protected give(entry: Entry, consumption: MemoryConsumption): void {
    void consumption.handle(entry)
  }

  protected find(id: string): Entry[] {
    const found = this.entries.get(id)
    if (this.capabilities.canDeduplicate) return found === undefined ? [] : [found]
    return [...this.entries.values()].filter(({ message }) => message.id === id)
  }
}

/** A consumer of the broker. */
export class MemoryConsumption implements MessageConsumption {
  readonly concurrency: number
  readonly #broker: MemoryBroker
  readonly #consumer: MessageConsumer
  readonly #work = new Set<Promise<void>>()

  constructor(broker: MemoryBroker, consumer: MessageConsumer) {
    this.#broker = broker
    this.#consumer = consumer
    this.concurrency = consumer.concurrency
  }

  get active(): number {
    return this.#work.size
  }

  async handle(entry: Entry, message: Message = entry.message): Promise<void> {
    const work = this.#consumer.handle({ ...message }).then((answer) => {
      this.#work.delete(work)
      this.#broker.settle(entry, answer)
    })
    this.#work.add(work)
    await work
  }

  async settled(): Promise<void> {
    await Promise.all(this.#work)
  }

  async stop(): Promise<void> {
    await this.#broker.stop(this)
  }
}

/** A connection to the broker. */
class MemoryQueue implements MessageQueue {
  readonly driver = 'memory'
  readonly capabilities: QueueCapabilities
  readonly #broker: MemoryBroker
  readonly #consumptions: MemoryConsumption[] = []

  constructor(broker: MemoryBroker) {
    this.#broker = broker
    this.capabilities = broker.capabilities
  }

  async send(messages: readonly Message[]): Promise<void> {
    for (const message of messages) this.#broker.takeIn(message)
  }

  async promote(messages: readonly Message[]): Promise<void> {
    for (const message of messages) this.#broker.promote(message)
  }

  async withdraw(messages: readonly Message[]): Promise<void> {
    for (const message of messages) this.#broker.withdraw(message)
  }

  consume(consumer: MessageConsumer): MessageConsumption {
    const consumption = new MemoryConsumption(this.#broker, consumer)
    this.#consumptions.push(consumption)
    this.#broker.subscribe(consumption)
    return consumption
  }

  async epoch(last: string | undefined): Promise<string> {
    return this.#broker.epoch(last)
  }

  async health(): Promise<QueueHealth> {
    return this.#broker.health()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#consumptions.map((consumption) => consumption.stop()))
  }
}
