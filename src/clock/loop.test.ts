import { describe, expect, it, vi } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { Loop } from './loop.ts'

const never = (): number => {
  throw new Error('no step was to fail')
}

describe('Loop', () => {
  it('steps at once, and again when the step said', async () => {
    const clock = new ManualClock(0)
    const steps: number[] = []
    const loop = new Loop(clock, async () => (steps.push(clock.now()), clock.now() + 10), never)

    loop.start()
    await clock.advance(25)
    expect(steps).toEqual([0, 10, 20])
    await loop.stop()
    expect(clock.pending).toEqual([])
  })

  it('steps sooner when it is woken, and waits anew from there', async () => {
    const clock = new ManualClock(0)
    const steps: number[] = []
    const loop = new Loop(clock, async () => (steps.push(clock.now()), clock.now() + 10), never)

    loop.start()
    await clock.advance(5)
    loop.wake()
    await clock.advance(10)
    expect(steps).toEqual([0, 5, 15])
    await loop.stop()
  })

  it('never runs two steps at once, and follows up on a wake that came during one', async () => {
    let under = 0
    let steps = 0
    const gates: (() => void)[] = []
    const loop = new Loop(
      new ManualClock(0),
      async () => {
        expect(++under).toBe(1)
        steps++
        await new Promise<void>((resolve) => gates.push(resolve))
        under--
        return Infinity
      },
      never,
    )

    loop.start()
    loop.wake()
    loop.wake()
    gates.shift()!()
    await vi.waitUntil(() => steps === 2)

    const stopped = loop.stop()
    gates.shift()!()
    await stopped
  })

  it('is told of a failed step, and tries again when it is told to', async () => {
    const clock = new ManualClock(0)
    const errors: unknown[] = []
    let steps = 0
    const loop = new Loop(
      clock,
      async () => {
        if (++steps === 1) throw new Error('the first one fails')
        return Infinity
      },
      (error) => (errors.push(error), clock.now() + 7),
    )

    loop.start()
    await clock.advance(6)
    expect([steps, errors.length]).toEqual([1, 1])
    await clock.advance(1)
    expect(steps).toBe(2)
    await loop.stop()
  })

  it('takes start and stop twice', async () => {
    let steps = 0
    const loop = new Loop(new ManualClock(0), async () => (steps++, Infinity), never)

    loop.start()
    loop.start()
    await loop.stop()
    await loop.stop()
    loop.wake()
    expect(steps).toBe(1)
  })
})
