import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrequentCounts } from './frequent-counts.ts'

describe('FrequentCounts', () => {
  it('adds up by name, the largest first', () => {
    const counts = new FrequentCounts()
    for (const [name, count] of [
      ['b', 1],
      ['c', 5],
      ['a', 1],
      ['b', 3],
      ['d', 1],
    ] as const)
      counts.add(name, count)
    expect(counts.largest().map(({ name, count }) => `${name} ${count}`)).toEqual([
      'c 5',
      'b 4',
      'a 1',
      'd 1',
    ])
    expect(counts.largest(1)).toEqual([{ name: 'c', count: 5 }])
  })

  it('keeps those that are large, in bounded memory, and tells none too large', () => {
    const kept = 5
    const names = fc.oneof(fc.integer({ max: 5, min: 0 }), fc.integer({ max: 200, min: 0 })).map(String)
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.integer({ min: 1, max: 20 })), { maxLength: 500 }), (added) => {
        const counts = new FrequentCounts(kept)
        const exact = new Map<string, number>()
        let sum = 0
        for (const [name, count] of added) {
          counts.add(name, count)
          exact.set(name, (exact.get(name) ?? 0) + count)
          sum += count
        }
        const told = new Map(counts.largest(Infinity).map(({ name, count }) => [name, count]))
        expect(told.size).toBeLessThanOrEqual(2 * kept)
        for (const [name, count] of exact) {
          expect(told.get(name) ?? 0).toBeLessThanOrEqual(count)
          expect(told.get(name) ?? 0).toBeGreaterThanOrEqual(
            exact.size <= 2 * kept ? count : count - sum / kept,
          )
        }
      }),
    )
  })
})
