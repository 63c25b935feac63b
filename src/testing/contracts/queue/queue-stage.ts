import assert from 'node:assert/strict'
import type { Instant } from '../../../clock/clock.ts'
import { monotonicMs } from '../../../clock/monotonic.ts'
import { SystemClock } from '../../../clock/system-clock.ts'
import { waitAtMost, waitUntil } from '../../../clock/wait.ts'
import type { MessageQueue } from '../../../queue/message-queue.ts'
import { messageOf, type Message } from '../../../queue/message.ts'
import { Watch, type Watched, type WatchOptions } from './watch.ts'

/** What the contract is tried on. */
export interface QueueContractKit {
  /**
   * Connects to a queue as another server process would: what is opened under one name is the same queue, under another
   * name another one. Each case uses a name of its own, such as `contract-1f6a09b3c2d4`, opens it several times, and
   * disposes of what it opened.
   */
  open(name: string): Promise<MessageQueue>

  /**
   * How long the case waits for what is due and does not come, in milliseconds, before it calls it lost: generous, since
   * machines are busy. What comes later than that is a failure, what comes within it never is. At least several times
   * the `precisionMs` of the queue; 10,000 suits most.
   */
  readonly toleranceMs: number

  /**
   * How long a handler keeps a message to see that nobody else is given it, in milliseconds; 2,000 when left out. Where
   * a queue takes messages back that are not renewed, open it with a short time for that, and make this longer.
   */
  readonly holdMs?: number

  /**
   * How long a message may stay with a consumer whose queue was disposed of, in milliseconds, before somebody else is
   * given it; 0 when left out. The tolerance comes on top.
   */
  readonly abandonedMs?: number

  /** Wipes what the server holds, behind the back of those that are connected. */
  loseData?(): Promise<void>

  /** Stops the server, and starts it again with what it held, at the same address. */
  restart?(): Promise<void>
}

/** One promise of the contract. */
export interface QueueContractCase {
  readonly name: string
  /** What the kit must offer for it; it fails where that is missing, so leave it out on purpose. */
  readonly needs?: 'loseData' | 'restart'
  /**
   * Takes a few seconds; give it a minute.
   *
   * @throws {AssertionError} when the driver does not keep it
   */
  readonly run: (kit: QueueContractKit) => Promise<void>
}

export const SECOND = 1_000
export const HOUR = 3_600 * SECOND

const LOOK_MS = 5

/** A case, with the stage that it plays on. */
export function queueCase(name: string, play: (stage: QueueStage) => Promise<void>): QueueContractCase {
  return { name, run: (kit) => onStage(kit, play) }
}

/** A case that needs what not every kit offers. */
export function queueCaseWith(
  needs: 'loseData' | 'restart',
  name: string,
  play: (stage: QueueStage, hook: () => Promise<void>) => Promise<void>,
): QueueContractCase {
  const run = async (kit: QueueContractKit) => {
    assert.ok(kit[needs] !== undefined, `the kit has no ${needs}(): give it one, or leave this case out`)
    await onStage(kit, (stage) => play(stage, () => kit[needs]!()))
  }
  return { name, needs, run }
}

async function onStage(kit: QueueContractKit, play: (stage: QueueStage) => Promise<void>): Promise<void> {
  const stage = new QueueStage(kit)
  try {
    await play(stage)
    stage.check()
  } catch (error) {
    // The fault counts, not what follows from it.
    await stage.clear().catch(() => {})
    throw error
  }
  await stage.clear()
  stage.check()
}

/** A queue of its own, whose every delivery is watched: what a case plays on. */
export class QueueStage {
  readonly #clock = new SystemClock()
  readonly kit: QueueContractKit
  readonly watch: Watch
  readonly #name = `contract-${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`
  readonly #scheduleId = Math.ceil(Math.random() * 1e9)
  readonly #open = new Set<MessageQueue>()
  #made = 0

