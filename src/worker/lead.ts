/** The longest time before its instant that an occurrence passes the fence. */
const MAX_LEAD_MS = 5
/** How much of what was learned before the last measurement leaves. */
const KEPT = 0.9
/** So that most are through in time, and not only half of them. */
const MARGIN = 1.5

/**
 * How long before its instant an occurrence is best passed through the fence, so that its handler starts on the dot: as
 * long as that has taken lately. What a change withdraws in these few milliseconds has begun already.
 */
export class Lead {
  #averageMs = 0

  get ms(): number {
    return Math.min(Math.ceil(this.#averageMs * MARGIN), MAX_LEAD_MS)
  }

  learn(tookMs: number): void {
    this.#averageMs = this.#averageMs * KEPT + Math.min(Math.max(tookMs, 0), MAX_LEAD_MS) * (1 - KEPT)
  }
}
