import { expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

it('lets a burst pass, then as many as the rate has, of each sender', () => {
  let now = 0
  const limit = new RateLimit({ perMinute: 60, burst: 3 }, () => now)
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1_000])
  expect(limit.take('b')).toBe(0)
  now += 400
  expect(limit.take('a')).toBe(600)
  now += 600
  expect(limit.take('a')).toBe(0)
  expect(limit.take('a')).toBe(1_000)
  now += 3_600_000
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1_000])
})

it('lets as many pass at once as in a minute by default', () => {
  const limit = new RateLimit({ perMinute: 2 }, () => 0)
  expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 30_000])
})
