import type { Clock } from '../clock/clock.ts'
import { waitAtMost } from '../clock/wait.ts'
import { DriverError } from '../errors.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from './lock-store.ts'

/**
 * Locks whose every step ends in time: a half-open connection, or a server that does not answer, is an error and not a
 * wait without end. A lock that was granted after nobody waited for it any more is given back.
 */
export class BoundedLocks implements LockStore {
  readonly #locks: LockStore
  readonly #clock: Clock
  readonly #timeoutMs: number

  /** @param timeoutMs how long one step may take */
  constructor(locks: LockStore, clock: Clock, timeoutMs: number) {
    this.#locks = locks
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    const asked = this.#locks.acquire(name, owner, ttlMs)
    return this.#inTime(asked, () => {
      // Whether it can be given back or ends by itself, nobody runs anything under it.
      asked.then((late) => late.granted && this.#locks.release(late.lock)).catch(() => {})
    })
  }

  async extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    return this.#inTime(this.#locks.extend(proof, ttlMs))
  }

  async release(proof: LockProof): Promise<boolean> {
    return this.#inTime(this.#locks.release(proof))
  }

  async inspect(name: string): Promise<HeldLock | undefined> {
    return this.#inTime(this.#locks.inspect(name))
  }

  async forceRelease(name: string): Promise<boolean> {
    return this.#inTime(this.#locks.forceRelease(name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#locks[Symbol.asyncDispose]()
  }

  /** @throws {DriverError} when the answer does not come in time */
  async #inTime<T>(asked: Promise<T>, onLate = () => {}): Promise<T> {
    asked.catch(() => {})
    const answer = asked.then((value) => ({ value }))
    const found = await waitAtMost(this.#clock, this.#clock.now() + this.#timeoutMs, answer)
    if (found !== undefined) return found.value

    onLate()
    throw new DriverError(`the lock server did not answer within ${this.#timeoutMs} ms`, { retryable: true })
  }
}
