import type { Clock, Instant } from '../../clock/clock.ts'
import { Loop } from '../../clock/loop.ts'
import type { Logger } from '../../logger.ts'
import type { OccurrenceRef } from '../../schedule/occurrence.ts'
import type { Consumer, Consumption, Queue } from '../queue.ts'
import { WaitingRoom } from '../waiting-room.ts'

/** A waiting occurrence that a consumer holds until it is due. */
export interface ClaimedOccurrence extends OccurrenceRef {
  readonly dueAt: Instant
  readonly job: string
}

/** Who claims what. */
export interface LedgerClaim {
  readonly queue: string
  readonly jobs: readonly string[]
  readonly owner: string
  readonly aheadMs: number
  readonly holdMs: number
  readonly limit: number
}

/** What the queue needs of the ledger. */
export interface ClaimableLedger {
  /** The store's clock. */
  now(): Promise<Instant>

  /** When the next occurrence falls due that a consumer of these jobs could claim. */
  nextDue(queue: string, jobs: readonly string[]): Promise<Instant | undefined>

  /**
   * Gives up to `limit` occurrences that fall due within `aheadMs` to an owner, and to nobody else until `holdMs` past
   * their due instants.
   */
  claim(claim: LedgerClaim): Promise<readonly ClaimedOccurrence[]>

  /**
   * The same of what is overdue, from as many namespaces in turn as there are; it may find less than there is.
   *
   * @param after where the turn before ended
   */
  claimInTurn(
    claim: LedgerClaim,
    after: number,
  ): Promise<{ readonly claimed: readonly ClaimedOccurrence[]; readonly after: number }>

  /** Puts back what was claimed and has not begun. */
  release(refs: readonly OccurrenceRef[], owner: string): Promise<void>

  /** Calls `listener` whenever something may have become due sooner. @returns how to stop it */
  watch(listener: () => void): () => void
}

export interface DatabaseQueueOptions {
  readonly name: string
  readonly ledger: ClaimableLedger
  readonly clock: Clock
  readonly logger: Logger
}

/** How long before they are due occurrences are claimed. What a server holds when it dies is late, so not much longer. */
const CLAIM_AHEAD_MS = 1_000
/** How much further ahead a look takes what it finds, so that a steady stream needs a few looks a second. */
const CLAIM_MORE_MS = 250
/** How long before the last of what it holds falls due a consumer without room looks for more. */
const REFILL_MS = 100
/** How long past its due instant a claimed occurrence is held before it counts as abandoned. */
const HOLD_MS = 5_000
/** What is late by more than this competes for its consumers: namespaces take turns then. */
const BEHIND_MS = 1_000
/** The longest time between two looks at the ledger; changes are noticed sooner. */
const IDLE_MS = 30_000
/** How long to wait before another look at what another transaction holds. */
const HELD_MS = 100
/** How long to wait after a look that failed. */
const RETRY_MS = 1_000

/**
 * The ledger as a queue. Shortly before occurrences fall due a consumer claims them, waits for their instants on a
 * timer of its own, and is handed them on the dot; lateness is not the time between two looks.
 *
 * @see docs/design/runs.md
 */
export class DatabaseQueue implements Queue {
  readonly name: string
  readonly #options: DatabaseQueueOptions

  constructor(options: DatabaseQueueOptions) {
    this.name = options.name
    this.#options = options
  }

  consume(consumer: Consumer): Consumption {
    return new DatabaseConsumption(this.#options, consumer)
  }
}

class DatabaseConsumption implements Consumption {
  readonly #options: DatabaseQueueOptions
  readonly #consumer: Consumer
  readonly #loop: Loop
  readonly #unwatch: () => void
  /** What is claimed and not due yet. */
  readonly #waiting: WaitingRoom<ClaimedOccurrence>
  /** The first look found no room for what is due, so more of it waits until capacity is there. */
  #isStarved = false
  /** How many jobs the last look asked for. */
  #askedJobs = 0
  /** Where the last turn of namespaces ended. */
  #turn = -1
  /** Something may have become due sooner since the last look, and there was no room to look for it. */
  #hasNews = false

