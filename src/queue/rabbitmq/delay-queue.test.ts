import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delayQueue, queueNames } from './delay-queue.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const NOW = Date.UTC(2026, 10, 22, 14, 3, 7, 123)
const names = queueNames('carillon.main')

function delaysUpTo(ms: number): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max: ms })
}

describe('the queue in which a message waits', () => {
  it.each([
    ['now', 0],
    ['in the past', -1],
    ['long ago', -DAY],
  ])('is none when it is due %s', (_, delayMs) => {
    expect(delayQueue(names, NOW + delayMs, NOW)).toBeUndefined()
  })

  it.each([
    [1, '200ms.2026-11-22T14:03:07.200Z'],
    [77, '200ms.2026-11-22T14:03:07.200Z'],
    [78, '200ms.2026-11-22T14:03:07.400Z'],
    [MINUTE, '200ms.2026-11-22T14:04:07.200Z'],
    [MINUTE + 1, '1s.2026-11-22T14:04:08.000Z'],
    [15 * MINUTE, '1s.2026-11-22T14:18:08.000Z'],
    [15 * MINUTE + 1, '1m.2026-11-22T14:17:00.000Z'],
    [6 * 60 * MINUTE, '1m.2026-11-22T20:02:00.000Z'],
    [DAY, '1h.2026-11-23T14:00:00.000Z'],
    [300 * DAY, '1h.2026-12-02T14:00:00.000Z'],
  ])('ends, for a delay of %d ms, at an instant of a raster', (delayMs, end) => {
    expect(delayQueue(names, NOW + delayMs, NOW)!.name).toBe(`carillon.main.delay.${end}`)
  })

  it('leads to the consumers not before the message is due, and within a second', () => {
    fc.assert(
      fc.property(delaysUpTo(15 * MINUTE), (delayMs) => {
        const { endsAt, target } = delayQueue(names, NOW + delayMs, NOW)!
        expect(target).toBe('carillon.main')
        expect(endsAt).toBeGreaterThanOrEqual(NOW + delayMs)
        expect(endsAt).toBeLessThan(NOW + delayMs + 1_000)
      }),
    )
  })

  it('leads far ones on a minute before they are due, or sooner, and some of the way each time', () => {
    fc.assert(
      fc.property(delaysUpTo(1_000 * DAY), (further) => {
        const delayMs = 15 * MINUTE + further
        const { endsAt, target } = delayQueue(names, NOW + delayMs, NOW)!
        expect(target).toBe('carillon.main.early')
        expect(endsAt).toBeLessThanOrEqual(NOW + delayMs - MINUTE)
        expect(endsAt).toBeGreaterThan(NOW + 10 * MINUTE)
      }),
    )
  })

  it('outlives every message that may be put into it, and that within what RabbitMQ can count', () => {
    fc.assert(
      fc.property(delaysUpTo(1_000 * DAY), (delayMs) => {
        const { endsAt, keptMs } = delayQueue(names, NOW + delayMs, NOW)!
        expect(keptMs).toBeGreaterThanOrEqual(endsAt - NOW + MINUTE)
        expect(keptMs).toBeLessThan(2 ** 32)
      }),
    )
  })

  it('is declared alike whenever a message is put into it', () => {
    const dueAt = NOW + 14 * MINUTE
    const kept = [NOW, NOW + MINUTE, dueAt - 61_000].map((now) => delayQueue(names, dueAt, now))
    expect(new Set(kept.map((queue) => JSON.stringify(queue))).size).toBe(1)
  })
})
