import type { ForecastBucket } from '../../schedule/forecast/forecast.ts'

/** Counts as marks of eight heights, in rows that begin at round times. */
export interface Chart {
  readonly rows: readonly ChartRow[]
  /** For how long a mark stands: for a bucket, or for the fullest of several. */
  readonly markMs: number
}

export interface ChartRow {
  readonly at: number
  readonly marks: string
  /** How many there are in the row in all. */
  readonly count: number
}

const MOST_ROWS = 24
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const
const NONE = '·'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** How long a mark or a row may last, so that its times are round. */
const ROUND_MS = [
  ...[1, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28].map((days) => days * DAY),
]

/** @param room how many marks a row has room for */
export function chartOf(buckets: readonly ForecastBucket[], bucketMs: number, room: number): Chart {
  const lengthMs = buckets.length * bucketMs
  const fits = (markMs: number) => Math.ceil(lengthMs / rowMsOf(markMs, room)) <= MOST_ROWS
  const coarser = ROUND_MS.filter((ms) => ms > bucketMs && ms % bucketMs === 0)
  const fewest = Math.ceil(buckets.length / (room * MOST_ROWS))
  const markMs = [bucketMs, ...coarser].find(fits) ?? fewest * bucketMs

  const rowMs = rowMsOf(markMs, room)
  const most = Math.max(...buckets.map(({ count }) => count))
  // Hours begin where they do on any clock; days, where the first bucket does.
  const roundMs = rowMs <= HOUR ? rowMs : markMs
  const begin = Math.floor((buckets[0]?.at.getTime() ?? 0) / roundMs) * roundMs
  const byRow = Map.groupBy(buckets, ({ at }) => begin + Math.floor((at.getTime() - begin) / rowMs) * rowMs)
  const rows = [...byRow].map(([at, own]) => ({
    at,
    marks: marksOf(own, at, markMs, most),
    count: own.reduce((sum, { count }) => sum + count, 0),
  }))
  return { rows, markMs }
}

/** How long a row lasts: as long as there is room for, or round where that wastes not too much of it. */
function rowMsOf(markMs: number, room: number): number {
  const isGood = (ms: number) => ms % markMs === 0 && ms / markMs <= room && ms / markMs >= room / 4
  return ROUND_MS.findLast(isGood) ?? markMs * room
}

function marksOf(buckets: readonly ForecastBucket[], rowAt: number, markMs: number, most: number): string {
  const marks: (string | undefined)[] = []
  const byMark = Map.groupBy(buckets, ({ at }) => Math.floor((at.getTime() - rowAt) / markMs))
  for (const [place, own] of byMark) marks[place] = heightOf(Math.max(...own.map(({ count }) => count)), most)
  // The first row may begin before the first bucket.
  return Array.from(marks, (mark = ' ') => mark).join('')
}

function heightOf(count: number, most: number): string {
  if (count === 0) return NONE
  return HEIGHTS[Math.ceil((count / most) * HEIGHTS.length) - 1]!
}
