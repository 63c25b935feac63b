import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { HeldLock, LockStore } from '../lock/lock-store.ts'
import type { Logger } from '../logger.ts'
import { messageOf, type Message } from '../queue/message.ts'
import type { MessageQueue } from '../queue/message-queue.ts'
import { WaitingRoom } from '../queue/waiting-room.ts'
import type { Store } from '../store/store.ts'

export interface NudgerOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** Decides which dispatcher nudges. */
  readonly locks: LockStore
  readonly owner: string
  /** The name by which schedules choose the queue. */
  readonly name: string
  readonly queue: MessageQueue
}

/** How long before they are due messages are promoted: for the way to the worker and through the fence. */
const LEAD_MS = 25
/** How far ahead of the clock it looks for what falls due. */
const WINDOW_MS = 2_000
/** How often it looks while something falls due. */
const LOOK_EVERY_MS = 1_000
/** The shortest time between two looks, however often the store changes. */
const SHORTEST_MS = 250
const IDLE_MS = 30_000
const RETRY_MS = 1_000
/** For how long one dispatcher has the say. When it dies, the queue's own delay delivers until that has passed. */
const SAY_MS = 10_000
const READ_AT_ONCE = 20_000
const PROMOTED_AT_ONCE = 1_000
/** How many times at once the queue is asked to. */
const LANES = 2

/**
 * Has a queue deliver on the dot: at its due instant a message that still waits there is promoted. One dispatcher does it
 * at a time for a queue; when none lives, the queue's own delay delivers.
 *
 * @see docs/design/queues.md
 */
export class Nudger {
  readonly #options: NudgerOptions
  readonly #loop: Loop
  readonly #waiting: WaitingRoom<Message>
  /** What is in the waiting room, or was promoted and not due yet, by id. */
  readonly #known = new Map<string, Instant>()
  /** To be promoted now. */
  readonly #due: Message[] = []
  #promoting = 0
  #unwatch = () => {}
  #isStarted = false
  #lookedAt: Instant = -Infinity
  #say: HeldLock | undefined

  constructor(options: NudgerOptions) {
    this.#options = options
    const { clock, logger, name } = options
    this.#waiting = new WaitingRoom<Message>(
      clock,
      () => LEAD_MS,
      (due) => {
        this.#due.push(...due)
        void this.#promote()
      },
    )
    this.#loop = new Loop(
      clock,
      () => this.#look(),
      (error) => {
        logger.warn({ error, queue: name }, 'what falls due could not be read; the queue delivers by itself')
        return clock.now() + RETRY_MS
      },
    )
  }

  start(): void {
    this.#unwatch()
    this.#unwatch = this.#options.store.watch(() => this.#loop.wake())
    this.#isStarted = true
    this.#loop.start()
  }

  async stop(): Promise<void> {
    this.#isStarted = false
    this.#unwatch()
    this.#unwatch = () => {}
    await this.#loop.stop()
    this.#waiting.empty()
    this.#known.clear()
    if (this.#say !== undefined) await this.#options.locks.release(this.#say).catch(() => {})
    this.#say = undefined
  }

  /**
   * Says what this process has just sent: some of it may fall due before the ledger has it as sent, which is news of its
   * own.
   */
  sent(messages: readonly Message[]): void {
    if (!this.#isStarted) return
    const now = this.#options.clock.now() + this.#waiting.offsetMs
    this.#expect(messages.filter(({ dueAt }) => dueAt > now && dueAt <= now + WINDOW_MS))
  }

  /** Looks for what falls due soon. @returns when to look again */
  async #look(): Promise<Instant> {
    const { store, clock, name } = this.#options
    const mayLookAt = this.#lookedAt + SHORTEST_MS
    if (clock.now() < mayLookAt && this.#lookedAt <= clock.now()) return mayLookAt
    this.#lookedAt = clock.now()

    const now = await store.now()
    this.#waiting.offsetMs = now - clock.now()
    this.#forgetPast(now)
    const next = await store.read(({ outbox }) => outbox.nextDue(name, now))
    if (next === undefined) return clock.now() + IDLE_MS
    if (next > now + WINDOW_MS) return clock.now() + Math.min(next - now - LOOK_EVERY_MS, IDLE_MS)

    if (!(await this.#hasSay())) return clock.now() + LOOK_EVERY_MS
    const due = await store.read(({ outbox }) => outbox.dueBetween(name, now, now + WINDOW_MS, READ_AT_ONCE))
    this.#expect(due.map(messageOf))
    return clock.now() + LOOK_EVERY_MS
  }

  #expect(messages: readonly Message[]): void {
    const unknown = messages.filter(({ id }) => !this.#known.has(id))
    for (const { id, dueAt } of unknown) this.#known.set(id, dueAt)
    this.#waiting.add(unknown)
  }

  #forgetPast(now: Instant): void {
    for (const [id, dueAt] of this.#known) if (dueAt <= now) this.#known.delete(id)
  }

  /**
   * Promotes what is due, some at a time: while that is under way, what falls due gathers, so that a queue that is slow is
   * asked less often for more. What cannot be promoted comes by the queue's own delay.
   */
  async #promote(): Promise<void> {
    const { queue, logger, name } = this.#options
    if (this.#promoting >= LANES) return
    this.#promoting++
    try {
      while (this.#due.length > 0) await queue.promote(this.#due.splice(0, PROMOTED_AT_ONCE))
    } catch (error) {
      logger.warn({ error, queue: name }, 'what is due could not be promoted; the queue delivers by itself')
    } finally {
      this.#promoting--
    }
  }

  /** Whether this dispatcher is the one that nudges now. */
  async #hasSay(): Promise<boolean> {
    const { locks, owner, name } = this.#options
    const now = this.#options.clock.now() + this.#waiting.offsetMs
    if (this.#say !== undefined && this.#say.expiresAt > now + SAY_MS / 2) return true

    if (this.#say !== undefined) this.#say = await locks.extend(this.#say, SAY_MS)
    if (this.#say !== undefined) return true
    const answer = await locks.acquire(`nudge:${name}`, owner, SAY_MS)
    if (answer.granted) this.#say = answer.lock
    return answer.granted
  }
}
