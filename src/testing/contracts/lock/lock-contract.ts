import assert from 'node:assert/strict'
import { SystemClock } from '../../../clock/system-clock.ts'
import { waitUntil } from '../../../clock/wait.ts'
import type { HeldLock, LockAnswer, LockStore } from '../../../lock/lock-store.ts'

/** What the contract is tried on. */
export interface LockContractKit {
  /** Connects to the same locks as another server process would; it is disposed of by the case. */
  open(): Promise<LockStore>
  /** The shortest time for which the server keeps a lock precisely enough, in milliseconds. */
  readonly shortTtlMs: number
  /** How far the end of a lock may be off, in milliseconds: servers that count in seconds round up. */
  readonly toleranceMs: number
  /** How long past its end a lock may be seen, on a busy machine; 5,000 ms when left out. */
  readonly patienceMs?: number
}

/** One promise of the contract. */
export interface LockContractCase {
  readonly name: string
  /** @throws {AssertionError} when the driver does not keep it */
  readonly run: (kit: LockContractKit) => Promise<void>
}

const LONG_MS = 60_000
const PATIENCE_MS = 5_000
const MOST_TRIES = 5

/**
 * What every driver of `LockStore` must do, for any test runner:
 *
 * ```ts
 * for (const { name, run } of lockContract) it(name, () => run({ open, shortTtlMs: 200, toleranceMs: 5 }))
 * ```
 */
export const lockContract: readonly LockContractCase[] = [
  lockCase('grants a free lock to who asks, with its end', async (stage) => {
    const { one, name, toleranceMs } = stage
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.equal(lock.name, name)
    assert.equal(lock.owner, 'a')
    assert.ok(Number.isSafeInteger(lock.token) && lock.token > 0, `the token ${lock.token} is no count`)
    near(lock.expiresAt - lock.acquiredAt, LONG_MS, toleranceMs)
  }),

  lockCase('refuses it to another owner, and names the holder', async ({ one, two, name }) => {
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    const answer = await two.acquire(name, 'b', LONG_MS)
    assert.deepEqual(refused(answer), lock)
    assert.ok(!answer.granted && answer.at >= lock.acquiredAt, 'it was refused before it was granted')
    near(answer.at, lock.acquiredAt, LONG_MS)
  }),

  lockCase('does not grant it twice to the same owner', async ({ one, two, name }) => {
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.deepEqual(refused(await one.acquire(name, 'a', LONG_MS)), lock)
    assert.deepEqual(refused(await two.acquire(name, 'a', LONG_MS)), lock)
  }),

  lockCase('grants it to one of many that ask at once', async ({ one, two, name }) => {
    for (let round = 0; round < 10; round++) {
      const asked = Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? one : two).acquire(`${name}-${round}`, `owner-${i}`, LONG_MS),
      )
      const answers = await Promise.all(asked)
      const locks = answers.filter((answer) => answer.granted)
      assert.equal(locks.length, 1, `${locks.length} were granted lock ${round}`)
    }
  }),

  lockCase('is free again once it is released', async ({ one, two, name }) => {
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.equal(await one.release(lock), true)
    assert.equal(await one.inspect(name), undefined)
    assert.equal(granted(await two.acquire(name, 'b', LONG_MS)).owner, 'b')
  }),

  lockCase('is not released by another owner, nor under another token', async ({ one, two, name }) => {
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.equal(await two.release({ ...lock, owner: 'b' }), false)
    assert.equal(await one.release({ ...lock, token: lock.token + 1 }), false)
    assert.deepEqual(await two.inspect(name), lock)
  }),

  lockCase('is released once', async ({ one, name }) => {
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.equal(await one.release(lock), true)
    assert.equal(await one.release(lock), false)
  }),

  lockCase('is not extended by another owner, nor under another token', async ({ one, two, name }) => {
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.equal(await two.extend({ ...lock, owner: 'b' }, 2 * LONG_MS), undefined)
    assert.equal(await one.extend({ ...lock, token: lock.token + 1 }, 2 * LONG_MS), undefined)
    assert.deepEqual(await one.inspect(name), lock)
  }),

  lockCase('lasts longer when it is extended', async (stage) => {
    const { one, two, name, shortTtlMs } = stage
    let lock: HeldLock
    let longer: HeldLock | undefined
    // On a machine that stands still for so long, the lock may have ended before it could be extended.
    for (let tries = 0; ; tries++) {
      lock = granted(await one.acquire(name, 'a', shortTtlMs))
      longer = await one.extend(lock, LONG_MS)
      if (longer !== undefined || tries === MOST_TRIES) break
      await stage.ended(one, name)
    }
    assert.ok(longer !== undefined && longer.expiresAt > lock.expiresAt, 'its end did not move')
    assert.deepEqual({ ...longer, expiresAt: 0 }, { ...lock, expiresAt: 0 })
    // By the server's own clock: another lock that ends later than this one would have.
    granted(await one.acquire(`${name}-later`, 'a', 2 * shortTtlMs))
    await stage.ended(one, `${name}-later`)
    assert.deepEqual(await two.inspect(name), longer)
    assert.deepEqual(refused(await two.acquire(name, 'b', LONG_MS)), longer)
  }),

  lockCase('ends sooner when it is shortened', async (stage) => {
    const { one, two, name, shortTtlMs } = stage
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    const shorter = await one.extend(lock, shortTtlMs)
    assert.ok(shorter !== undefined && shorter.expiresAt < lock.expiresAt, 'its end did not move')
    await stage.ended(two, name)
    granted(await two.acquire(name, 'b', LONG_MS))
  }),

  lockCase('ends by itself, and not before its time', async (stage) => {
    const { one, two, name, shortTtlMs, toleranceMs } = stage
    const clock = new SystemClock()
    const askedAt = clock.now()
    granted(await one.acquire(name, 'a', shortTtlMs))
    await stage.ended(two, name)
    const lastedMs = clock.now() - askedAt
    assert.ok(lastedMs >= shortTtlMs - toleranceMs, `it ended after ${lastedMs} of ${shortTtlMs} ms`)
    assert.equal(granted(await two.acquire(name, 'b', LONG_MS)).owner, 'b')
  }),

  lockCase('is out of the reach of a holder whose time is over', async (stage) => {
    const { one, two, name, shortTtlMs } = stage
    const late = granted(await one.acquire(name, 'a', shortTtlMs))
    await stage.ended(one, name)
    assert.equal(await one.extend(late, LONG_MS), undefined, 'an ended lock was extended')
    assert.equal(await one.release(late), false, 'an ended lock was released')

    const next = granted(await two.acquire(name, 'b', LONG_MS))
    assert.equal(await one.extend(late, LONG_MS), undefined)
    assert.equal(await one.release(late), false)
    assert.deepEqual(await two.inspect(name), next)
  }),

  lockCase('is out of its reach also when the next holder has the same owner', async (stage) => {
    const { one, two, name, shortTtlMs } = stage
    const late = granted(await one.acquire(name, 'a', shortTtlMs))
    await stage.ended(one, name)
    const next = granted(await two.acquire(name, 'a', LONG_MS))
    assert.equal(await one.release(late), false)
    assert.equal(await one.extend(late, shortTtlMs), undefined)
    assert.deepEqual(await two.inspect(name), next)
  }),

  lockCase('has tokens that rise with every grant', async (stage) => {
    const { one, two, name, shortTtlMs } = stage
    const tokens: number[] = []
    for (let i = 0; i < 20; i++) {
      const [asking, releasing] = i % 2 === 0 ? [one, two] : [two, one]
      const lock = granted(await asking.acquire(name, `owner-${i}`, LONG_MS))
      tokens.push(lock.token)
      assert.equal(await releasing.release(lock), true)
    }
    const lock = granted(await one.acquire(name, 'a', shortTtlMs))
    await stage.ended(one, name)
    tokens.push(lock.token, granted(await two.acquire(name, 'b', LONG_MS)).token)
    const last = await two.forceRelease(name)
    assert.equal(last, true)
    tokens.push(granted(await one.acquire(name, 'c', LONG_MS)).token)
    for (const [i, token] of tokens.entries())
      assert.ok(i === 0 || token > tokens[i - 1]!, `token ${token} came after ${tokens[i - 1]}`)
  }),

  lockCase('can be looked at without being touched', async ({ one, two, name }) => {
    assert.equal(await one.inspect(name), undefined)
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.deepEqual(await one.inspect(name), lock)
    assert.deepEqual(await two.inspect(name), lock)
    assert.equal(await one.release(lock), true)
  }),

  lockCase('can be freed by force, which its holder finds out', async ({ one, two, name }) => {
    assert.equal(await two.forceRelease(name), false)
    const lock = granted(await one.acquire(name, 'a', LONG_MS))
    assert.equal(await two.forceRelease(name), true)
    assert.equal(await two.inspect(name), undefined)
    assert.equal(await one.extend(lock, LONG_MS), undefined)
    assert.equal(await one.release(lock), false)
  }),

  lockCase('knows names of any kind, each by itself', async ({ one, two, name }) => {
    const names = ['', ' ', 'a b', 'ä€😀', 'line\nbreak', '{braces}:*?', 'A', 'a', 'x'.repeat(200)]
    const locks: HeldLock[] = []
    for (const end of names) locks.push(granted(await one.acquire(name + end, 'a', LONG_MS)))
    for (const lock of locks) assert.deepEqual(await two.inspect(lock.name), lock)
    for (const lock of locks) assert.equal(await two.release(lock), true)
  }),
]

