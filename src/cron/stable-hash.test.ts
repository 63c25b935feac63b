import { expect, it } from 'vitest'
import { stableHash } from './stable-hash.ts'

it('never changes: a schedule keeps its time from release to release', () => {
  const values = ['', 'report:42', 'report:43', 'ключ', '🔔'].map((seed) => stableHash(seed, 'minute', 60))
  expect(values).toEqual([17, 11, 49, 11, 5])
})

it('tells fields of one seed apart', () => {
  const values = (['second', 'minute', 'hour', 'month'] as const).map((field) => stableHash('a', field, 1000))
  expect(new Set(values).size).toBe(4)
})

it('spreads keys that differ in one character evenly', () => {
  const counts = Array.from({ length: 60 }, () => 0)
  for (let i = 0; i < 60_000; i++) counts[stableHash(`report:${i}`, 'minute', 60)]! += 1

  expect(Math.min(...counts)).toBeGreaterThan(850)
  expect(Math.max(...counts)).toBeLessThan(1150)
})
