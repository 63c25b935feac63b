import type { DatabaseInput } from '../sql/database-input.ts'
import { isRefusal } from '../sql/sql-error.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../lock/lock-store.ts'
import { Store } from '../store/store.ts'

/** How often two may be the first to ask for a name. */
const MOST_COLLISIONS = 5

/**
 * Locks in a database, in the tables that schedules have too; they are brought up to date. The clock of the database
 * decides; on SQLite, which has none, that of the machine.
 *
 * @param database its address, as in `postgres://…`, or a pool of the application's
 * @throws {ConfigError | DriverError | SchemaTooNewError} as `Carillon.open`
 */
export async function databaseLocks(database: DatabaseInput): Promise<LockStore> {
  return new DatabaseLocks(await Store.open(database))
}

/** Names stay in the table for good, since the next grant of one counts on from the last. */
class DatabaseLocks implements LockStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    for (let collisions = 0; ; collisions++) {
      try {
        return await this.#store.transaction(async ({ leases, now }) => {
          const { granted, lease } = await leases.acquire(name, owner, now, ttlMs)
          return granted ? { granted, lock: lease } : { granted, holder: lease, at: now }
        })
      } catch (error) {
        // Two were the first to ask for this name, and the other one has written it.
        if (!isRefusal(error) || collisions >= MOST_COLLISIONS) throw error
      }
    }
  }

  async extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    return this.#store.transaction(async ({ leases, now }) =>
      (await leases.extend(proof, now, ttlMs)) ? leases.inspect(proof.name, now) : undefined,
    )
  }

  async release(proof: LockProof): Promise<boolean> {
    return this.#store.transaction(({ leases, now }) => leases.release(proof, now))
  }

  async inspect(name: string): Promise<HeldLock | undefined> {
    const now = await this.#store.now()
    return this.#store.read(({ leases }) => leases.inspect(name, now))
  }

  async forceRelease(name: string): Promise<boolean> {
    return this.#store.transaction(async ({ leases, now }) => {
      const held = await leases.inspect(name, now)
      return held !== undefined && leases.release(held, now)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.close()
  }
}
