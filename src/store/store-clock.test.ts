import { expect, it } from 'vitest'
import { StoreClock } from './store-clock.ts'

/** A database whose clock stands at this; each question is counted, and may take long. */
function database(now: number) {
  const asked = { times: 0 }
  const ask = async (stallMs = 0) => {
    asked.times++
    // Nothing of this process goes on meanwhile, as when it is stopped.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs)
    return now
  }
  return { asked, ask }
}

it('carries an answer on, and asks no more for a while', async () => {
  const { asked, ask } = database(1_000)
  const clock = new StoreClock(undefined)
  expect(await clock.now(ask)).toBe(1_000)
  expect(await clock.recent(ask)).toBeGreaterThanOrEqual(1_000)
  expect(asked.times).toBe(1)
})

it('carries no answer on that took long, which may be late by as much', async () => {
  const { asked, ask } = database(1_000)
  const clock = new StoreClock(undefined)
  await clock.now(() => ask(150))
  expect(await clock.recent(ask)).toBe(1_000)
  expect(asked.times).toBe(2)
})
