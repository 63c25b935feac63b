import { describe, expect, it } from 'vitest'
import { lengthOfTime, zonedTime } from '../../clock/time-text.ts'
import { absoluteTime, relativeTime, weekday } from './time.ts'

describe('relativeTime', () => {
  it.each([
    [0, 'now'],
    [-400, 'now'],
    [999, 'in 1 second'],
    [119_400, 'in 119 seconds'],
    [-119_400, '119 seconds ago'],
    [4 * 60_000 + 59_000, 'in 4 minutes'],
    [-2 * 3_600_000, '2 hours ago'],
    [47 * 3_600_000, 'in 47 hours'],
    [3 * 86_400_000, 'in 3 days'],
    [-100 * 86_400_000, '3 months ago'],
    [1_000 * 86_400_000, 'in 2 years'],
  ])('calls a distance of %d ms %s', (distance, words) => {
    expect(relativeTime(1_000_000 + distance, 1_000_000)).toBe(words)
  })
})

describe('times in a zone', () => {
  const beforeTheGap = Date.UTC(2026, 2, 29, 0, 59, 59)

  it('say on which side of a clock change they are', () => {
    expect(zonedTime(beforeTheGap, 'Europe/Berlin')).toBe('2026-03-29 01:59:59 +01:00')
    expect(zonedTime(beforeTheGap + 1_000, 'Europe/Berlin')).toBe('2026-03-29 03:00:00 +02:00')
    expect(zonedTime(beforeTheGap, 'UTC')).toBe('2026-03-29 00:59:59 +00:00')
    expect(zonedTime(beforeTheGap, 'Asia/Kolkata')).toBe('2026-03-29 06:29:59 +05:30')
  })

  it('have the date and the weekday of the zone', () => {
    expect(absoluteTime(Date.UTC(2026, 0, 1, 23), 'Asia/Tokyo')).toBe('2026-01-02 08:00:00')
    expect(weekday(Date.UTC(2026, 0, 1, 23), 'Asia/Tokyo')).toBe('Fri')
  })
})

describe('lengthOfTime', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
    [59_940, '59.9 s'],
    [90_400, '1m30s'],
    [7_200_000, '2h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(lengthOfTime(ms)).toBe(text)
  })
})
