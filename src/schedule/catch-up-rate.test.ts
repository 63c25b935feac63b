import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueInstants, fairShares, RATE_WINDOW_MS } from './catch-up-rate.ts'

const NOW = Date.UTC(2026, 5, 1, 10)

function shares(
  wanted: Record<string, number>,
  perMinute: number,
  { each = Infinity, round = 0 }: { each?: number; round?: number } = {},
): Record<string, number> {
  const rate = { perMinute, perMinuteOfNamespace: each }
  return Object.fromEntries(fairShares(new Map(Object.entries(wanted)), rate, round))
}

describe('fair shares', () => {
  it.each([
    ['what is wanted, where it fits', { a: 3, b: 4 }, 10, { a: 3, b: 4 }],
    ['what is wanted, where it just fits', { a: 3, b: 7 }, 10, { a: 3, b: 7 }],
    ['equal parts, where it does not', { a: 99_000, b: 1_000 }, 600, { a: 300, b: 300 }],
    ['what the modest leave to the others', { a: 99_000, b: 10, c: 500 }, 600, { a: 295, b: 10, c: 295 }],
    ['the odd one to whose turn it is', { a: 10, b: 10, c: 10 }, 8, { a: 3, b: 3, c: 2 }],
    ['nothing to nobody', {}, 10, {}],
    ['all of it to a single one', { a: 10 }, 4, { a: 4 }],
  ])('are %s', (_, wanted: Record<string, number>, perMinute, expected: Record<string, number>) => {
    expect(shares(wanted, perMinute)).toEqual(expected)
  })

  it('go round where there is not one for each', () => {
    const wanted = { a: 5, b: 5, c: 5 }

    expect(shares(wanted, 1, { round: 0 })).toEqual({ a: 1, b: 0, c: 0 })
    expect(shares(wanted, 1, { round: 1 })).toEqual({ a: 0, b: 1, c: 0 })
    expect(shares(wanted, 2, { round: 2 })).toEqual({ a: 1, b: 0, c: 1 })
    expect(shares(wanted, 2, { round: 3 })).toEqual({ a: 1, b: 1, c: 0 })
  })

  it('are the same in whichever order the names come', () => {
    expect(shares({ b: 5, a: 5 }, 1)).toEqual({ a: 1, b: 0 })
    expect(shares({ b: 5, a: 5 }, 1, { round: 1 })).toEqual({ a: 0, b: 1 })
  })

  it('end at the rate of a namespace', () => {
    expect(shares({ a: 100, b: 7 }, 60, { each: 10 })).toEqual({ a: 10, b: 7 })
    expect(shares({ a: 100, b: 100 }, 15, { each: 10 })).toEqual({ a: 8, b: 7 })
  })

  it('take all there is, give nobody more than they want, and nobody less than another who wants as much', () => {
    const wishes = fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 50 }))
    fc.assert(
      fc.property(
        wishes,
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        (wanted, perMinute, each, round) => {
          const given = shares(wanted, perMinute, { each, round })
          const limits = Object.values(wanted).map((limit) => Math.min(limit, each))
          const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)

          expect(sum(Object.values(given))).toBe(Math.min(perMinute, sum(limits)))
          const most = Math.max(0, ...Object.values(given))
          for (const [name, share] of Object.entries(given)) {
            const limit = Math.min(wanted[name]!, each)
            expect(share).toBeLessThanOrEqual(limit)
            if (share < limit) expect(share).toBeGreaterThanOrEqual(most - 1)
          }
        },
      ),
    )
  })
})

describe('due instants', () => {
  const rate = { perMinute: 60, perMinuteOfNamespace: Infinity }

  it('follow each other at the rate, those of all namespaces in turn', () => {
    const due = dueInstants(
      new Map([
        ['a', 2],
        ['b', 4],
      ]),
      rate,
      NOW,
    )
    const order = [...due].flatMap(([name, all]) => all.map((at) => [at - NOW, name] as const))

    expect(order.sort(([a], [b]) => a - b)).toEqual([
      [0, 'b'],
      [1_000, 'a'],
      [2_000, 'b'],
      [3_000, 'b'],
      [4_000, 'a'],
      [5_000, 'b'],
    ])
  })

  it('keep to the rate of a namespace', () => {
    const due = dueInstants(new Map([['a', 3]]), { perMinute: 600, perMinuteOfNamespace: 6 }, NOW)

    expect(due.get('a')).toEqual([NOW, NOW + 10_000, NOW + 20_000])
  })

  it('lie within the window', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(counts, (all) => {
        const perMinute = Math.max(
          all.reduce((a, b) => a + b, 0),
          1,
        )
        const perMinuteOfNamespace = Math.max(...all, 1)
        const given = new Map(all.map((count, i) => [String(i), count]))
        const due = dueInstants(given, { perMinute, perMinuteOfNamespace }, NOW)

        for (const [name, instants] of due) {
          expect(instants).toHaveLength(given.get(name)!)
          expect(instants.toSorted((a, b) => a - b)).toEqual(instants)
          for (const at of instants) expect(at).toBeLessThan(NOW + RATE_WINDOW_MS)
        }
      }),
    )
  })
})
