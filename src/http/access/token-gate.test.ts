import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Carillon } from '../../carillon/carillon.ts'
import { DriverError } from '../../errors.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { signToken } from './sign-token.ts'
import { TokenGate, type Admission } from './token-gate.ts'
import { TokenVerifier } from './token-verifier.ts'

const START = Date.parse('2026-06-01T10:00:00Z')
const KEY = 'a key of just so many bytes: 32.'
const HERE = '192.0.2.7'
const THERE = '198.51.100.9'

let clock: ManualClock
let cron: Carillon
let gate: TokenGate
let logged: unknown[]
let token: string
let id: string

beforeEach(async () => {
  clock = new ManualClock(START)
  logged = []
  const write = (fields: object, message: string) => logged.push({ ...fields, message })
  const logger = { info: write, warn: write, error: write }
  cron = await Carillon.open({ database: 'sqlite::memory:', clock, logger })
  const created = await cron.tokens.create({ label: 'ops', scope: 'admin' })
  id = created.id
  token = created.token
  const verifier = new TokenVerifier({ tokens: cron.tokens, signingKeys: [KEY], clock })
  gate = new TokenGate({ verifier, clock, logger })
})
afterEach(() => cron.close())

const wrong = (n: number) => `crn_${id}_${String(n).padStart(43, 'x')}`
const kinds = (admissions: readonly Admission[]) => admissions.map(({ kind }) => kind)
async function guess(times: number, address: string | undefined, text = (n: number) => wrong(n)) {
  const answers: Admission[] = []
  for (let n = 0; n < times; n++) answers.push(await gate.admit(text(n), address))
  return answers
}

describe('a gate', () => {
  it('lets in who has a token, stored or signed', async () => {
    const signed = await signToken({ scope: 'read', namespace: 'acme', subject: 'ada' }, KEY, { clock })
    expect(await gate.admit(token, HERE)).toMatchObject({ kind: 'granted', grant: { tokenId: id } })
    expect(await gate.admit(signed, undefined)).toMatchObject({ kind: 'granted', grant: { actor: 'ada' } })
  })

  it('hears nothing from where ten wrong ones came, for a minute, right or wrong', async () => {
    expect(kinds(await guess(10, HERE))).toEqual(Array.from({ length: 10 }, () => 'refused'))
    const locked = { kind: 'locked-out', waitSeconds: 60 }
    expect(await gate.admit(token, HERE)).toEqual(locked)
    expect(await gate.admit(wrong(1), HERE)).toEqual(locked)
    expect(await gate.admit('nonsense', `::ffff:${HERE}`)).toEqual(locked)
    expect(await gate.admit(token, THERE)).toMatchObject({ kind: 'granted' })

    clock.jumpTo(START + 60_000)
    expect(await gate.admit(token, HERE)).toMatchObject({ kind: 'granted' })
    await guess(10, HERE)
    expect(await gate.admit(token, HERE)).toEqual({ kind: 'locked-out', waitSeconds: 120 })
  })

  it.each<[string, (n: number) => string]>([
    ['other tokens', (n) => `crn_${String(n).padStart(12, '0')}_${'x'.repeat(43)}`],
    ['signed tokens', (n) => `eyJ.${n}.x`],
    ['nonsense', String],
  ])('counts %s as well', async (_, text) => {
    await guess(10, HERE, text)
    expect(await gate.admit(token, HERE)).toMatchObject({ kind: 'locked-out' })
  })

  it('does not forget failures for a right one in between', async () => {
    for (let n = 0; n < 10; n++) {
      expect(kinds([await gate.admit(token, HERE), await gate.admit(wrong(n), HERE)])).toEqual([
        'granted',
        'refused',
      ])
    }
    expect(await gate.admit(token, HERE)).toMatchObject({ kind: 'locked-out' })
  })

  it('lets nobody lock out the owner of a token from elsewhere', async () => {
    for (let n = 0; n < 40; n++) await guess(9, `203.0.113.${n}`)
    expect(kinds(await guess(1, '203.0.113.1'))).toEqual(['locked-out'])
    expect(await gate.admit(token, HERE)).toMatchObject({ kind: 'granted' })
  })

  it('takes the addresses of one IPv6 network together', async () => {
    for (let n = 0; n < 10; n++) await guess(1, `2001:db8::${n}`)
    expect(await gate.admit(token, '2001:db8::ffff:1')).toMatchObject({ kind: 'locked-out' })
    expect(await gate.admit(token, '2001:db8:0:1::1')).toMatchObject({ kind: 'granted' })
  })

  it('locks out nobody where the address is not known', async () => {
    await guess(30, undefined)
    expect(await gate.admit(token, undefined)).toMatchObject({ kind: 'granted' })
  })

  it('tells no more than ten of the guesses right from wrong that come at once', async () => {
    const begin = Promise.withResolvers<void>()
    const slow = new TokenVerifier({
      tokens: {
        verify: async (text) => {
          await begin.promise
          return cron.tokens.verify(text)
        },
      },
    })
    const held = new TokenGate({ verifier: slow, clock, logger: { info() {}, warn() {}, error() {} } })
    const guesses = Array.from({ length: 50 }, (_, n) => held.admit(n === 40 ? token : wrong(n), HERE))
    begin.resolve()
    const answers = kinds(await Promise.all(guesses))

    expect(answers.filter((kind) => kind === 'refused')).toHaveLength(10)
    expect(answers.filter((kind) => kind === 'locked-out')).toHaveLength(40)
  })

  it('counts against nobody that the database does not answer', async () => {
    const down = new DriverError('the database is down', { retryable: true })
    const tokens = { verify: () => Promise.reject(down) }
    const verifier = new TokenVerifier({ tokens })
    const broken = new TokenGate({ verifier, clock, logger: { info() {}, warn() {}, error() {} } })
    for (let n = 0; n < 20; n++) await expect(broken.admit(wrong(n), HERE)).rejects.toBe(down)
    await expect(broken.admit(token, HERE)).rejects.toBe(down)
  })

  it('tells once that somebody is locked out, and no token', async () => {
    await guess(12, HERE)
    await gate.admit(token, HERE)

    expect(logged).toEqual([
      { address: HERE, waitSeconds: 60, token: id, message: expect.stringContaining('wrong tokens') },
    ])
    const shown = inspect([logged, gate], { depth: 12, showHidden: true })
    for (const secret of [token.slice(-43), wrong(9).slice(-43), KEY]) expect(shown).not.toContain(secret)
  })
})
