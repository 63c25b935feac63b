import type { AlertSink } from '../alert/alert.ts'
import type { Clock } from '../clock/clock.ts'
import { Nudger } from '../dispatch/nudger.ts'
import { Relay, type RelayReport } from '../dispatch/relay.ts'
import type { LockStore } from '../lock/lock-store.ts'
import type { Logger } from '../logger.ts'
import { DatabaseQueue } from '../queue/database/database-queue.ts'
import { ForeignQueue } from '../queue/foreign-queue.ts'
import { prioritized } from '../queue/message.ts'
import type {
  MessageQueue,
  MessageQueueInside,
  QueueCapabilities,
  QueueHealth,
} from '../queue/message-queue.ts'
import type { Queue } from '../queue/queue.ts'
import type { Store } from '../store/store.ts'
import type { JobRegistry } from '../task/job-registry.ts'
import { claimableLedger } from './claimable-ledger.ts'
import type { QueueChoice } from './queue-choice.ts'

export interface QueuesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly alerts: AlertSink
  readonly locks: LockStore
  readonly owner: string
  /** The jobs that this process knows. */
  readonly jobs: JobRegistry
  /** What schedules can choose, by name. */
  readonly queues: Readonly<Record<string, QueueChoice>>
  /** The address of the database, where it is a PostgreSQL. */
  readonly postgresAddress: string | undefined
}

/** How a queue is and what of it waits where, as an operator wants to know. */
export interface QueueReport {
  /** The name by which schedules choose it. */
  readonly name: string
  /** The technology, as in `bullmq`; `database` for the ledger itself. */
  readonly driver: string
  readonly capabilities: QueueCapabilities
  readonly health: QueueHealth
  /** How many occurrences are in the ledger and not in the queue yet. Of the database queue, all that wait. */
  readonly unsent: number
  /** Since when the one of them that is due first has been waiting, and when it is due. */
  readonly oldestUnsent: { readonly plannedAt: Date; readonly dueAt: Date } | undefined
  /** For how long that one has been waiting, in milliseconds. */
  readonly lagMs: number
  /** How many are in the queue, as far as the ledger knows, and have not begun. */
  readonly sent: number
  /** How many messages are to be taken out of it again. */
  readonly toWithdraw: number
}

interface Foreign {
  readonly queue: ForeignQueue
  readonly relay: Relay
  readonly nudger: Nudger
}

const OF_DATABASE: QueueCapabilities = {
  precisionMs: 1,
  canWithdraw: true,
  canDeduplicate: true,
  canPrioritize: false,
}

/** The queues of a process, and what brings occurrences into those that Carillon does not own. */
export class Queues implements AsyncDisposable {
  readonly #options: QueuesOptions
  readonly #all = new Map<string, Queue>()
  readonly #foreign: Foreign[] = []
  readonly #priorityOf = (job: string) => this.#options.jobs.priorityOf(job)

  private constructor(options: QueuesOptions) {
    this.#options = options
  }

  /** @throws {ConfigError} when a driver refuses its options, or lacks its package */
  static async open(options: QueuesOptions): Promise<Queues> {
    const queues = new Queues(options)
    try {
      for (const [name, choice] of Object.entries(options.queues)) await queues.#open(name, choice)
      return queues
    } catch (error) {
      await queues.close()
      throw error
    }
  }

