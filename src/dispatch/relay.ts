import { quoted, type AlertSink } from '../alert/alert.ts'
import type { Clock, Instant } from '../clock/clock.ts'
import { giveWay } from '../clock/give-way.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import { messageOf, prioritized, type Message } from '../queue/message.ts'
import type { MessageQueue } from '../queue/message-queue.ts'
import { QueueOutage } from '../queue/queue-outage.ts'
import { isRefusal } from '../sql/sql-error.ts'
import type { OutboxEntry } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'
import { inLanes } from './in-lanes.ts'

export interface RelayOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly alerts: AlertSink
  /** This process: what it has taken up to send is held under this name. */
  readonly owner: string
  /** The name by which schedules choose the queue. */
  readonly name: string
  readonly queue: MessageQueue
  /** The priority of a job; `undefined` where none has one. */
  readonly priorityOf: (job: string) => number | undefined
  /** Told of what was sent. */
  readonly onSent: (messages: readonly Message[]) => void
}

/** What one pass of a relay did. */
export interface RelayReport {
  /** Messages that were put into the queue. */
  readonly sent: number
  /** Messages that were taken out of it. */
  readonly withdrawn: number
}

/** How many occurrences are taken up, sent and confirmed at a time. */
const BATCH = 1_000
/** How many batches are under way at a time: while the queue takes one in, the database confirms another. */
const LANES = 3
/** How many messages are withdrawn at a time. */
const WITHDRAWN_AT_ONCE = 2_000
/** How many are marked as lost in one statement. */
const FORGOTTEN_AT_ONCE = 2_000
/** How often it looks, and asks the queue whether it still has what it held; changes are noticed sooner. */
const EPOCH_EVERY_MS = 5_000
/** The shortest and the longest wait before a queue that is down is tried again. */
const SHORTEST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** How long a queue is out of reach before a human is told. */
const PATIENCE_MS = 15_000

/**
 * Brings occurrences from the ledger into a queue that Carillon does not own, and takes out what became void. It may
 * die at any step, and any number of them may work side by side: what was taken up and not confirmed is sent once more,
 * under the same id, and the fence lets one beginning through.
 *
 * @see docs/design/queues.md
 */
export class Relay {
  readonly #options: RelayOptions
  readonly #loop: Loop
  readonly #outage: QueueOutage
  /** Since when the queue is out of reach, and whether that was told. */
  #gone: { readonly since: Instant; isTold: boolean } | undefined
  #unwatch = () => {}
  #epochKnownUntil: Instant = -Infinity
  /** The queue lost what it held just now, and what others were writing at that moment is to be looked for once more. */
  #hasJustLost = false
  #notBefore: Instant = -Infinity
  #waitMs = SHORTEST_WAIT_MS

