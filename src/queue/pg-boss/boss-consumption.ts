import type { Clock, Instant } from '../../clock/clock.ts'
import { Loop } from '../../clock/loop.ts'
import type { Logger } from '../../logger.ts'
import type { Message } from '../message.ts'
import type { MessageConsumer, MessageConsumption } from '../message-queue.ts'
import { BossAgenda } from './boss-agenda.ts'
import type { BossConnection } from './boss-connection.ts'
import { messageOfJob, priorityOf, type FetchedJob } from './boss-job.ts'
import { BossKeeper } from './boss-keeper.ts'
import type { QueueOutage } from '../queue-outage.ts'
import { BossSettler } from './boss-settler.ts'
import type { BossStatements, Look } from './boss-statements.ts'

const TRY_AGAIN_MS = 1_000
/** By how much this process's idea of the server's clock may be off, in milliseconds. */
const CLOCK_SLACK_MS = 1_000

export interface BossConsumptionOptions {
  readonly connection: BossConnection
  readonly statements: BossStatements
  readonly clock: Clock
  readonly logger: Logger
  readonly outage: QueueOutage
  readonly heartbeatSeconds: number
}

interface Arrived extends FetchedJob {
  readonly data: unknown
}

/**
 * Fetches what is due at its instant, by a timer of its own. What changes in the meantime, `wake` says.
 *
 * Not by pg-boss's workers, which look for jobs at most twice a second and take the next ones when all of the last are done.
 */
export class BossConsumption implements MessageConsumption {
  readonly #consumer: MessageConsumer
  readonly #options: BossConsumptionOptions
  readonly #agenda = new BossAgenda()
  readonly #settler: BossSettler
  readonly #keeper: BossKeeper
  readonly #loop: Loop
  readonly #held = new Map<string, FetchedJob>()
  readonly #handling = new Set<Promise<void>>()
  #isStopped = false
  #stopping: Promise<void> | undefined

  constructor(consumer: MessageConsumer, options: BossConsumptionOptions) {
    this.#consumer = consumer
    this.#options = options
    this.#settler = new BossSettler(options)
    this.#keeper = new BossKeeper({ ...options, held: this.#held })
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => this.#fail(error),
    )
  }

  start(): void {
    this.#keeper.start()
    this.#loop.start()
  }

  /** Something was sent, promoted or given back. */
  wake(): void {
    this.#agenda.lookAgain()
    this.#loop.wake()
  }

  stop(): Promise<void> {
    this.#isStopped = true
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#loop.stop()
    await Promise.all(this.#handling)
    await this.#keeper.stop()
    await this.#settler.end()
  }

  async #step(): Promise<Instant> {
    const { clock, outage } = this.#options
    // A handler that ends goes on here.
    if (this.#room === 0) return Infinity
    if (this.#agenda.isToLook) await this.#look()
    if (this.#agenda.isDue) await this.#fetch()
    outage.end()
    return this.#room === 0 ? Infinity : clock.now() + this.#agenda.nextInMs
  }

  get #room(): number {
    return this.#consumer.concurrency - this.#handling.size
  }

  async #look(): Promise<void> {
    const { connection, statements } = this.#options
    this.#agenda.beginLook()
    const [look] = await connection.query<Look>(statements.look)
    this.#agenda.fill(look!)
    if (look!.expiresAt !== null) this.#keeper.expect(look!.expiresAt - this.#agenda.now())
  }

  async #fetch(): Promise<void> {
    const { connection } = this.#options
    const { queue } = connection
    const now = this.#agenda.now()
    const options = { batchSize: this.#room, minPriority: priorityOf(now + CLOCK_SLACK_MS) }
    const jobs = await connection.use((boss) => boss.fetch(queue, options))

    this.#agenda.fetched(now, jobs.length)
    if (jobs.length === options.batchSize) this.#agenda.fetchedAllThatFits()
    for (const { job, message } of this.#inOrder(jobs)) this.#take(job, message)
    if (jobs.length > 0) this.#keeper.keep()
  }

  #inOrder(jobs: readonly Arrived[]): { job: Arrived; message: Message }[] {
    const arrived = jobs.flatMap((job) => {
      const message = this.#read(job)
      return message === undefined ? [] : [{ job, message }]
    })
    return arrived.sort((a, b) => a.message.dueAt - b.message.dueAt)
  }

  #read(job: Arrived): Message | undefined {
    try {
      return messageOfJob(job)
    } catch (error) {
      const { connection, logger } = this.#options
      const what = `job ${job.id} in queue "${connection.queue}" of pg-boss is none of Carillon's; it was cancelled`
      logger.error({ queue: connection.queue, job: job.id, error }, what)
      this.#settler.settle(job, 'refused')
      return undefined
    }
  }

  #take(job: FetchedJob, message: Message): void {
    if (this.#isStopped) return this.#settler.settle(job, 'again')
    this.#held.set(job.id, job)
    const handling = this.#consumer.handle(message).then((end) => {
      this.#held.delete(job.id)
      this.#handling.delete(handling)
      this.#settler.settle(job, end)
      this.#loop.wake()
    })
    this.#handling.add(handling)
  }

  #fail(error: unknown): Instant {
    this.#options.outage.begin(error)
    this.#agenda.lookAgain()
    this.#keeper.hold()
    return this.#options.clock.now() + TRY_AGAIN_MS
  }
}
