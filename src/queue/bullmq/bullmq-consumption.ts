import type { Job } from 'bullmq'
import type { Clock } from '../../clock/clock.ts'
import { waitAtMost, waitUntil } from '../../clock/wait.ts'
import type { Logger } from '../../logger.ts'
import type { MessageConsumer, MessageConsumption } from '../message-queue.ts'
import type { Message } from '../message.ts'
import { isOfLaterVersion, messageOfJob } from './bullmq-message.ts'
import type { Bullmq, BullmqServer, OpenWorker, WorkerSettings } from './bullmq-server.ts'
import { OutageLog } from './outage-log.ts'

export interface BullmqConsumptionOptions {
  readonly bullmq: Bullmq
  readonly server: BullmqServer
  readonly consumer: MessageConsumer
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * What a process held that died comes again when its lock has run out and two checks have passed: after 20 to 30 seconds.
 * However often that happens to a message, BullMQ must not give it up: the ledger knows when to.
 */
const STALLED: Omit<WorkerSettings, 'concurrency'> = {
  lockDuration: 20_000,
  lockRenewTime: 5_000,
  stalledInterval: 5_000,
  maxStalledCount: 2 ** 31 - 1,
}
/** How long a worker waits after a connection was refused. */
const RETRY_MS = 1_000
/** When a message comes that its consumer could not take; at once, it would come to the same one again and again. */
const AGAIN_MS = 500
/** How long a worker may take to end when nothing is at work any more, if its server does not answer; and if it does. */
const GOODBYE_MS = 5_000
const LONGEST_GOODBYE_MS = 30_000

/** Workers of BullMQ that hand their jobs to a consumer. */
export class BullmqConsumption implements MessageConsumption {
  readonly #options: BullmqConsumptionOptions
  readonly #outage: OutageLog
  readonly #ending = new AbortController()
  readonly #held = new Map<Job, string | undefined>()
  readonly #handling = new Set<Promise<unknown>>()
  readonly #opening: Promise<OpenWorker | undefined>
  #stopped: Promise<void> | undefined
  #abandoned: Promise<void> | undefined

  constructor(options: BullmqConsumptionOptions) {
    this.#options = options
    const { clock, logger, server } = options
    this.#outage = new OutageLog({ clock, logger, title: server.title, ping: () => server.ping() })
    this.#opening = this.#open()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Ends without waiting for what is at work, and gives that to others. */
  abandon(): Promise<void> {
    this.#abandoned ??= this.#abandon()
    return this.#abandoned
  }

  async #open(): Promise<OpenWorker | undefined> {
    const { server, consumer, clock } = this.#options
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        const settings = { concurrency: consumer.concurrency, runRetryDelay: RETRY_MS, ...STALLED }
        const opened = await server.work((job, token) => this.#process(job, token), settings)
        opened.onError((error) => this.#outage.report(error))
        return opened
      } catch (error) {
        this.#outage.report(error)
        await waitUntil(clock, clock.now() + RETRY_MS, signal)
      }
    }
  }

  async #stop(): Promise<void> {
    this.#ending.abort()
    const opened = await this.#opening
    if (opened !== undefined) {
      const closed = opened.close(false).catch(() => {})
      await Promise.race([closed, Promise.allSettled(this.#handling)])
      await this.#sayGoodbye(closed)
      await this.#disconnect(opened)
    }
    await this.#outage.end()
  }

  /** Lets BullMQ write down how the last jobs ended, as long as there is somebody to tell. */
  async #sayGoodbye(closed: Promise<void>): Promise<void> {
    const { clock } = this.#options
    const giveUpAt = clock.now() + LONGEST_GOODBYE_MS
    let isOver: boolean | undefined
    do
      isOver = await waitAtMost(
        clock,
        clock.now() + GOODBYE_MS,
        closed.then(() => true),
      )
    while (isOver !== true && clock.now() < giveUpAt && (await this.#outage.answers()))
  }

  async #abandon(): Promise<void> {
    const { clock } = this.#options
    if (this.#stopped !== undefined && this.#handling.size === 0) return this.#stopped
    this.#ending.abort()
    const opened = await this.#opening
    if (opened !== undefined) {
      void opened.pause().catch(() => {})
      const moved = [...this.#held].map(([job, token]) => job.moveToWait(token).catch(() => {}))
      this.#held.clear()
      await waitAtMost(clock, clock.now() + GOODBYE_MS, Promise.all(moved))
      void opened.close(true).catch(() => {})
      await this.#disconnect(opened)
    }
    await this.#outage.end()
  }

  async #disconnect(opened: OpenWorker): Promise<void> {
    const { clock } = this.#options
    const ended = opened.disconnect().catch(() => {})
    await waitAtMost(clock, clock.now() + GOODBYE_MS, ended)
  }

  /** Rejects for what BullMQ is not to take for completed. */
  async #process(job: Job, token: string | undefined): Promise<void> {
    const message = this.#read(job)
    if (message === undefined || this.#ending.signal.aborted) return this.#putBack(job, token)

    const handled = this.#handle(message)
    this.#held.set(job, token)
    this.#handling.add(handled)
    const settled = await handled
    this.#handling.delete(handled)

    if (!this.#held.delete(job)) throw new this.#options.bullmq.DelayedError('it was given to others')
    if (settled === 'again') await this.#putBack(job, token)
  }

  async #handle(message: Message): Promise<'done' | 'again'> {
    const { consumer, logger } = this.#options
    try {
      return await consumer.handle(message)
    } catch (error) {
      logger.error({ error, message: message.id }, 'a message was not settled; it comes again')
      return 'again'
    }
  }

  /**
   * @returns `undefined` when it is for others
   * @throws {UnrecoverableError} when it is no message: BullMQ shows it among the failed jobs then
   */
  #read(job: Job): Message | undefined {
    const { bullmq, logger } = this.#options
    if (isOfLaterVersion(job)) return undefined
    try {
      return messageOfJob(job)
    } catch (error) {
      logger.error(
        { jobId: job.id, jobName: job.name },
        'a job in the queue is no message of Carillon, and failed',
      )
      throw new bullmq.UnrecoverableError((error as Error).message)
    }
  }

  /** Always rejects, with what tells BullMQ that the job is not at work any more. */
  async #putBack(job: Job, token: string | undefined): Promise<never> {
    const { bullmq, clock } = this.#options
    try {
      if (this.#ending.signal.aborted) await job.moveToWait(token)
      else await job.moveToDelayed(clock.now() + AGAIN_MS, token)
    } catch (error) {
      // It comes again when its lock has run out.
      this.#outage.report(error)
    }
    throw new bullmq.DelayedError('it comes again')
  }
}
