import { monotonicMs } from '../../clock/monotonic.ts'
import { LOOK_AHEAD_SECONDS, type Look } from './boss-statements.ts'

/** Nothing heard of for so long is looked for all the same. */
const POLL_MS = 30_000
/** After something was due and was not there: somebody else has it, or is about to put it back. */
const MISSED_MS = 50

/**
 * When what is due, as the last look has told. It goes by the server's clock, which it follows by this process's
 * monotonic one.
 */
export class BossAgenda {
  /** The server's clock less `monotonicMs()`. */
  #offsetMs = 0
  #soon: number[] = []
  #isDue = false
  #lookAt = -Infinity
  /** Whether something has changed since the last look began. */
  #isStale = true

  /** The server's clock. */
  now(): number {
    return monotonicMs() + this.#offsetMs
  }

  get isToLook(): boolean {
    return this.#isStale || this.now() >= this.#lookAt
  }

  get isDue(): boolean {
    return this.#isDue || (this.#soon[0] ?? Infinity) <= this.now()
  }

  /** In how many milliseconds there is something to look at or to fetch. */
  get nextInMs(): number {
    if (this.#isDue || this.#isStale) return 0
    return Math.max(Math.min(this.#soon[0] ?? Infinity, this.#lookAt) - this.now(), 0)
  }

  /** A look begins: what changes from now on, it may not see. */
  beginLook(): void {
    this.#isStale = false
  }

  fill({ now, isDue, soon, later }: Look): void {
    // As of the answer's arrival: rather a moment late than early, when nothing would be found.
    this.#offsetMs = now - monotonicMs()
    this.#isDue = isDue
    this.#soon = soon.toSorted((a, b) => a - b)
    const laterAt = (later ?? Infinity) - (LOOK_AHEAD_SECONDS - 1) * 1_000
    this.#lookAt = Math.min(now + POLL_MS, Math.max(laterAt, now))
  }

  /** Something may be due that is not on it. */
  lookAgain(): void {
    this.#isStale = true
  }

  /** All that was due by `now` has been fetched, or was not there. */
  fetched(now: number, count: number): void {
    this.#isDue = false
    const next = this.#soon.findIndex((instant) => instant > now)
    this.#soon.splice(0, next === -1 ? this.#soon.length : next)
    if (count === 0) this.#lookAt = Math.min(this.#lookAt, this.now() + MISSED_MS)
  }

  /** There may be more than was fetched. */
  fetchedAllThatFits(): void {
    this.#isDue = true
  }
}
