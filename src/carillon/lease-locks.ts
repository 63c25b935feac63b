import { isRefusal } from '../sql/sql-error.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../lock/lock-store.ts'
import type { Store } from '../store/store.ts'

/** How often two may be the first to ask for a name. */
const MOST_COLLISIONS = 5
/** After how many grants leases are pruned that ended long ago. */
const PRUNED_EVERY = 500

/** Locks in the table of leases. */
export class LeaseLocks implements LockStore {
  readonly #store: Store
  readonly #close: () => Promise<void>
  #grants = 0

  /** @param close ends what it stands on, where that is its own */
  constructor(store: Store, close = async () => {}) {
    this.#store = store
    this.#close = close
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    for (let collisions = 0; ; collisions++) {
      try {
        return await this.#store.transaction(async (tables) => {
          const { leases } = tables
          const { granted, lease, at } = await leases.acquire(name, owner, () => tables.exactNow(), ttlMs)
          if (granted && ++this.#grants % PRUNED_EVERY === 0) await leases.prune(at)
          return granted ? { granted, lock: lease } : { granted, holder: lease, at }
        })
      } catch (error) {
        // Two were the first to ask for this name, and the other one has written it.
        if (!isRefusal(error) || collisions >= MOST_COLLISIONS) throw error
      }
    }
  }

  async extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    return this.#store.transaction((tables) => tables.leases.extend(proof, () => tables.exactNow(), ttlMs))
  }

  async release(proof: LockProof): Promise<boolean> {
    return this.#store.transaction((tables) => tables.leases.release(proof, () => tables.exactNow()))
  }

  async inspect(name: string): Promise<HeldLock | undefined> {
    const now = await this.#store.now()
    return this.#store.read(({ leases }) => leases.inspect(name, now))
  }

  async forceRelease(name: string): Promise<boolean> {
    return this.#store.transaction(async (tables) => {
      const { leases } = tables
      const held = await leases.inspect(name, await tables.exactNow())
      return held !== undefined && leases.release(held, () => tables.exactNow())
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }
}
