import { createHash, createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, InvalidInputError } from '../../errors.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { signToken, type SignedTokenInput } from './sign-token.ts'
import { SignedTokens } from './signed-tokens.ts'

const START = Date.parse('2026-06-01T10:00:00Z')
const NOW = START / 1_000
const KEY = 'a key of just so many bytes: 32.'
const OTHER_KEY = randomBytes(48)
const INPUT = { scope: 'write', namespace: 'acme', subject: 'user-7' } as const
const CLAIMS = {
  aud: 'carillon',
  sub: 'user-7',
  jti: 'x',
  iat: NOW,
  exp: NOW + 900,
  scope: 'read',
  namespace: 'acme',
}

let clock: ManualClock
let tokens: SignedTokens
beforeEach(() => {
  clock = new ManualClock(START)
  tokens = new SignedTokens([KEY, OTHER_KEY], clock)
})

const sign = (input: SignedTokenInput, key: string | Uint8Array = KEY) => signToken(input, key, { clock })

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function kidOf(key: string | Uint8Array): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 8)
}

const HEADER = { alg: 'HS256', typ: 'JWT', kid: kidOf(KEY) }

interface Forgery {
  readonly header?: unknown
  readonly key?: string
  readonly hash?: string
}

/** A token that is signed as any other program would sign it. */
function forged(claims: unknown, { header = HEADER, key = KEY, hash = 'sha256' }: Forgery = {}): string {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`
}

function partsOf(token: string): { header: object; claims: object } {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((text) => JSON.parse(Buffer.from(text, 'base64url').toString()) as object)
  return { header: header!, claims: claims! }
}

describe('a signed token', () => {
  it('is a JSON Web Token as any library reads it', async () => {
    const token = await sign({ ...INPUT, groups: ['blue', 'blue', 'Größe'], jobs: ['report'] })
    const { header, claims } = partsOf(token)

    expect(header).toEqual(HEADER)
    expect(claims).toEqual({
      aud: 'carillon',
      sub: 'user-7',
      jti: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      iat: NOW,
      exp: NOW + 15 * 60,
      scope: 'write',
      namespace: 'acme',
      groups: ['blue', 'Größe'],
      jobs: ['report'],
    })
    const [text, signature] = [
      token.slice(0, token.lastIndexOf('.')),
      token.slice(token.lastIndexOf('.') + 1),
    ]
    expect(signature).toBe(createHmac('sha256', KEY).update(text).digest('base64url'))
  })

  it('allows what was signed', async () => {
    const token = await sign({ ...INPUT, groups: ['blue'], jobs: ['report'], expiresIn: '1h' })
    expect(await tokens.verify(token)).toEqual({
      scope: 'write',
      namespace: 'acme',
      groups: ['blue'],
      jobs: ['report'],
      actor: 'user-7',
      tokenId: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      expiresAt: START + 3_600_000,
    })
    expect(await tokens.verify(await sign(INPUT))).toMatchObject({ groups: null, jobs: null })
  })

  it('is good to the second before it ends', async () => {
    const token = await sign({ ...INPUT, expiresIn: '90s' })
    clock.jumpTo(START + 90_000 - 1)
    expect(await tokens.verify(token)).toBeDefined()
    clock.jumpTo(START + 90_000)
    expect(await tokens.verify(token)).toBeUndefined()
  })

  it('is good with each key of a rotation, and with none that is gone', async () => {
    const [old, young] = [await sign(INPUT, KEY), await sign(INPUT, OTHER_KEY)]
    const after = new SignedTokens([OTHER_KEY], clock)
    const none = new SignedTokens([], clock)

    expect(await Promise.all([old, young].map((token) => tokens.verify(token)))).not.toContain(undefined)
    expect(await after.verify(old)).toBeUndefined()
    expect(await after.verify(young)).toBeDefined()
    expect(await none.verify(young)).toBeUndefined()
  })

  it('may be signed with a key that looks like one of another kind', async () => {
    for (const key of [
      'PRIVATE and PUBLIC, and yet no PEM at all',
      '-----BEGIN PUBLIC KEY-----AAAAAAAA-----END',
    ]) {
      const token = await sign(INPUT, key)
      expect(await new SignedTokens([key], clock).verify(token)).toBeDefined()
    }
  })
})

describe('what another program has signed with the key', () => {
  it('is good when it is what we would have signed', async () => {
    expect(await tokens.verify(forged(CLAIMS))).toMatchObject({
      actor: 'user-7',
      tokenId: 'x',
      scope: 'read',
    })
    expect(await tokens.verify(forged({ ...CLAIMS, iss: 'app', nbf: NOW }))).toBeDefined()
    expect(await tokens.verify(forged({ ...CLAIMS, iat: NOW + 60, exp: NOW + 60 + 86_400 }))).toBeDefined()
  })

  it.each<[string, object]>([
    ['has no end', { exp: undefined }],
    ['has ended', { exp: NOW }],
    ['lives longer than a day', { exp: NOW + 86_401 }],
    ['was signed long ago for long', { iat: NOW - 86_400, exp: NOW + 1 }],
    ['was signed in the future', { iat: NOW + 61 }],
    ['does not say when it was signed', { iat: undefined }],
    ['is not good yet', { nbf: NOW + 61 }],
    ['has an end that is no number', { exp: `${NOW + 900}` }],
    ['has an end that is no second', { exp: NOW + 0.5 }],
    ['is for somebody else', { aud: 'other' }],
    ['is also for somebody else', { aud: ['carillon', 'other'] }],
    ['is for nobody', { aud: undefined }],
    ['is nobody’s', { sub: undefined }],
    ['is of one who is no text', { sub: 7 }],
    ['has no id', { jti: undefined }],
    ['is for all namespaces', { namespace: undefined }],
    ['is for a namespace that is null', { namespace: null }],
    ['is for a namespace without a name', { namespace: '' }],
    ['is for a namespace with a NUL', { namespace: 'a\u0000' }],
    ['has no scope', { scope: undefined }],
    ['has an unknown scope', { scope: 'owner' }],
    ['is for no group', { groups: [] }],
    ['is for groups that are null', { groups: null }],
    ['is for groups that are no list', { groups: 'blue' }],
    ['is for a job that is no text', { jobs: [7] }],
    ['is for too many jobs', { jobs: Array.from({ length: 101 }, (_, n) => `${n}`) }],
    ['has a limit that is misspelt', { group: ['blue'] }],
  ])('is refused when it %s', async (_, claims) => {
    expect(await tokens.verify(forged({ ...CLAIMS, ...claims }))).toBeUndefined()
  })

  it.each<[string, string]>([
    ['says that it is not signed', `${part({ ...HEADER, alg: 'none' })}.${part(CLAIMS)}.`],
    ['is not signed', `${part(HEADER)}.${part(CLAIMS)}.`],
    [
      'is signed by another algorithm',
      forged(CLAIMS, { header: { ...HEADER, alg: 'HS512' }, hash: 'sha512' }),
    ],
    ['says another algorithm', forged(CLAIMS, { header: { ...HEADER, alg: 'HS384' } })],
    ['says an algorithm with a public key', forged(CLAIMS, { header: { ...HEADER, alg: 'RS256' } })],
    ['says no algorithm', forged(CLAIMS, { header: { kid: HEADER.kid } })],
    ['names no key', forged(CLAIMS, { header: { alg: 'HS256', typ: 'JWT' } })],
    ['names an unknown key', forged(CLAIMS, { header: { ...HEADER, kid: 'AAAAAAAA' } })],
    ['names another of the keys', forged(CLAIMS, { header: { ...HEADER, kid: kidOf(OTHER_KEY) } })],
    ['names a key that is no text', forged(CLAIMS, { header: { ...HEADER, kid: { toString: HEADER.kid } } })],
    ['has critical extensions', forged(CLAIMS, { header: { ...HEADER, crit: ['x'] } })],
    ['is signed with an unknown key', forged(CLAIMS, { key: 'x'.repeat(32) })],
    ['has no claims', forged(null)],
    ['has claims that are a list', forged([CLAIMS])],
    ['has a header that is null', forged(CLAIMS, { header: null })],
    ['is signed by another hash', forged(CLAIMS, { hash: 'sha512' })],
    ['is too long', forged({ ...CLAIMS, iss: 'x'.repeat(7_000) })],
    ['has four parts', `${forged(CLAIMS)}.x`],
    ['has two parts', forged(CLAIMS).split('.').slice(0, 2).join('.')],
    ['is empty', ''],
    ['is dots', '..'],
    ['is no base64', '%.%.%'],
  ])('is refused when it %s', async (_, token) => {
    expect(await tokens.verify(token)).toBeUndefined()
  })

  it('is refused when any character of it was changed', async () => {
    const token = await sign(INPUT)
    const at = fc.nat({ max: token.length - 1 })
    const to = fc.constantFrom('A', 'B', 'z', '0', '9', '-', '_', '.', '=')
    await fc.assert(
      fc.asyncProperty(at, to, async (n, char) => {
        const changed = token.slice(0, n) + char + token.slice(n + 1)
        // The last character holds 4 bits of the signature, and 2 that stand for nothing.
        if (n === token.length - 1 || changed === token) return
        expect(await tokens.verify(changed)).toBeUndefined()
      }),
    )
  })

  it('is refused without an error, whatever it is', async () => {
    const json = fc.json().map((text) => Buffer.from(text).toString('base64url'))
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(json, json, fc.base64String()).map((parts) => parts.join('.')),
    )
    await fc.assert(fc.asyncProperty(anything, async (text) => (await tokens.verify(text)) === undefined))
  })
})

describe('what is not signed', () => {
  it.each<[string, object, string]>([
    ['for all namespaces', { namespace: undefined }, 'namespace'],
    ['for a namespace without a name', { namespace: '' }, 'namespace'],
    ['for nobody', { subject: '' }, 'subject'],
    ['with an unknown scope', { scope: 'owner' }, 'scope'],
    ['for no groups', { groups: [] }, 'groups'],
    ['for too many jobs', { jobs: Array.from({ length: 101 }, (_, n) => `${n}`) }, 'jobs'],
    ['with groups that make it too long', { groups: names(100), jobs: ['a'] }, 'groups'],
    ['with jobs that make it too long', { jobs: names(100) }, 'jobs'],
    ['for less than a second', { expiresIn: 999 }, 'expiresIn'],
    ['for more than a day', { expiresIn: '24h1s' }, 'expiresIn'],
    ['for no duration', { expiresIn: 'long' }, 'expiresIn'],
    ['with a limit that is misspelt', { group: ['a'] }, 'group'],
  ])('%s', async (_, input, path) => {
    const refused = sign({ ...INPUT, ...input })
    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toMatchObject({ path })
  })

  it.each<[string, string | Uint8Array]>([
    ['a text of 31 bytes', 'secret!'.padEnd(31, 'x')],
    ['31 bytes', Buffer.from('secret!'.padEnd(31, 'x'))],
    ['an empty text', ''],
    ['nothing', undefined as unknown as string],
    ['a list', { length: 99, 0: 1 } as unknown as Uint8Array],
  ])('with a key that is %s, and the key is not told', async (_, key) => {
    const refused = sign(INPUT, key)
    if (key !== undefined) {
      await expect(refused).rejects.toThrow(ConfigError)
      await expect(refused).rejects.toThrow(/^(?!.*secret).*32 bytes or more/)
    }
    expect(() => new SignedTokens([KEY, key], clock)).toThrow(/^(?!.*secret).*32 bytes or more/)
  })

  it('with a day, and with a second', async () => {
    for (const expiresIn of ['24h', '1s'])
      expect(await tokens.verify(await sign({ ...INPUT, expiresIn }))).toBeDefined()
  })
})

it('shows no key and no token to who looks into it', async () => {
  const token = await sign(INPUT)
  await tokens.verify(token)
  const shown = inspect(tokens, { depth: 12, showHidden: true })
  const secrets = [KEY, Buffer.from(KEY).toString('base64url'), token]
  for (const secret of secrets) expect(shown).not.toContain(secret)
})

function names(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${n}`.padEnd(100, 'x'))
}
