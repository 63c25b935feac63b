import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers, isPartial, may, type Scope } from './grant.ts'

const ALL = { namespace: null, groups: null, jobs: null }
const SCHEDULE = { namespace: 'acme', group: 'blue', job: 'report' }

describe('a scope', () => {
  it.each<[Scope, Scope[]]>([
    ['read', ['read']],
    ['write', ['read', 'write']],
    ['admin', ['read', 'write', 'admin']],
  ])('%s allows %j', (scope, allowed) => {
    const scopes: Scope[] = ['read', 'write', 'admin']
    expect(scopes.filter((needed) => may({ scope }, needed))).toEqual(allowed)
  })

  it('that is not known allows nothing', () => {
    expect(may({ scope: 'owner' as Scope }, 'read')).toBe(false)
  })
})

describe('a grant', () => {
  it.each([
    [ALL, true],
    [{ ...ALL, namespace: 'acme' }, true],
    [{ ...ALL, namespace: 'Acme' }, false],
    [{ namespace: 'acme', groups: ['red', 'blue'], jobs: null }, true],
    [{ namespace: 'acme', groups: ['red'], jobs: null }, false],
    [{ namespace: 'acme', groups: [], jobs: null }, false],
    [{ namespace: 'acme', groups: null, jobs: ['report'] }, true],
    [{ namespace: 'acme', groups: null, jobs: ['other'] }, false],
    [{ namespace: 'acme', groups: null, jobs: [] }, false],
    [{ namespace: 'acme', groups: ['blue'], jobs: ['report'] }, true],
    [{ namespace: 'acme', groups: ['blue'], jobs: ['other'] }, false],
    [{ namespace: 'acme', groups: ['red'], jobs: ['report'] }, false],
    [{ namespace: 'rival', groups: ['blue'], jobs: ['report'] }, false],
  ])('%j covers a schedule of acme, blue, report: %s', (grant, expected) => {
    expect(covers(grant, SCHEDULE)).toBe(expected)
  })

  it.each([null, undefined])('of groups does not cover a schedule without one: %s', (group) => {
    const schedule = { ...SCHEDULE, group }
    expect(covers({ ...ALL, groups: ['blue', 'null', 'undefined', ''] }, schedule)).toBe(false)
    expect(covers(ALL, schedule)).toBe(true)
  })

  it('is partial when groups or jobs are limited', () => {
    expect(isPartial({ groups: null, jobs: null })).toBe(false)
    expect(isPartial({ groups: ['a'], jobs: null })).toBe(true)
    expect(isPartial({ groups: null, jobs: [] })).toBe(true)
  })

  it('covers less, never more, the more it is limited', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const names = fc.option(fc.array(name, { maxLength: 3 }))
    const grant = fc.record({ namespace: fc.option(name), groups: names, jobs: names })
    const schedule = fc.record({ namespace: name, group: fc.option(name), job: name })
    fc.assert(
      fc.property(grant, schedule, (limited, one) => {
        const wider = [
          { ...limited, namespace: null },
          { ...limited, groups: null },
          { ...limited, jobs: null },
        ]
        if (covers(limited, one)) for (const grant of wider) expect(covers(grant, one)).toBe(true)
        expect(covers(ALL, one)).toBe(true)
      }),
    )
  })
})