  constructor(options: DatabaseQueueOptions, consumer: Consumer) {
    this.#options = options
    this.#consumer = consumer
    this.#waiting = new WaitingRoom(
      options.clock,
      () => consumer.leadMs(),
      (due) => this.#deliver(due),
    )
    this.#loop = new Loop(
      options.clock,
      () => this.#look(),
      (error) => this.#failed(error),
    )
    this.#unwatch = options.ledger.watch(() => {
      this.#hasNews = true
      this.#loop.wake()
    })
    this.#loop.start()
  }

  wake(): void {
    const isUrgent = this.#hasNews || this.#refillAt() <= this.#options.clock.now()
    const isWider = this.#consumer.jobs.length > this.#askedJobs
    if ((this.#isStarved && isUrgent) || isWider) this.#loop.wake()
  }

  async stop(): Promise<void> {
    this.#unwatch()
    await this.#loop.stop()

    const held = this.#waiting.empty()
    if (held.length === 0) return
    try {
      await this.#options.ledger.release(held, this.#consumer.owner)
    } catch (error) {
      this.#options.logger.error(
        { error },
        'what was claimed could not be given back; it is free again in seconds',
      )
    }
  }

  async end(): Promise<void> {}

  /** Claims what falls due soon. @returns when to look again */
  async #look(): Promise<Instant> {
    const { ledger, clock, name } = this.#options
    const { owner, jobs } = this.#consumer
    this.#askedJobs = jobs.length

    const room = this.#consumer.capacity() - this.#waiting.size
    this.#isStarved = room <= 0
    if (this.#isStarved) return this.#lookAgainAt()
    this.#hasNews = false

    // Most looks find nothing to claim, and finding that out must not take the write lock from others.
    const soonest = await ledger.nextDue(name, jobs)
    if (soonest === undefined) return clock.now() + IDLE_MS
    const storeNow = await ledger.now()
    this.#waiting.offsetMs = storeNow - clock.now()
    if (soonest > storeNow + CLAIM_AHEAD_MS)
      return clock.now() + Math.min(soonest - CLAIM_AHEAD_MS - storeNow, IDLE_MS)

    const aheadMs = CLAIM_AHEAD_MS + CLAIM_MORE_MS
    const claim = { queue: name, jobs, owner, aheadMs, holdMs: HOLD_MS, limit: room }
    const isBehind = soonest < storeNow - BEHIND_MS
    const inTurn = isBehind ? await this.#claimInTurn(claim) : []
    const claimed = inTurn.length > 0 ? inTurn : await ledger.claim(claim)
    this.#hold(claimed)
    this.#isStarved = this.#consumer.capacity() <= this.#waiting.size
    // What is due is held by another transaction.
    if (claimed.length === 0) return clock.now() + HELD_MS
    return this.#isStarved ? this.#lookAgainAt() : clock.now()
  }

  async #claimInTurn(claim: LedgerClaim): Promise<readonly ClaimedOccurrence[]> {
    const { claimed, after } = await this.#options.ledger.claimInTurn(claim, this.#turn)
    this.#turn = after
    return claimed
  }

  /** When to look without room: in time for what follows on what is held, unless that is now; then whenever there is room. */
  #lookAgainAt(): Instant {
    const now = this.#options.clock.now()
    const refillAt = this.#refillAt()
    return refillAt > now ? refillAt : now + IDLE_MS
  }

  #refillAt(): Instant {
    return this.#waiting.lastDueAt - REFILL_MS
  }

  #failed(error: unknown): Instant {
    this.#options.logger.error(
      { error, queue: this.#options.name },
      'the queue could not be read; it is tried again',
    )
    return this.#options.clock.now() + RETRY_MS
  }

  #hold(claimed: readonly ClaimedOccurrence[]): void {
    if (claimed.length === 0) return
    this.#waiting.add(claimed)
    if (this.#waiting.size > 0) this.#consumer.prepare(this.#waiting.held)
  }

  #deliver(due: readonly ClaimedOccurrence[]): void {
    const { offsetMs } = this.#waiting
    this.#consumer.deliver(due.map((occurrence) => ({ ...occurrence, startAt: occurrence.dueAt - offsetMs })))
  }
}
