import { describe, expect, it } from 'vitest'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../../../lock/lock-store.ts'
import { MemoryLocks } from '../../../lock/memory/memory-locks.ts'
import { lockContract, type LockContractKit } from './lock-contract.ts'

const KIT = { shortTtlMs: 40, toleranceMs: 5, patienceMs: 500 }

/** Memory that two connections share. */
function kit(make: () => LockStore = () => new MemoryLocks()): LockContractKit {
  const locks = make()
  return { ...KIT, open: async () => new Shared(locks) }
}

/** The names of the promises that a driver does not keep. */
async function broken(make: () => LockStore): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of lockContract) await run(kit(make)).catch(() => names.push(name))
  return names
}

class Shared implements LockStore {
  protected readonly locks: LockStore

  constructor(locks: LockStore) {
    this.locks = locks
  }

  acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    return this.locks.acquire(name, owner, ttlMs)
  }

  extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    return this.locks.extend(proof, ttlMs)
  }

  release(proof: LockProof): Promise<boolean> {
    return this.locks.release(proof)
  }

  inspect(name: string): Promise<HeldLock | undefined> {
    return this.locks.inspect(name)
  }

  forceRelease(name: string): Promise<boolean> {
    return this.locks.forceRelease(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

describe('MemoryLocks', () => {
  it.each(lockContract)('$name', async ({ run }) => {
    await run(kit())
  })
})

describe('the contract of locks', () => {
  it('finds a driver that ignores the owner', async () => {
    class IgnoresOwner extends Shared {
      override async release({ name }: LockProof): Promise<boolean> {
        return this.locks.forceRelease(name)
      }
    }
    expect(await broken(() => new IgnoresOwner(new MemoryLocks()))).toContain(
      'is not released by another owner, nor under another token',
    )
  })

  it('finds a driver that ignores the token', async () => {
    class IgnoresToken extends Shared {
      override async release(proof: LockProof): Promise<boolean> {
        const held = await this.locks.inspect(proof.name)
        return held?.owner === proof.owner && this.locks.release(held)
      }
    }
    expect(await broken(() => new IgnoresToken(new MemoryLocks()))).toContain(
      'is out of its reach also when the next holder has the same owner',
    )
  })

  it('finds a driver that forgets expiry', async () => {
    class ForgetsExpiry extends Shared {
      override async acquire(name: string, owner: string): Promise<LockAnswer> {
        return this.locks.acquire(name, owner, 3_600_000)
      }
    }
    expect(await broken(() => new ForgetsExpiry(new MemoryLocks()))).toContain(
      'ends by itself, and not before its time',
    )
  })

  it('finds a driver whose locks end too soon', async () => {
    class EndsTooSoon extends Shared {
      override async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
        return this.locks.acquire(name, owner, ttlMs / 2)
      }
    }
    expect(await broken(() => new EndsTooSoon(new MemoryLocks()))).toEqual(
      expect.arrayContaining([
        'grants a free lock to who asks, with its end',
        'ends by itself, and not before its time',
      ]),
    )
  })

  it('finds a driver that hands out the same token twice', async () => {
    class RepeatsTokens extends Shared {
      #grants = 0

      override async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
        const answer = await this.locks.acquire(name, owner, ttlMs)
        if (!answer.granted) return answer
        return { granted: true, lock: { ...answer.lock, token: Math.ceil(++this.#grants / 2) } }
      }

      override release({ name }: LockProof): Promise<boolean> {
        return this.locks.forceRelease(name)
      }
    }
    expect(await broken(() => new RepeatsTokens(new MemoryLocks()))).toContain(
      'has tokens that rise with every grant',
    )
  })

  it('finds a driver that looks before it writes', async () => {
    class LooksFirst extends Shared {
      override async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
        const holder = await this.locks.inspect(name)
        if (holder !== undefined) return { granted: false, holder, at: holder.acquiredAt }
        // It was free when it looked, so it writes over whoever came in between.
        for (;;) {
          const answer = await this.locks.acquire(name, owner, ttlMs)
          if (answer.granted) return answer
          await this.locks.forceRelease(name)
        }
      }
    }
    expect(await broken(() => new LooksFirst(new MemoryLocks()))).toContain(
      'grants it to one of many that ask at once',
    )
  })
})
