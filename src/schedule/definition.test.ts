import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, type Backoff } from './definition.ts'

const PLAIN: Backoff = { initialMs: 10_000, factor: 2, maxMs: 60_000, jitter: 0 }

function occurrence(scheduleId: number) {
  return { scheduleId, generation: 1, nominalAt: 1_700_000_000_000 }
}

function waits(backoff: Backoff, scheduleId = 1): number[] {
  return [1, 2, 3, 4, 5].map((failures) => backoffMs(backoff, failures, occurrence(scheduleId)))
}

describe('the wait after a failure', () => {
  it('grows by the factor, up to the longest, the same for all while there is no jitter', () => {
    expect(waits(PLAIN)).toEqual([10_000, 20_000, 40_000, 60_000, 60_000])
    expect(waits(PLAIN, 2)).toEqual(waits(PLAIN))
  })

  it('is shorter by up to the jitter, and never longer', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        fc.integer({ min: 1, max: 50 }),
        (jitter, scheduleId, failures) => {
          const whole = backoffMs(PLAIN, failures, occurrence(scheduleId))
          const drawn = backoffMs({ ...PLAIN, jitter }, failures, occurrence(scheduleId))
          expect(drawn).toBeLessThanOrEqual(whole)
          expect(drawn).toBeGreaterThanOrEqual(Math.floor(whole * (1 - jitter)))
        },
      ),
    )
  })

  it('is the same whoever asks, and another one for each failure and each occurrence', () => {
    const backoff = { ...PLAIN, factor: 1, jitter: 1 }
    expect(waits(backoff)).toEqual(waits(backoff))
    expect(new Set(waits(backoff)).size).toBe(5)
    expect(waits(backoff, 2)).not.toEqual(waits(backoff))
  })

  it('spreads a thousand failures of one moment evenly over the whole jitter', () => {
    const backoff = { ...PLAIN, jitter: 0.5 }
    const all = Array.from({ length: 1_000 }, (_, i) => backoffMs(backoff, 1, occurrence(i)))
    const seconds = Map.groupBy(all, (ms) => Math.floor(ms / 1_000))

    expect([...seconds.keys()].sort((a, b) => a - b)).toEqual([5, 6, 7, 8, 9])
    for (const [second, within] of seconds) {
      expect(within.length, `${second} s`).toBeGreaterThan(140)
      expect(within.length, `${second} s`).toBeLessThan(260)
    }
  })
})
