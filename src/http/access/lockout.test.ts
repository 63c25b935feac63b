import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../testing/manual-clock.ts'
import { afterFailure, hasFailed, Lockout, waitMsOf, type Failures } from './lockout.ts'

const START = Date.parse('2026-06-01T10:00:00Z')
const SECOND = 1_000
const MINUTE = 60 * SECOND

/** What is remembered after failures at these instants, counted from the start. */
function failedAt(...instants: number[]): Failures {
  let failures: Failures | undefined
  for (const at of instants) failures = afterFailure(failures, START + at)
  return failures!
}

/** Ten failures, a second apart. */
function ten(from: number): number[] {
  return Array.from({ length: 10 }, (_, n) => from + n * SECOND)
}

describe('failures', () => {
  it('lead to a lock of a minute when there are ten within a minute', () => {
    const nine = failedAt(...ten(0).slice(1))
    expect(waitMsOf(nine, START + 9 * SECOND)).toBe(0)

    const locked = failedAt(...ten(0))
    const at = START + 9 * SECOND
    expect(locked.recent).toEqual([])
    expect(waitMsOf(locked, at)).toBe(MINUTE)
    expect(waitMsOf(locked, at + MINUTE - 1)).toBe(1)
    expect(waitMsOf(locked, at + MINUTE)).toBe(0)
  })

  it.each([
    [MINUTE - 1, MINUTE],
    [MINUTE, 0],
  ])('count for less than a minute: the tenth after %d ms leads to a lock of %d ms', (last, lockMs) => {
    const failures = failedAt(0, 1, 2, 3, 4, 5, 6, 7, 8, last)
    expect(waitMsOf(failures, START + last)).toBe(lockMs)
  })

  it('are counted in any minute, not in those of the clock', () => {
    const spread = Array.from({ length: 100 }, (_, n) => n * (MINUTE / 9))
    expect(waitMsOf(failedAt(...spread), START + spread.at(-1)!)).toBe(0)
    const halves = [...ten(55 * SECOND).slice(0, 5), ...ten(65 * SECOND).slice(0, 5)]
    expect(waitMsOf(failedAt(...halves), START + 70 * SECOND)).toBeGreaterThan(0)
  })

  it('are not counted while a lock lasts, nor make it longer', () => {
    const locked = failedAt(...ten(0))
    const more = afterFailure(locked, START + 9 * SECOND + MINUTE - 1)
    expect(more).toEqual(locked)
    expect(afterFailure(locked, START + 9 * SECOND + MINUTE).recent).toEqual([START + 9 * SECOND + MINUTE])
  })

  it('lead to locks twice as long each time, up to a quarter of an hour', () => {
    let failures: Failures | undefined
    let now = START
    const lengths = Array.from({ length: 7 }, () => {
      for (let n = 0; n < 10; n++) failures = afterFailure(failures, now)
      const waitMs = waitMsOf(failures!, now)
      now += waitMs
      return waitMs / MINUTE
    })
    expect(lengths).toEqual([1, 2, 4, 8, 15, 15, 15])
  })

  it.each([
    [60 * MINUTE - 1, 2],
    [60 * MINUTE, 1],
  ])(
    'are held against somebody for an hour: %d ms after a lock, the next has %d minutes',
    (after, minutes) => {
      const end = 9 * SECOND + MINUTE
      const again = Array.from({ length: 10 }, () => end + after)
      expect(waitMsOf(failedAt(...ten(0), ...again), START + end + after)).toBe(minutes * MINUTE)
    },
  )

  it('of long ago and of a future that was taken back do not count', () => {
    const locked = failedAt(...ten(0))
    expect(waitMsOf(locked, START - 1)).toBe(0)
    expect(hasFailed(failedAt(5), START + 4)).toBe(false)
    const back = afterFailure(failedAt(...ten(MINUTE).slice(1)), START)
    expect(back.recent).toEqual([START])
  })

  it('lead to a first lock of a minute also by a clock that has just begun', () => {
    let failures: Failures | undefined
    for (let now = 0; now < 10; now++) failures = afterFailure(failures, now)
    expect(waitMsOf(failures!, 9)).toBe(MINUTE)
  })

  it('make an offender for a minute', () => {
    const once = failedAt(0)
    expect(hasFailed(once, START)).toBe(true)
    expect(hasFailed(once, START + MINUTE - 1)).toBe(true)
    expect(hasFailed(once, START + MINUTE)).toBe(false)
    expect(hasFailed(failedAt(...ten(0)), START + 9 * SECOND)).toBe(false)
  })

  it('let no more than ten guesses pass in any minute, however they come', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20 * SECOND }), { maxLength: 200 })
    fc.assert(
      fc.property(gaps, (waits) => {
        let failures: Failures | undefined
        let now = START
        const heard: number[] = []
        for (const wait of waits) {
          now += wait
          if (failures !== undefined && waitMsOf(failures, now) > 0) continue
          heard.push(now)
          failures = afterFailure(failures, now)
          expect(failures.recent.length).toBeLessThan(10)
        }
        for (const from of heard)
          expect(heard.filter((at) => at >= from && at < from + MINUTE).length).toBeLessThanOrEqual(10)
      }),
    )
  })
})

