import { BoundedMap } from '../catalog/tokens/bounded-map.ts'
import { monotonicMs } from '../clock/monotonic.ts'

/** How many requests may come. */
export interface RequestRate {
  /** How many a minute, in the long run. */
  readonly perMinute: number
  /** How many at once, after a pause; as many as in a minute by default. */
  readonly burst?: number | undefined
}

interface Bucket {
  /** How many requests there is room for. */
  readonly left: number
  /** When that was, in milliseconds of this process. */
  readonly at: number
}

const MOST_REMEMBERED = 10_000
const MINUTE_MS = 60_000

/**
 * Counts requests by who sends them: a bucket each, which fills as time goes on, and of which each request takes one. Of many
 * senders, those that were not heard of for longest are forgotten, as if their buckets were full.
 */
export class RateLimit {
  readonly #perMs: number
  readonly #burst: number
  readonly #elapsedMs: () => number
  readonly #buckets = new BoundedMap<string, Bucket>(MOST_REMEMBERED)

  /** @param elapsedMs milliseconds of this process, which no setting of a clock moves */
  constructor({ perMinute, burst = perMinute }: RequestRate, elapsedMs = monotonicMs) {
    this.#perMs = perMinute / MINUTE_MS
    this.#burst = burst
    this.#elapsedMs = elapsedMs
  }

  /** Takes one request of a sender. @returns 0, or how many milliseconds it is to wait, in which case none was taken */
  take(sender: string): number {
    const now = this.#elapsedMs()
    const { left, at } = this.#buckets.get(sender) ?? { left: this.#burst, at: now }
    const filled = Math.min(left + (now - at) * this.#perMs, this.#burst)
    if (filled < 1) {
      this.#buckets.set(sender, { left: filled, at: now })
      return Math.ceil((1 - filled) / this.#perMs)
    }
    this.#buckets.set(sender, { left: filled - 1, at: now })
    return 0
  }
}
