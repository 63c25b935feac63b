import { describe, expect, it } from 'vitest'
import type { OccurrenceOrigin } from './occurrence.ts'
import { guardOf, OVERLAP_WORDS, overlapOf, type Overlap, type OverlapWord } from './overlap.ts'

const OWN: Overlap = { policy: 'skip', maxRunning: 1, mutex: null, minimumBreakMs: 0 }
const guard = (namespace: string, key: string, mutex: string | null = null) =>
  guardOf({ namespace, key }, { ...OWN, mutex })

describe('a guard', () => {
  it('is stored under a name that later versions have to keep', () => {
    expect(guard('default', 'report:42')).toBe('KMoXC0MsNx26MATEMCs8h_kF0rG')
    expect(guard('default', 'report:42', 'disk')).toBe('rYjvb86pEWzt8xMtyXI84zr_ypx')
  })

  it.each<[string, string, string]>([
    ['schedules', guard('a', 'x'), guard('a', 'y')],
    ['namespaces', guard('a', 'x'), guard('b', 'x')],
    ['mutexes', guard('a', 'x', 'm'), guard('a', 'x', 'n')],
    ['the mutexes of two namespaces', guard('a', 'x', 'm'), guard('b', 'x', 'm')],
    ['a schedule and a mutex of the same name', guard('a', 'm'), guard('a', 'x', 'm')],
    ['names that read the same when they are joined', guard('a', 'b,c'), guard('a,b', 'c')],
  ])('is not shared between %s', (_, one, other) => {
    expect(one).not.toBe(other)
  })

  it('is shared by the schedules of a namespace with the same mutex', () => {
    expect(guard('a', 'x', 'm')).toBe(guard('a', 'y', 'm'))
  })
})

describe('the policy of an occurrence', () => {
  const of = (origin: OccurrenceOrigin, own: OverlapWord | null, ofSchedule: Overlap | null) =>
    overlapOf({ origin, own }, ofSchedule)
  const mutual: Overlap = { policy: 'replace', maxRunning: 3, mutex: 'disk', minimumBreakMs: 5 }

  it('is that of its schedule', () => {
    expect(of('schedule', null, OWN)).toEqual(OWN)
    expect(of('manual', null, mutual)).toEqual(mutual)
    expect(of('schedule', null, null)).toBeUndefined()
  })

  it('is to wait for its turn, for what a backfill makes up for', () => {
    expect(of('backfill', null, mutual)).toEqual({ ...mutual, policy: 'queue-all' })
    expect(of('backfill', null, null)).toBeUndefined()
  })

  it.each(OVERLAP_WORDS)(
    'is that which the backfill was given, under the guard of the schedule: %s',
    (own) => {
      expect(of('backfill', own, mutual)).toEqual({ ...mutual, policy: own })
    },
  )

  it('is one at a time where the schedule has none', () => {
    const own = { maxRunning: 1, mutex: null, minimumBreakMs: 0 }
    expect(of('backfill', 'queue-all', null)).toEqual({ ...own, policy: 'queue-all' })
    expect(of('backfill', 'allow', null)).toBeUndefined()
  })
})