describe('a lockout', () => {
  let clock: ManualClock
  let lockout: Lockout
  beforeEach(() => {
    clock = new ManualClock(START)
    lockout = new Lockout(clock)
  })
  const caller = (address: string | undefined, tokenId?: string) => ({ address, tokenId })
  const fail = (times: number, address: string | undefined, tokenId?: string) => {
    for (let n = 0; n < times; n++) lockout.failed(caller(address, tokenId))
  }

  it('is for one address, and tells whole seconds', () => {
    fail(9, 'a')
    expect(lockout.waitSeconds(caller('a'))).toBe(0)
    fail(1, 'a')
    expect(lockout.waitSeconds(caller('a'))).toBe(60)
    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(60)
    expect(lockout.waitSeconds(caller('b', 'token'))).toBe(0)
    expect(lockout.waitSeconds(caller(undefined))).toBe(0)

    clock.jumpTo(START + MINUTE - 1)
    expect(lockout.waitSeconds(caller('a'))).toBe(1)
    clock.jumpTo(START + MINUTE)
    expect(lockout.waitSeconds(caller('a'))).toBe(0)
  })

  it('counts the guesses at one token from all addresses against those who made some', () => {
    for (const address of ['a', 'b', 'c', 'd', 'e']) fail(2, address, 'token')

    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(60)
    expect(lockout.waitSeconds(caller('a', 'other'))).toBe(0)
    expect(lockout.waitSeconds(caller('a'))).toBe(0)
    expect(lockout.waitSeconds(caller('owner', 'token'))).toBe(0)
    clock.jumpTo(START + MINUTE)
    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(0)
  })

  it('of a token counts against who failed in the last minute', () => {
    for (const address of ['a', 'b', 'c', 'd', 'e']) fail(2, address, 'token')
    clock.jumpTo(START + MINUTE)
    for (const address of ['f', 'g', 'h', 'i', 'j']) fail(2, address, 'token')

    expect(lockout.waitSeconds(caller('f', 'token'))).toBe(120)
    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(0)
  })

  it('takes the longer of both', () => {
    fail(10, 'a', 'token')
    clock.jumpTo(START + MINUTE)
    fail(1, 'a', 'token')
    for (const address of ['b', 'c', 'd']) fail(3, address, 'token')
    clock.jumpTo(START + MINUTE + 10 * SECOND)
    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(110)
    fail(9, 'a', 'other')
    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(120)
  })

  it('counts what has not the form of a token by its address alone', () => {
    for (const address of ['a', 'b', 'c', 'd', 'e']) fail(2, address)
    expect(lockout.waitSeconds(caller('a'))).toBe(0)
    fail(8, 'a')
    expect(lockout.waitSeconds(caller('a'))).toBe(60)
    expect(lockout.waitSeconds(caller('b'))).toBe(0)
  })

  it('counts nobody whose address is not known', () => {
    fail(100, undefined, 'token')
    expect(lockout.waitSeconds(caller(undefined, 'token'))).toBe(0)
    fail(1, 'a', 'token')
    expect(lockout.waitSeconds(caller('a', 'token'))).toBe(0)
  })

  it('remembers ten thousand addresses, and forgets the one that was quiet for longest', () => {
    fail(10, 'first')
    fail(10, 'second')
    for (let n = 0; n < 9_998; n++) fail(1, `address-${n}`)
    expect(lockout.waitSeconds(caller('first'))).toBe(60)
    fail(1, 'first')
    fail(1, 'one-more')

    expect(lockout.waitSeconds(caller('first'))).toBe(60)
    expect(lockout.waitSeconds(caller('second'))).toBe(0)
  })

  it('remembers ten thousand tokens', () => {
    fail(5, 'a', 'token')
    fail(5, 'b', 'token')
    expect(lockout.waitSeconds(caller('b', 'token'))).toBe(60)
    for (let n = 0; n < 1_112; n++) for (let m = 0; m < 9; m++) fail(1, `address-${n}`, `token-${n}-${m}`)
    expect(lockout.waitSeconds(caller('b', 'token'))).toBe(0)
  })
})
