import type { ChannelModel } from 'amqplib'
import type { Clock } from '../../clock/clock.ts'
import { waitAtMost } from '../../clock/wait.ts'
import { DriverError } from '../../errors.ts'
import type { OutageWords, QueueOutage } from '../queue-outage.ts'

/** What is said when the server is gone, and when it is back. */
export const OUTAGE: OutageWords = {
  fields: {},
  gone: 'RabbitMQ cannot be reached; it is tried again and again',
  back: 'RabbitMQ can be reached again',
}

/** Opens a connection, whose socket is destroyed as soon as the signal is aborted. */
export type Dial = (signal: AbortSignal) => Promise<ChannelModel>

/** How long the server may take for any one answer. */
const ANSWER_MS = 5_000
const GOODBYE_MS = 1_000

/**
 * A connection that is made when it is needed, and made anew when it was lost. Nothing waits for it without end: a
 * server that does not answer is an error, and costs the connection.
 */
export class RabbitmqConnection {
  readonly #dial: Dial
  readonly #clock: Clock
  readonly #outage: QueueOutage
  #opening: Promise<ChannelModel> | undefined
  #abort = new AbortController()
  #blocked: string | undefined
  #isClosed = false

  constructor(dial: Dial, clock: Clock, outage: QueueOutage) {
    this.#dial = dial
    this.#clock = clock
    this.#outage = outage
  }

  /** Why the server takes no messages at present, such as `low on memory`; `undefined` when it takes them. */
  get blocked(): string | undefined {
    return this.#blocked
  }

  /**
   * Carries something out on the connection.
   *
   * @param what for the error
   * @param answerMs how long it may take, once there is a connection
   * @throws {DriverError} when there is no connection, when it fails, or takes too long
   */
  async carryOut<T>(
    what: string,
    work: (model: ChannelModel) => Promise<T>,
    answerMs = ANSWER_MS,
  ): Promise<T> {
    try {
      const model = await this.#open()
      const abort = this.#abort
      const done = work(model).then((value) => ({ value }))
      done.catch(() => {})
      const answer = await waitAtMost(this.#clock, this.#clock.now() + answerMs, done)
      if (answer !== undefined) return answer.value

      // One that is blocked is in order, and so would be the next one.
      if (this.#blocked === undefined) abort.abort()
      throw new Error(
        this.#blocked === undefined
          ? `no answer within ${answerMs} ms`
          : `it takes no messages: ${this.#blocked}`,
      )
    } catch (cause) {
      const message = `RabbitMQ did not carry out "${what}": ${(cause as Error).message}`
      throw new DriverError(message, { retryable: !this.#isClosed, cause })
    }
  }

  /** Ends it for good, in order if that can be. */
  async close(): Promise<void> {
    this.#isClosed = true
    const opening = this.#opening
    const abort = this.#abort
    if (opening !== undefined) {
      const closed = opening.then((model) => model.close()).catch(() => {})
      await waitAtMost(this.#clock, this.#clock.now() + GOODBYE_MS, closed)
    }
    abort.abort()
  }

  #open(): Promise<ChannelModel> {
    if (this.#isClosed) return Promise.reject(new Error('the queue has been closed'))
    if (this.#opening === undefined) {
      const opening = this.#connect()
      this.#opening = opening
      opening.catch(() => this.#forget(opening))
    }
    return this.#opening
  }

  async #connect(): Promise<ChannelModel> {
    const abort = new AbortController()
    this.#abort = abort
    this.#blocked = undefined
    try {
      const deadline = this.#clock.now() + ANSWER_MS
      const dialled = this.#dial(abort.signal)
      dialled.catch(() => {})
      const model = await waitAtMost(this.#clock, deadline, dialled)
      if (model === undefined) throw new Error(`no connection within ${ANSWER_MS} ms`)
      this.#watch(model, abort)

      // A server that goes down may have closed it before it could be watched, and nobody would be told.
      const tried = tryOut(model)
      tried.catch(() => {})
      if ((await waitAtMost(this.#clock, deadline, tried)) === undefined)
        throw new Error(`no answer within ${ANSWER_MS} ms`)
      this.#outage.end()
      return model
    } catch (error) {
      abort.abort()
      if (!this.#isClosed) this.#outage.begin(error)
      throw error
    }
  }

  #watch(model: ChannelModel, abort: AbortController): void {
    const opening = this.#opening
    let fault: unknown = new Error('the connection was closed')
    model.on('error', (error) => (fault = error))
    model.on('blocked', (reason) => (this.#blocked = reason))
    model.on('unblocked', () => (this.#blocked = undefined))
    model.on('close', (error) => {
      // The library leaves a socket open that the other side does not close.
      abort.abort()
      this.#blocked = undefined
      this.#forget(opening)
      if (!this.#isClosed) this.#outage.begin(error ?? fault)
    })
  }

  #forget(opening: Promise<ChannelModel> | undefined): void {
    if (this.#opening === opening) this.#opening = undefined
  }
}

async function tryOut(model: ChannelModel): Promise<true> {
  const channel = await model.createChannel()
  channel.on('error', () => {})
  await channel.close()
  return true
}
