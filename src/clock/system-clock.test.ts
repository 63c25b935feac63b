import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SystemClock } from './system-clock.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

const DAY = 86_400_000

it('goes off once, and not before its instant', () => {
  const clock = new SystemClock()
  const ring = vi.fn<() => void>()
  clock.alarmAt(clock.now() + 500, ring)

  vi.advanceTimersByTime(499)
  expect(ring).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(ring).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(DAY)
  expect(ring).toHaveBeenCalledOnce()
})

it('waits longer than a timer of Node can', () => {
  const clock = new SystemClock()
  const ring = vi.fn<() => void>()
  clock.alarmAt(clock.now() + 40 * DAY, ring)

  vi.advanceTimersByTime(40 * DAY - 1)
  expect(ring).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(ring).toHaveBeenCalledOnce()
})

it('follows the wall clock when it jumps, within half a minute', () => {
  const clock = new SystemClock()
  const ring = vi.fn<() => void>()
  clock.alarmAt(clock.now() + DAY, ring)

  vi.setSystemTime(clock.now() + DAY)
  vi.advanceTimersByTime(30_000)
  expect(ring).toHaveBeenCalledOnce()
})

it('does not go off after it was cancelled', () => {
  const clock = new SystemClock()
  const alarm = clock.alarmAt(clock.now() + 60_000, () => expect.unreachable())

  vi.advanceTimersByTime(45_000)
  alarm.cancel()
  vi.advanceTimersByTime(DAY)
})

it('waits no longer than it was to when the clock is set back', () => {
  const clock = new SystemClock()
  const ring = vi.fn<() => void>()
  clock.alarmAt(clock.now() + 10_000, ring)

  vi.setSystemTime(clock.now() - 3 * 3_600_000)
  vi.advanceTimersByTime(60_000)
  expect(ring).toHaveBeenCalledOnce()
})
