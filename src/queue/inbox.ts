import type { Clock, Instant } from '../clock/clock.ts'
import type { Message } from './message.ts'
import type { Consumer } from './queue.ts'
import { WaitingRoom } from './waiting-room.ts'

/** The store's clock. */
export type AskStoreClock = () => Promise<Instant>

interface Arrived extends Message {
  readonly settle: (end: 'done' | 'again') => void
}

/** For how long it is taken as known how far this process's clock is off. */
const OFFSET_KEPT_MS = 5_000

/**
 * Messages that have come for a consumer. Each waits for its due instant, if it came early, and for room; then it is
 * delivered.
 */
export class Inbox {
  readonly #consumer: Consumer
  readonly #clock: Clock
  readonly #askStoreClock: AskStoreClock
  readonly #waiting: WaitingRoom<Arrived>
  /** What is due and finds no room. */
  readonly #due: Arrived[] = []
  #offsetKnownUntil = -Infinity
  #learning: Promise<void> | undefined
  #isOpen = true

  constructor(consumer: Consumer, clock: Clock, askStoreClock: AskStoreClock) {
    this.#consumer = consumer
    this.#clock = clock
    this.#askStoreClock = askStoreClock
    this.#waiting = new WaitingRoom(
      clock,
      () => consumer.leadMs(),
      (due) => {
        this.#due.push(...due)
        this.wake()
      },
    )
  }

  /** Takes a message; resolves when it is settled. Never rejects. */
  async handle(message: Message): Promise<'done' | 'again'> {
    if (this.#clock.now() >= this.#offsetKnownUntil)
      await (this.#learning ??= this.#learnOffset().finally(() => (this.#learning = undefined)))
    if (!this.#isOpen) return 'again'

    const { promise, resolve } = Promise.withResolvers<'done' | 'again'>()
    this.#waiting.add([{ ...message, settle: resolve }])
    if (this.#waiting.size > 0) this.#consumer.prepare([message])
    return promise
  }

  /** Says that the consumer has room again. */
  wake(): void {
    const { offsetMs } = this.#waiting
    const ready = this.#due.splice(0, Math.max(this.#consumer.capacity(), 0))
    if (ready.length === 0) return
    this.#consumer.deliver(ready.map((arrived) => ({ ...arrived, startAt: arrived.dueAt - offsetMs })))
  }

  /** Gives back what has not been delivered, and all that comes later. */
  close(): void {
    this.#isOpen = false
    for (const { settle } of [...this.#waiting.empty(), ...this.#due.splice(0)]) settle('again')
  }

  /** Without an answer of the store the last one counts. */
  async #learnOffset(): Promise<void> {
    try {
      const storeNow = await this.#askStoreClock()
      this.#waiting.offsetMs = storeNow - this.#clock.now()
    } catch {
      // The fence has the last word.
    }
    this.#offsetKnownUntil = this.#clock.now() + OFFSET_KEPT_MS
  }
}
