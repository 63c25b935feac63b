import { Redis } from 'ioredis'
import { MemcacheClient } from 'memcache-client'
import { databaseLocks } from '../../src/carillon/database-locks.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../../src/lock/lock-store.ts'
import { memcachedLocks } from '../../src/lock/memcached/memcached-locks.ts'
import { redisLocks } from '../../src/lock/redis/redis-locks.ts'

export const LOCK_KINDS = ['redis', 'memcached', 'postgres', 'mysql', 'sqlite'] as const
export type LockKind = (typeof LOCK_KINDS)[number]

/** Locks on the server at an address; they close their connection with themselves, and remember what they granted. */
export async function openLocks(kind: LockKind, address: string): Promise<NotedLocks> {
  switch (kind) {
    case 'redis': {
      const client = new Redis(address)
      return new NotedLocks(redisLocks(client), () => client.disconnect())
    }
    case 'memcached': {
      const client = new MemcacheClient({ server: address })
      return new NotedLocks(memcachedLocks(client), () => client.shutdown())
    }
    case 'postgres':
    case 'mysql':
    case 'sqlite': {
      const locks = await databaseLocks(address)
      return new NotedLocks(locks, () => locks[Symbol.asyncDispose]())
    }
  }
}

/** A run is told its token alone; the verdict needs to know until when it held its lock. */
export class NotedLocks implements LockStore {
  readonly #locks: LockStore
  readonly #close: () => unknown
  readonly #granted = new Map<string, HeldLock>()

  constructor(locks: LockStore, close: () => unknown) {
    this.#locks = locks
    this.#close = close
  }

  /** The last grant of a name. */
  granted(name: string): HeldLock | undefined {
    return this.#granted.get(name)
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    const answer = await this.#locks.acquire(name, owner, ttlMs)
    if (answer.granted) this.#granted.set(name, answer.lock)
    return answer
  }

  extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    return this.#locks.extend(proof, ttlMs)
  }

  release(proof: LockProof): Promise<boolean> {
    return this.#locks.release(proof)
  }

  inspect(name: string): Promise<HeldLock | undefined> {
    return this.#locks.inspect(name)
  }

  forceRelease(name: string): Promise<boolean> {
    return this.#locks.forceRelease(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }
}
