import { describe, expect, it } from 'vitest'
import { spreadOffsetMs } from './spread.ts'

const HOUR = 3_600_000

describe('the offset of a key', () => {
  it('is what it was in any version: a schedule keeps its minute', () => {
    expect(spreadOffsetMs('default', 'report:42', HOUR)).toBe(741_270)
    expect(spreadOffsetMs('default', 'report:43', HOUR)).toBe(8_663)
  })

  it('is none without a window', () => {
    expect(spreadOffsetMs('default', 'report:42', 0)).toBe(0)
  })

  it('differs between namespaces, however their names and keys join', () => {
    expect(spreadOffsetMs('a', 'bc', HOUR)).not.toBe(spreadOffsetMs('ab', 'c', HOUR))
  })

  it('is even over the window, whole, and never its end', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let key = 0; key < 10_000; key++) {
      const offsetMs = spreadOffsetMs('default', `report:${key}`, 1_000)
      expect(Number.isInteger(offsetMs) && offsetMs >= 0 && offsetMs < 1_000).toBe(true)
      tenths[Math.floor(offsetMs / 100)]!++
    }
    for (const keys of tenths) expect(keys).toBeGreaterThan(900)
    for (const keys of tenths) expect(keys).toBeLessThan(1_100)
  })
})
