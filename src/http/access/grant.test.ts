import { describe, expect, it } from 'vitest'
import { isPartial, may, type Scope } from './grant.ts'

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

it('a grant is partial when groups or jobs are limited', () => {
  expect(isPartial({ groups: null, jobs: null })).toBe(false)
  expect(isPartial({ groups: ['a'], jobs: null })).toBe(true)
  expect(isPartial({ groups: null, jobs: [] })).toBe(true)
})
