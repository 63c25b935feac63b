import type { Clock, Instant } from '../../clock/clock.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../lock-store.ts'

/** Locks within one process: for a single server, and for tests. Processes do not see each other's. */
export function memoryLocks(clock?: Clock): LockStore {
  return new MemoryLocks(clock)
}

const SWEPT_AT = 1_000

export class MemoryLocks implements LockStore {
  readonly #clock: Clock
  readonly #held = new Map<string, HeldLock>()
  #token = 0
  /** How many names there may be before those that have ended are dropped. */
  #sweptAt = SWEPT_AT

  constructor(clock: Clock = new SystemClock()) {
    this.#clock = clock
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    const at = this.#clock.now()
    const holder = this.#holder(name)
    if (holder !== undefined) return { granted: false, holder, at }

    if (this.#held.size >= this.#sweptAt) this.#sweep(at)
    const lock = { name, owner, token: ++this.#token, acquiredAt: at, expiresAt: at + ttlMs }
    this.#held.set(name, lock)
    return { granted: true, lock }
  }

  async extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    const held = this.#heldUnder(proof)
    if (held === undefined) return undefined

    const lock = { ...held, expiresAt: this.#clock.now() + ttlMs }
    this.#held.set(proof.name, lock)
    return lock
  }

  async release(proof: LockProof): Promise<boolean> {
    return this.#heldUnder(proof) !== undefined && this.#held.delete(proof.name)
  }

  async inspect(name: string): Promise<HeldLock | undefined> {
    return this.#holder(name)
  }

  async forceRelease(name: string): Promise<boolean> {
    return this.#holder(name) !== undefined && this.#held.delete(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held.clear()
  }

  #holder(name: string): HeldLock | undefined {
    const held = this.#held.get(name)
    if (held === undefined || held.expiresAt > this.#clock.now()) return held

    this.#held.delete(name)
    return undefined
  }

  #heldUnder({ name, owner, token }: LockProof): HeldLock | undefined {
    const held = this.#holder(name)
    return held?.owner === owner && held.token === token ? held : undefined
  }

  /** Most names are of one instant, and never asked for again. */
  #sweep(now: Instant): void {
    for (const [name, { expiresAt }] of this.#held) if (expiresAt <= now) this.#held.delete(name)
    this.#sweptAt = Math.max(2 * this.#held.size, SWEPT_AT)
  }
}
