import { expect, it } from 'vitest'
import type { Forecast } from '../../schedule/forecast/forecast.ts'
import { forecastText } from './forecast-text.ts'
import { Style } from './style.ts'
import { unmarked } from './visible.ts'

const START = Date.parse('2026-06-01T10:00:00Z')

function forecastOf(counts: readonly number[]): Forecast {
  const buckets = counts.map((count, i) => ({ at: new Date(START + i * 60_000), count }))
  const total = counts.reduce((sum, count) => sum + count, 0)
  const fullest = buckets
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ at, count }) => ({
      at,
      count,
      filledBy: [{ namespace: 'default', group: 'nightly reports of everybody', job: 'report', count }],
    }))
  return {
    from: new Date(START),
    until: new Date(START + counts.length * 60_000),
    bucketMs: 60_000,
    schedules: 7,
    unreadable: 0,
    total,
    buckets,
    byNamespace: [{ name: 'default', count: total }],
    byJob: [{ name: 'report', count: total }],
    byQueue: [{ name: 'default', count: total }],
    fullest,
  }
}

const HOUR = Array.from({ length: 60 }, (_, i) => (i === 20 ? 900 : 10))
const text = (forecast: Forecast, columns: number | undefined, hasColors = false) =>
  unmarked(forecastText(forecast, new Style({ columns, hasColors })))

it('keeps its marks and tables within a narrow screen', () => {
  const lines = text({ ...forecastOf(HOUR), fullest: forecastOf(HOUR).fullest.slice(0, 1) }, 50).split('\n')
  const shown = lines.filter((line) => /[▁-█]|900 report/.test(line))
  expect(shown).toHaveLength(5)
  for (const line of shown) expect(line.length).toBeLessThanOrEqual(50)
  expect(shown.at(-1)).toMatch(/ 900 {3}900 report .*…$/)
})

it('points at a peak, and at none where there is none or nothing to speak of', () => {
  expect(text(forecastOf(HOUR), undefined)).toMatch(
    /^Note: .* has 900 runs where an even flow would have 25 each 1m\..* --spread 10m$/m,
  )
  expect(text(forecastOf(HOUR.map(() => 10)), undefined)).not.toContain('Note')
  expect(text(forecastOf(HOUR.map((_, i) => (i === 20 ? 9 : 0))), undefined)).not.toContain('Note')
})

it('has colours only where there are some', () => {
  expect(text(forecastOf(HOUR), 100, true)).toContain('\u001B[')
  expect(text(forecastOf(HOUR), 100)).not.toContain('\u001B[')
})

it('says so when nothing falls due', () => {
  const lines = text({ ...forecastOf([0, 0]), byJob: [], byNamespace: [], byQueue: [] }, 100).split('\n')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^From .*: 0 runs of 7 active schedules\.$/)
})
