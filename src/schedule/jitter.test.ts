import { describe, expect, it } from 'vitest'
import { jitterMs, jitterOf } from './jitter.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 5, 1)
const instants = Array.from({ length: 10_000 }, (_, i) => START + i * HOUR)
const delays = (key: string, namespace = 'default') => {
  const jitter = jitterOf({ namespace, key }, 10 * MINUTE)
  return instants.map((instant) => jitterMs(jitter, instant))
}

describe('jitterMs()', () => {
  it('is the same in every release', () => {
    expect(delays('a').slice(0, 3)).toEqual([435_921, 83_118, 419_941])
  })

  it('is even over the window, and never as long as it', () => {
    const perMinute = Array.from({ length: 10 }, () => 0)
    for (const delay of delays('a')) perMinute[Math.floor(delay / MINUTE)]!++
    expect(perMinute).toHaveLength(10)
    // 1,000 each by chance, give or take 30.
    for (const count of perMinute) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  it.each([
    ['another key', delays('b')],
    ['another namespace', delays('a', 'blue')],
    ['another instant', [...delays('a').slice(1), 0]],
  ])('is another one for %s', (_, others) => {
    const same = delays('a').filter((delay, i) => delay === others[i])
    expect(same.length).toBeLessThan(5)
  })

  it('is even over the window for many schedules at one instant', () => {
    const perMinute = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 10_000; i++) {
      const jitter = jitterOf({ namespace: 'default', key: `report:${i}` }, 10 * MINUTE)
      perMinute[Math.floor(jitterMs(jitter, START) / MINUTE)]!++
    }
    for (const count of perMinute) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  it('takes a key for its own, whatever is in it', () => {
    expect(jitterOf({ namespace: 'a/b', key: 'c' }, 1).seed).not.toBe(
      jitterOf({ namespace: 'a', key: 'b/c' }, 1).seed,
    )
  })
})