  constructor(options: RelayOptions) {
    this.#options = options
    this.#outage = new QueueOutage(options.logger, {
      fields: { queue: options.name },
      gone: 'a queue cannot be reached; what is due waits in the ledger until it can',
      back: 'a queue can be reached again',
    })
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => this.#failed(error),
    )
  }

  start(): void {
    this.#unwatch()
    this.#unwatch = this.#options.store.watch(() => this.#loop.wake())
    this.#loop.start()
  }

  async stop(): Promise<void> {
    this.#unwatch()
    this.#unwatch = () => {}
    await this.#loop.stop()
  }

  /**
   * Takes out what is void and sends all that is to be sent.
   *
   * @throws {DriverError} when the queue or the store fails; what was not sent is sent at the next pass
   */
  async pass(): Promise<RelayReport> {
    await this.#checkEpoch()
    const withdrawn = await this.#withdraw()
    const lanes = await inLanes(LANES, (onFull) => this.#lane(onFull))
    const sent = lanes.reduce((sum, count) => sum + count, 0)
    // Whoever nudges, here or elsewhere, may have looked before all of it was written.
    if (sent > 0) this.#options.store.announce()
    return { sent, withdrawn }
  }

  async #step(): Promise<Instant> {
    const { clock, logger, name } = this.#options
    // Woken while the queue is down: it is not asked more often for that.
    if (clock.now() < this.#notBefore) return this.#notBefore

    const report = await this.pass()
    this.#outage.end()
    this.#tellBack()
    this.#waitMs = SHORTEST_WAIT_MS
    if (report.sent + report.withdrawn > 0) logger.info({ queue: name, ...report }, 'relayed')
    return this.#epochKnownUntil
  }

  #failed(error: unknown): Instant {
    this.#outage.begin(error)
    this.#tellGone(error)
    this.#notBefore = this.#options.clock.now() + this.#waitMs
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS)
    return this.#notBefore
  }

  /** A moment's outage is no news. */
  #tellGone(error: unknown): void {
    const { clock, alerts, name } = this.#options
    this.#gone ??= { since: clock.now(), isTold: false }
    const forMs = clock.now() - this.#gone.since
    if (this.#gone.isTold || forMs < PATIENCE_MS) return
    this.#gone.isTold = true
    const why = quoted(error instanceof Error ? error.message : String(error))
    alerts.raise({
      kind: 'queue-unreachable',
      message: `queue "${name}" has been out of reach for ${Math.round(forMs / 1_000)} s: ${why}; what is due waits in the ledger until it is back`,
      details: { queue: name, since: new Date(this.#gone.since).toISOString(), error: why },
    })
  }

  #tellBack(): void {
    const { alerts, name } = this.#options
    const gone = this.#gone
    this.#gone = undefined
    if (gone?.isTold !== true) return
    alerts.raise({
      kind: 'queue-reachable',
      message: `queue "${name}" can be reached again; what waited for it is sent`,
      details: { queue: name, since: new Date(gone.since).toISOString() },
    })
  }

  /**
   * Batch after batch, until nothing is left that others don't hold.
   *
   * @param onFull told of each batch that is full: then there may be more
   * @returns how many were sent
   */
  async #lane(onFull: () => void): Promise<number> {
    const { store, owner, name } = this.#options
    let sent = 0
    for (;;) {
      const entries = await store.brief(({ outbox, now }) => outbox.take(name, owner, now, BATCH))
      if (entries.length === 0) return sent
      if (entries.length === BATCH) onFull()
      await this.#send(entries)
      sent += entries.length
      if (entries.length < BATCH) return sent
      await giveWay()
    }
  }

  async #send(entries: readonly OutboxEntry[]): Promise<void> {
    const { store, owner, queue, onSent, priorityOf } = this.#options
    const messages = entries.map((entry) => prioritized(entry, priorityOf))
    try {
      await queue.send(messages)
    } catch (error) {
      // If this fails too, their time as taken up runs out.
      await store.brief(({ outbox }) => outbox.giveBack(entries, owner)).catch(() => {})
      throw error
    }
    onSent(messages)
    // What was withdrawn meanwhile may have been looked for in the queue before it was there.
    const left = await store.brief(({ outbox, now }) => outbox.confirm(entries, owner, now))
    if (left.length > 0) await queue.withdraw(left.map(messageOf))
  }

  /** @returns how many messages were taken out */
  async #withdraw(): Promise<number> {
    const { store, queue, name } = this.#options
    let withdrawn = 0
    for (;;) {
      const noted = await store.read(({ outbox }) => outbox.withdrawals(name, WITHDRAWN_AT_ONCE))
      if (noted.length === 0) return withdrawn
      await queue.withdraw(noted.map(messageOf))
      await store.brief(({ outbox }) => outbox.withdrawn(noted))
      withdrawn += noted.length
      if (noted.length < WITHDRAWN_AT_ONCE) return withdrawn
    }
  }

  /** When the queue has lost what it held, all of it that has not begun is sent once more. */
  async #checkEpoch(): Promise<void> {
    const { store, queue, name, clock } = this.#options
    if (clock.now() < this.#epochKnownUntil) return

    const last = await store.read(({ outbox }) => outbox.epoch(name))
    const epoch = await queue.epoch(last)
    // Of a queue that is seen for the first time, nothing is known that it could have lost.
    if (last !== undefined && (epoch !== last || this.#hasJustLost)) {
      this.#hasJustLost = epoch !== last
      await this.#forget()
    }
    if (epoch !== last) await this.#keepEpoch(last, epoch)
    this.#epochKnownUntil = clock.now() + EPOCH_EVERY_MS
  }

  /** Has all be sent once more that is in the queue as far as the ledger knows. */
  async #forget(): Promise<void> {
    const { store, name, logger } = this.#options
    let lost = 0
    for (let some = FORGOTTEN_AT_ONCE; some === FORGOTTEN_AT_ONCE; lost += some)
      some = await store.brief(({ outbox }) => outbox.forget(name, FORGOTTEN_AT_ONCE))
    if (lost > 0) logger.warn({ queue: name, lost }, 'a queue has lost what it held; it is sent once more')
  }

  async #keepEpoch(last: string | undefined, epoch: string): Promise<void> {
    const { store, name } = this.#options
    try {
      await store.transaction(({ outbox, now }) => outbox.keepEpoch(name, last, epoch, now))
    } catch (error) {
      // Two were the first to see the queue: the other one has written it.
      if (!isRefusal(error)) throw error
    }
  }
}