interface LockStage extends LockContractKit {
  readonly one: LockStore
  readonly two: LockStore
  /** A name that no other case uses. */
  readonly name: string
  /** Waits until a short lock has ended, by the server's own word. @throws when it does not */
  ended(locks: LockStore, name: string): Promise<void>
}

function lockCase(name: string, check: (stage: LockStage) => Promise<void>): LockContractCase {
  return {
    name,
    run: async (kit) => {
      await using one = await kit.open()
      await using two = await kit.open()
      const name = `contract-${crypto.randomUUID()}`
      await check({ ...kit, one, two, name, ended: (locks, other) => ended(locks, other, kit) })
    },
  }
}

function granted(answer: LockAnswer): HeldLock {
  assert.ok(answer.granted, 'the lock was not granted')
  return answer.lock
}

function refused(answer: LockAnswer): HeldLock {
  assert.ok(!answer.granted, 'the lock was granted')
  return answer.holder
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)
}

async function ended(locks: LockStore, name: string, kit: LockContractKit): Promise<void> {
  const { shortTtlMs, patienceMs = PATIENCE_MS } = kit
  const clock = new SystemClock()
  const deadline = clock.now() + 2 * shortTtlMs + patienceMs
  while ((await locks.inspect(name)) !== undefined) {
    assert.ok(clock.now() < deadline, 'the lock has not ended long after its time')
    await waitUntil(clock, clock.now() + 10)
  }
}