  constructor(kit: QueueContractKit) {
    this.kit = kit
    this.watch = new Watch(this.#clock)
  }

  now(): Instant {
    return this.#clock.now()
  }

  /** One more connection to the queue. */
  async open(): Promise<MessageQueue> {
    const queue = await this.kit.open(this.#name)
    this.#open.add(queue)
    return queue
  }

  /** Ends a connection. @throws {AssertionError} when it does not end */
  async close(queue: MessageQueue): Promise<void> {
    if (!this.#open.delete(queue)) return
    await this.inTime('the queue is disposed of', queue[Symbol.asyncDispose]())
  }

  /** Messages of one attempt each, at these instants. */
  messages(dueAts: readonly Instant[], change: Partial<Message> = {}): Message[] {
    return dueAts.map((dueAt) =>
      messageOf({
        scheduleId: this.#scheduleId,
        generation: 1,
        nominalAt: 1_774_746_000_000 + this.#made++ * 60_000,
        attempt: 0,
        dueAt: Math.floor(dueAt),
        job: 'contract',
        ...change,
      }),
    )
  }

  /** So many messages, all due at one instant. */
  many(count: number, dueAt: Instant): Message[] {
    return this.messages(Array.from({ length: count }, () => dueAt))
  }

  async send(queue: MessageQueue, messages: readonly Message[]): Promise<void> {
    this.watch.expect(messages, queue.capabilities)
    await this.inTime('the messages are taken in', queue.send(messages))
  }

  async promote(queue: MessageQueue, messages: readonly Message[]): Promise<void> {
    this.watch.expectAtOnce(messages, queue.capabilities)
    await this.inTime('the messages are promoted', queue.promote(messages))
  }

  consume(queue: MessageQueue, options: WatchOptions = {}): Watched {
    return this.watch.consume(queue, options)
  }

  /**
   * Waits until each of them has come, so many times in all.
   *
   * @throws {AssertionError} when they don't, with which
   */
  async arrival(messages: readonly Message[], times = 1): Promise<void> {
    await this.#progress(messages, 0, () => messages.filter(({ id }) => this.watch.times(id) < times))
  }

  /** Waits until this consumer has been given each of them, which may take so much longer than usual. */
  async arrivalAt(consumer: Watched, messages: readonly Message[], moreMs = 0): Promise<void> {
    await this.#progress(messages, moreMs, () => {
      const given = new Set(consumer.given.map(({ id }) => id))
      return messages.filter(({ id }) => !given.has(id))
    })
  }

  /**
   * Does what has to be done before its messages are due, such as taking them back: once more, with others, when the
   * machine was too slow for that.
   *
   * @returns what `act` answered
   */
  async inAdvance<T>(act: (dueAt: Instant) => Promise<T>): Promise<T> {
    for (let delay = 2 * SECOND; ; delay *= 4) {
      const dueAt = this.now() + delay
      const done = await act(dueAt)
      if (this.now() < dueAt) return done
      assert.ok(delay < 30 * SECOND, `it takes more than ${delay} ms`)
    }
  }

  timesInAll(messages: readonly Message[]): number {
    return messages.reduce((sum, { id }) => sum + this.watch.times(id), 0)
  }

  /** @throws {AssertionError} when one of them has come more often than that */
  atMost(times: number, messages: readonly Message[]): void {
    const more = messages.filter(({ id }) => this.watch.times(id) > times)
    const [some] = more
    assert.ok(
      some === undefined,
      `${more.length} of ${messages.length} messages came more than ${times} times, such as ${some?.id}`,
    )
  }

  /** Waits until it is so. @throws {AssertionError} when it is not in time */
  async until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAt = monotonicMs() + this.kit.toleranceMs
    while (!(await look())) {
      this.watch.check()
      assert.ok(monotonicMs() < giveUpAt, `waited ${this.kit.toleranceMs} ms in vain until ${what}`)
      await this.pause(LOOK_MS)
    }
  }

  /** Answers what the work gives. @throws {AssertionError} when it does not end in time */
  async inTime<T>(what: string, work: PromiseLike<T>): Promise<T> {
    const ended = Promise.resolve(work).then((value) => ({ value }))
    const answer = await waitAtMost(this.#clock, this.now() + this.kit.toleranceMs, ended)
    assert.ok(answer !== undefined, `waited ${this.kit.toleranceMs} ms in vain until ${what}`)
    return answer.value
  }

  /**
   * Lets a time go by in which the queue could do what it must not: a message that is sent now and due then comes. What
   * was due half of that time before had every chance to come too.
   */
  async pass(queue: MessageQueue, ms = SECOND / 2): Promise<void> {
    const marks = this.messages([this.now() + ms / 2, this.now() + ms])
    await this.send(queue, marks)
    await this.arrival(marks)
  }

  /** Lets a time go by, where nobody is free to take a message. */
  async idle(ms: number): Promise<void> {
    await this.pause(ms)
    this.watch.check()
  }

  /** @throws {AssertionError} when a delivery broke a promise */
  check(): void {
    this.watch.check()
  }

  /** Ends all that was opened, also where handlers were at work. */
  async clear(): Promise<void> {
    this.watch.release()
    await this.inTime('consumers stop', this.watch.stop())
    for (const queue of this.#open) await this.close(queue)
  }

  async #progress(messages: readonly Message[], moreMs: number, missing: () => Message[]): Promise<void> {
    const { toleranceMs } = this.kit
    const lastDueAt = Math.max(this.now(), ...messages.map(({ id }) => this.watch.dueAt(id)))
    let giveUpAt = monotonicMs() + (lastDueAt - this.now()) + moreMs + toleranceMs
    for (let left = missing(); left.length > 0;) {
      this.watch.check()
      const some = left.slice(0, 3).map(({ id }) => id)
      assert.ok(
        monotonicMs() < giveUpAt,
        `${left.length} of ${messages.length} messages have not come ${toleranceMs} ms after they were due and the last one came: ${some.join(', ')} …`,
      )
      await this.pause(LOOK_MS)
      const before = left.length
      left = missing()
      if (left.length < before) giveUpAt = Math.max(giveUpAt, monotonicMs() + toleranceMs)
    }
    this.watch.check()
  }

  pause(ms: number): Promise<void> {
    return waitUntil(this.#clock, this.now() + ms)
  }
}
