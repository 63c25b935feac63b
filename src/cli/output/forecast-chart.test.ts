import { describe, expect, it } from 'vitest'
import { chartOf } from './forecast-chart.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.parse('2026-06-01T10:00:00Z')

const buckets = (from: number, bucketMs: number, counts: readonly number[]) =>
  counts.map((count, i) => ({ at: new Date(from + i * bucketMs), count }))
const shown = (from: number, bucketMs: number, counts: readonly number[], room: number) => {
  const { rows, markMs } = chartOf(buckets(from, bucketMs, counts), bucketMs, room)
  return {
    markMs,
    rows: rows.map(
      ({ at, marks, count }) => `${new Date(at).toISOString().slice(11, 16)} ${marks}| ${count}`,
    ),
  }
}

describe('chartOf()', () => {
  it('shows each bucket as a mark, the fullest as the highest, in rows of round times', () => {
    const counts = [0, 1, 8, 16, 15, 7, 0, 2, 3, 4, 5, 6]
    expect(shown(START + 5 * MINUTE, MINUTE, counts, 12)).toEqual({
      markMs: MINUTE,
      rows: ['10:00      ·▁▄██| 40', '10:10 ▄·▁▂▂▃▃| 27'],
    })
  })

  it('folds buckets into the fullest of several where there are too many', () => {
    const week = Array.from({ length: 7 * 24 * 60 }, (_, i) => (i === 100 ? 3 : Number(i % 60 === 0)))
    const { markMs, rows } = shown(START, MINUTE, week, 60)
    expect(markMs).toBe(15 * MINUTE)
    expect(rows).toHaveLength(14)
    expect(rows[0]).toBe(`10:00 ▃···▃·█·${'▃···'.repeat(10)}| 15`)
  })

  it.each([
    [17_000, 500, 60],
    [MINUTE, 10_080, 5],
    [DAY, 10_080, 60],
    [90_000, 1_000, 13],
    [HOUR, 1, 60],
  ])(
    'has at most 25 rows, none wider than its room: %d ms, %d buckets, room for %d',
    (bucketMs, count, room) => {
      const { rows, markMs } = chartOf(
        buckets(
          Math.floor(START / bucketMs) * bucketMs,
          bucketMs,
          Array.from({ length: count }, () => 2),
        ),
        bucketMs,
        room,
      )
      expect(rows.length).toBeLessThanOrEqual(25)
      expect(Math.max(...rows.map(({ marks }) => marks.length))).toBeLessThanOrEqual(room)
      expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(2 * count)
      expect(markMs % bucketMs).toBe(0)
    },
  )
})
