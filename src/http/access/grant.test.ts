import { describe, expect, it } from 'vitest'
import { isPartial, may, senderOf, type Scope, type TokenGrant } from './grant.ts'

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

it('senders are told apart by their tokens, or by who acts where', () => {
  const grant = { scope: 'read', namespace: 'acme', groups: null, jobs: null, actor: 'ann' } as const
  expect(senderOf(grant)).toBe(senderOf({ ...grant, scope: 'admin' }))
  expect(senderOf(grant)).not.toBe(senderOf({ ...grant, actor: 'bob' }))
  expect(senderOf(grant)).not.toBe(senderOf({ ...grant, namespace: 'rival' }))
  const token: TokenGrant = { ...grant, tokenId: 'one', expiresAt: null }
  expect(senderOf(token)).toBe(senderOf({ ...token, actor: 'bob' }))
  expect(senderOf(token)).not.toBe(senderOf({ ...token, tokenId: 'two' } as TokenGrant))
})
