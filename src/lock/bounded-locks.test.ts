import { expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { BoundedLocks } from './bounded-locks.ts'
import type { LockAnswer } from './lock-store.ts'
import { MemoryLocks } from './memory/memory-locks.ts'

/** Locks whose answers are held back until the test lets them go. */
class SlowLocks extends MemoryLocks {
  readonly answers = Promise.withResolvers<void>()

  override async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    await this.answers.promise
    return super.acquire(name, owner, ttlMs)
  }
}

it('passes on what is answered in time, and leaves no timer behind', async () => {
  const clock = new ManualClock()
  await using locks = new BoundedLocks(new MemoryLocks(clock), clock, 2_000)
  const answer = await locks.acquire('a', 'me', 60_000)
  if (!answer.granted) throw new Error('it was not granted')
  expect(await locks.inspect('a')).toEqual(answer.lock)
  expect(await locks.extend(answer.lock, 1_000)).toMatchObject({ expiresAt: clock.now() + 1_000 })
  expect(await locks.release(answer.lock)).toBe(true)
  expect(await locks.forceRelease('a')).toBe(false)
  expect(clock.pending).toEqual([])
})

it('fails when no answer comes in time, and gives back what is granted later', async () => {
  const clock = new ManualClock()
  const slow = new SlowLocks(clock)
  const locks = new BoundedLocks(slow, clock, 2_000)
  const asked = locks.acquire('a', 'me', 60_000)
  const failed = expect(asked).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
  await clock.advance('2s')
  await failed

  slow.answers.resolve()
  await clock.advance('1ms')
  expect(await slow.inspect('a')).toBeUndefined()
})

it('passes on what the locks fail with', async () => {
  const clock = new ManualClock()
  const broken = new MemoryLocks(clock)
  broken.inspect = async () => {
    throw new Error('connection refused')
  }
  await expect(new BoundedLocks(broken, clock, 2_000).inspect('a')).rejects.toThrow('connection refused')
  expect(clock.pending).toEqual([])
})
