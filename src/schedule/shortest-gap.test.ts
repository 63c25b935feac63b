import { describe, expect, it } from 'vitest'
import { CronExpression } from '../cron/index.ts'
import { IntervalRecurrence } from './interval-recurrence.ts'
import { OnceRecurrence } from './once-recurrence.ts'
import { shortestGapMs } from './shortest-gap.ts'

const FROM = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const gapOf = (expression: string, zone = 'UTC') =>
  shortestGapMs(new CronExpression(expression, zone), FROM, 1)

describe('the shortest gap', () => {
  it.each([
    ['* * * * *', MINUTE],
    ['*/7 * * * *', 4 * MINUTE],
    ['0,1 3 * * *', MINUTE],
    ['0 9 * * MON', 7 * 24 * 60 * MINUTE],
    ['59 23 31 12 *', 365 * 24 * 60 * MINUTE],
    ['30 * * * * * 2030', MINUTE],
  ])('of %s is %i ms', (expression, gap) => {
    expect(gapOf(expression)).toBe(gap)
  })

  it('is shorter where the clock goes forward', () => {
    expect(gapOf('0 1,3 * * *', 'Europe/Berlin')).toBe(60 * MINUTE)
  })

  it('of an interval is the interval', () => {
    expect(shortestGapMs(new IntervalRecurrence(5_000, 0), FROM, 1)).toBe(5_000)
  })

  it('of what runs once is infinite', () => {
    expect(shortestGapMs(new OnceRecurrence(FROM + 1), FROM, 1)).toBe(Infinity)
  })

  it('is not searched for any more once one is short enough', () => {
    let asked = 0
    const recurrence = { nextMs: (after: number) => (asked++, after + 10), previousMs: () => undefined }
    expect(shortestGapMs(recurrence, FROM, 11)).toBe(10)
    expect(asked).toBe(2)
  })
  it('is searched for on while none is shorter than what is enough', () => {
    const [first, second, third] = [FROM + 10, FROM + 20, FROM + 25]
    const following = new Map([
      [FROM, first],
      [first, second],
      [second, third],
    ])
    const recurrence = { nextMs: (after: number) => following.get(after), previousMs: () => undefined }
    expect(shortestGapMs(recurrence, FROM, 10)).toBe(5)
  })

  it('is looked for among the first thousands, and no further', () => {
    let asked = 0
    const recurrence = { nextMs: (after: number) => (asked++, after + 10), previousMs: () => undefined }
    expect(shortestGapMs(recurrence, FROM, 1)).toBe(10)
    expect(asked).toBe(5_001)
  })
})
