import type { Delivery } from '../queue/queue.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import type { RunRef } from '../store/run-end.ts'

/** Of how many occurrences it is remembered that they began. */
const REMEMBERED = 20_000

/**
 * What began here lately. A queue may deliver a message and a copy of it, a promoted one and later the one that had waited,
 * and of an attempt that has begun the fence lets nothing through: it need not be asked.
 */
export class PastAttempts {
  /** The attempts by occurrence, in the order in which they began. */
  readonly #attempts = new Map<string, number>()

  add(begun: RunRef): void {
    const id = occurrenceId(begun)
    this.#attempts.delete(id)
    this.#attempts.set(id, begun.attempt)
    if (this.#attempts.size <= REMEMBERED) return
    const [oldest] = this.#attempts.keys()
    this.#attempts.delete(oldest!)
  }

  /** Whether the attempt that a message brings has begun. What was claimed in the ledger has not. */
  has(delivery: Delivery): boolean {
    if (delivery.attempt === undefined) return false
    return (this.#attempts.get(occurrenceId(delivery)) ?? 0) > delivery.attempt
  }
}
