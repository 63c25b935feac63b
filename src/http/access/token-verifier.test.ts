import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Carillon } from '../../carillon/carillon.ts'
import { ConfigError } from '../../errors.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { signToken } from './sign-token.ts'
import { TokenVerifier } from './token-verifier.ts'

const START = Date.parse('2026-06-01T10:00:00Z')

let clock: ManualClock
let cron: Carillon
let verifier: TokenVerifier
/** How often the database was asked. */
let asked = 0
let elapsedMs = 0

beforeEach(async () => {
  clock = new ManualClock(START)
  cron = await Carillon.open({ database: 'sqlite::memory:', clock })
  asked = 0
  elapsedMs = 5_000
  const tokens = {
    verify: async (text: string) => {
      asked++
      return cron.tokens.verify(text)
    },
  }
  verifier = new TokenVerifier({ tokens, monotonicMs: () => elapsedMs })
})
afterEach(() => cron.close())

it('says what a token allows', async () => {
  const { id, token } = await cron.tokens.create({
    label: 'team blue',
    scope: 'write',
    namespace: 'acme',
    groups: ['blue'],
    jobs: ['report'],
    expiresIn: '1h',
  })
  expect(await verifier.verify(token)).toEqual({
    scope: 'write',
    namespace: 'acme',
    groups: ['blue'],
    jobs: ['report'],
    actor: 'team blue',
    tokenId: id,
    expiresAt: START + 3_600_000,
  })

  const { id: other, token: unlimited } = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  expect(await verifier.verify(unlimited)).toEqual({
    scope: 'admin',
    namespace: null,
    groups: null,
    jobs: null,
    actor: 'ops',
    tokenId: other,
    expiresAt: null,
  })
})

it('asks the database once a second', async () => {
  const { token } = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  const grant = await verifier.verify(token)
  elapsedMs += 999
  expect(await verifier.verify(token)).toEqual(grant)
  expect(asked).toBe(1)

  elapsedMs += 1
  expect(await verifier.verify(token)).toEqual(grant)
  expect(asked).toBe(2)
})

it('refuses a revoked token within a second, and from then on', async () => {
  const { id, token } = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  expect(await verifier.verify(token)).toBeDefined()
  elapsedMs += 900
  await cron.tokens.revoke(id)
  elapsedMs += 100

  expect(await verifier.verify(token)).toBeUndefined()
  expect(await verifier.verify(token)).toBeUndefined()
})

it('counts the second from when it asked, however long the answer took', async () => {
  const { id, token } = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  const slow = {
    verify: async (text: string) => {
      const answer = await cron.tokens.verify(text)
      elapsedMs += 800
      return answer
    },
  }
  const slowly = new TokenVerifier({ tokens: slow, monotonicMs: () => elapsedMs })
  expect(await slowly.verify(token)).toBeDefined()
  await cron.tokens.revoke(id)
  elapsedMs += 199
  expect(await slowly.verify(token)).toBeDefined()
  elapsedMs += 1
  expect(await slowly.verify(token)).toBeUndefined()
})

it('remembers no refusal, and each token by itself', async () => {
  const { id, token } = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  const wrong = `crn_${id}_${'A'.repeat(43)}`
  for (let n = 0; n < 3; n++) {
    expect(await verifier.verify(wrong)).toBeUndefined()
    expect(await verifier.verify(token)).toBeDefined()
  }
  expect(asked).toBe(4)
})

it('knows tokens that were signed with one of its keys, without asking the database', async () => {
  const key = 'a key of just so many bytes: 32.'
  const token = await signToken({ scope: 'read', namespace: 'acme', subject: 'user-7' }, key, { clock })
  const tokens = { verify: () => Promise.reject(new Error('the database was asked')) }
  const withKey = new TokenVerifier({ tokens, signingKeys: ['x'.repeat(32), key], clock })

  expect(await withKey.verify(token)).toMatchObject({ actor: 'user-7', namespace: 'acme' })
  clock.jumpTo(START + 15 * 60_000)
  expect(await withKey.verify(token)).toBeUndefined()
  clock.jumpTo(START)
  expect(await verifier.verify(token)).toBeUndefined()
  expect(() => new TokenVerifier({ tokens, signingKeys: ['short'] })).toThrow(ConfigError)
})

it('shows no token to who looks into it', async () => {
  const { token } = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  const grant = await verifier.verify(token)
  const seen = [verifier, cron.tokens, cron, grant, await cron.tokens.list()]
  const shown = inspect(seen, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null })

  expect(shown).not.toContain(token.slice(-43))
  expect(JSON.stringify([grant, await cron.tokens.list(), verifier])).not.toContain(token.slice(-43))
})
