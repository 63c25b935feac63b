import { expect, it } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

it('keeps what was set last', () => {
  const map = new BoundedMap<string, number>(3)
  for (const [n, key] of ['a', 'b', 'c', 'a', 'd'].entries()) map.set(key, n)

  expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([3, undefined, 2, 4])
  expect(map.size).toBe(3)
  map.delete('a')
  map.set('e', 5)
  expect(['a', 'c', 'd', 'e'].map((key) => map.get(key))).toEqual([undefined, 2, 4, 5])
})

it('stays as small however much goes through it', () => {
  const map = new BoundedMap<number, number>(10)
  for (let n = 0; n < 100_000; n++) map.set(n, n)

  expect(map.size).toBe(10)
  expect(map.get(99_990)).toBe(99_990)
  expect(map.get(99_989)).toBeUndefined()
})