  /** As workers see them. */
  get all(): readonly Queue[] {
    return [...this.#all.values()]
  }

  get names(): readonly string[] {
    return [...this.#all.keys()]
  }

  startRelays(): void {
    for (const { relay, nudger } of this.#foreign) {
      relay.start()
      nudger.start()
    }
  }

  async stopRelays(): Promise<void> {
    await Promise.all(this.#foreign.map(({ nudger }) => nudger.stop()))
    await Promise.all(this.#foreign.map(({ relay }) => relay.stop()))
  }

  /**
   * Sends all that is to be sent, once.
   *
   * @throws {DriverError} when a queue fails; the others have been served then
   */
  async relay(): Promise<RelayReport> {
    const ends = await Promise.allSettled(this.#foreign.map(({ relay }) => relay.pass()))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const reports = ends.map((end) => (end as PromiseFulfilledResult<RelayReport>).value)
    return {
      sent: reports.reduce((sum, { sent }) => sum + sent, 0),
      withdrawn: reports.reduce((sum, { withdrawn }) => sum + withdrawn, 0),
    }
  }

  async report(): Promise<QueueReport[]> {
    return Promise.all([...this.#all.values()].map((queue) => this.#reportOn(queue)))
  }

  /** How each of them is. Never fails. */
  async health(): Promise<(QueueHealth & { name: string; driver: string })[]> {
    return Promise.all(
      [...this.#all.values()].map(async (queue) => {
        const { name } = queue
        if (!(queue instanceof ForeignQueue)) return { name, driver: 'database', isUp: true }
        return { name, driver: queue.messages.driver, ...(await queue.messages.health()) }
      }),
    )
  }

  async close(): Promise<void> {
    await this.stopRelays()
    await Promise.all(this.#foreign.map(({ queue }) => queue.messages[Symbol.asyncDispose]()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #open(name: string, choice: QueueChoice): Promise<void> {
    const { store, clock, logger, postgresAddress } = this.#options
    if (!('open' in choice)) {
      this.#all.set(name, new DatabaseQueue({ name, ledger: claimableLedger(store), clock, logger }))
      return
    }
    const messages = await choice.open({ name, logger, postgresAddress })
    const queue = new ForeignQueue(name, messages, clock, () => store.now())
    this.#all.set(name, queue)
    this.#foreign.push({ queue, ...this.#carriers(name, messages) })

    const { inside } = messages
    if (inside !== undefined) this.#sendInside(name, inside)
  }

  /** What cannot be sent inside goes by the relay, which meets the same fault and tells of it; this tells where. */
  #sendInside(name: string, inside: MessageQueueInside): void {
    const { store, logger } = this.#options
    let isTold = false
    store.sendInside(name, async (execute, entries) => {
      try {
        await inside.send(
          execute,
          entries.map((entry) => prioritized(entry, this.#priorityOf)),
        )
        isTold = false
      } catch (error) {
        if (!isTold)
          logger.warn({ error, queue: name }, 'messages were not sent inside a transaction; they follow')
        isTold = true
        throw error
      }
    })
  }

  #carriers(name: string, queue: MessageQueue): Pick<Foreign, 'relay' | 'nudger'> {
    const parts = { ...this.#options, name, queue }
    const nudger = new Nudger(parts)
    return {
      nudger,
      relay: new Relay({
        ...parts,
        priorityOf: this.#priorityOf,
        onSent: (messages) => nudger.sent(messages),
      }),
    }
  }

  async #reportOn(queue: Queue): Promise<QueueReport> {
    const { store } = this.#options
    const messages = queue instanceof ForeignQueue ? queue.messages : undefined
    const [backlog, health, now] = await Promise.all([
      store.read(({ outbox }) => outbox.backlog(queue.name)),
      messages?.health() ?? { isUp: true },
      store.now(),
    ])
    const { unsent, sent, withdrawals, firstDueAt, firstPlannedAt } = backlog
    return {
      name: queue.name,
      driver: messages?.driver ?? 'database',
      capabilities: messages?.capabilities ?? OF_DATABASE,
      health,
      unsent,
      oldestUnsent:
        firstDueAt === undefined || firstPlannedAt === undefined
          ? undefined
          : { plannedAt: new Date(firstPlannedAt), dueAt: new Date(firstDueAt) },
      lagMs: firstPlannedAt === undefined ? 0 : Math.max(now - firstPlannedAt, 0),
      sent,
      toWithdraw: withdrawals,
    }
  }
}
