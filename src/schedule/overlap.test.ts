import { describe, expect, it } from 'vitest'
import { guardOf, overlapOf, type Overlap } from './overlap.ts'

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
  it('is that of its schedule, and what is made up for waits', () => {
    expect(overlapOf({ origin: 'schedule' }, OWN)).toEqual(OWN)
    expect(overlapOf({ origin: 'backfill' }, OWN)).toEqual({ ...OWN, policy: 'queue-all' })
  })
})
