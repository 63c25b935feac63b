import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  hashOf,
  isSecretOf,
  newSecret,
  newTokenId,
  parseToken,
  tokenText,
  withoutSecrets,
} from './token-text.ts'

describe('the text of a token', () => {
  it('is taken apart as it was put together', () => {
    for (let n = 0; n < 200; n++) {
      const parts = { id: newTokenId(), secret: newSecret() }
      expect(parts.id).toMatch(/^[0-9A-Za-z]{12}$/)
      expect(Buffer.from(parts.secret, 'base64url')).toHaveLength(32)
      expect(parseToken(tokenText(parts))).toEqual(parts)
    }
  })

  it.each([
    '',
    'crn_',
    'crn__',
    `crn_${'a'.repeat(12)}_${'b'.repeat(42)}`,
    `crn_${'a'.repeat(12)}_${'b'.repeat(44)}`,
    `crn_${'a'.repeat(11)}_${'b'.repeat(43)}`,
    `crn_${'a'.repeat(11)}-_${'b'.repeat(43)}`,
    `crn_${'a'.repeat(12)}_${'b'.repeat(42)}+`,
    `CRN_${'a'.repeat(12)}_${'b'.repeat(43)}`,
    `crn_${'a'.repeat(12)}_${'b'.repeat(43)}\n`,
    ` crn_${'a'.repeat(12)}_${'b'.repeat(43)}`,
    'eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
  ])('is not %j', (text) => {
    expect(parseToken(text)).toBeUndefined()
  })
})

describe('a secret', () => {
  it('is left out of what is told', () => {
    const id = newTokenId()
    const [one, other] = [newSecret(), newSecret()]
    const text = `no such command: crn_${id}_${one}, "crn_${id}_${other}" nor crn_${id}`
    expect(withoutSecrets(text)).toBe(`no such command: crn_${id}_…, "crn_${id}_…" nor crn_${id}`)
  })

  it('is recognised by its hash', () => {
    const secret = newSecret()
    expect(hashOf(secret)).toBe(createHash('sha256').update(secret).digest('base64url'))
    expect(isSecretOf(secret, hashOf(secret))).toBe(true)
    expect(isSecretOf(newSecret(), hashOf(secret))).toBe(false)
  })

  it.each([
    ['there is none', undefined],
    ['it is empty', ''],
    ['it was cut short', hashOf('x').slice(0, 40)],
    ['it is too long', `${hashOf('x')}AAAA`],
    ['it is what stands for none', Buffer.alloc(32).toString('base64url')],
  ])('is not recognised by a hash when %s', (_, hash) => {
    expect(isSecretOf('x', hash)).toBe(false)
  })
})
