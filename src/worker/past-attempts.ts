import type { Delivery } from '../queue/queue.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import type { SentAttempt } from '../store/way.ts'

/** Of how many occurrences it is remembered that they began. */
const REMEMBERED = 20_000

/**
 * What messages began here lately. A queue may deliver a message and a copy of it, a promoted one and later the one that had waited,
 * and of an attempt that has begun the fence lets nothing through: it need not be asked.
 */
export class PastAttempts {
  /** The attempts that the messages said, by occurrence, in the order in which they began. */
  readonly #attempts = new Map<string, number>()

  /** @param message that began one */
  add(message: SentAttempt): void {
    const id = occurrenceId(message)
    this.#attempts.delete(id)
    this.#attempts.set(id, message.attempt)
    if (this.#attempts.size <= REMEMBERED) return
    const [oldest] = this.#attempts.keys()
    this.#attempts.delete(oldest!)
  }

  /** Whether what a message brings has begun, by it or a later one. What was claimed in the ledger has not. */
  has(delivery: Delivery): boolean {
    if (delivery.attempt === undefined) return false
    return (this.#attempts.get(occurrenceId(delivery)) ?? -1) >= delivery.attempt
  }
}
