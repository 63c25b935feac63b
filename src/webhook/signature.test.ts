import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SystemClock } from '../clock/system-clock.ts'
import { ConfigError } from '../errors.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { SIGNATURE_HEADER, signatureOf, verifySignature } from './signature.ts'

const NOW = '2026-06-01T10:05:00Z'
const SECONDS = Date.parse(NOW) / 1_000
const clock = new ManualClock(NOW)
const BODY = '{"name":"Zoë"}'
const hex = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')

describe('a signature', () => {
  it('is the time in whole seconds, and the HMAC-SHA256 of it and the body for each secret', () => {
    expect(SIGNATURE_HEADER).toBe('Carillon-Signature')
    expect(signatureOf(BODY, ['ä', 'b'], Date.parse(NOW) + 999)).toBe(
      `t=${SECONDS},v1=${hex('ä', `${SECONDS}.${BODY}`)},v1=${hex('b', `${SECONDS}.${BODY}`)}`,
    )
  })

  it.each<[string, string[], string | string[]]>([
    ['the secret', ['new'], 'new'],
    ['the old secret of a sender that has both', ['new', 'old'], 'old'],
    ['the new secret of a sender that has both', ['new', 'old'], ['new']],
    ['both secrets, where the sender has the old one', ['old'], ['new', 'old']],
    ['both secrets, where the sender has the new one', ['new'], ['new', 'old']],
  ])('is verified by %s', (_, signing, verifying) => {
    const header = signatureOf(BODY, signing, clock.now())
    expect(verifySignature(BODY, header, verifying, { clock })).toBe(true)
    expect(verifySignature(Buffer.from(BODY), header, verifying, { clock })).toBe(true)
  })

  const header = signatureOf(BODY, ['s'], clock.now())
  const signature = hex('s', `${SECONDS}.${BODY}`)

  it.each<[string, string, string | string[] | null | undefined]>([
    ['of another body', `${BODY} `, header],
    ['of another secret', BODY, signatureOf(BODY, ['x'], clock.now())],
    ['of another time', BODY, `t=${SECONDS + 1},v1=${signature}`],
    ['of the body alone', BODY, `t=${SECONDS},v1=${hex('s', BODY)}`],
    ['of another kind', BODY, `t=${SECONDS},v2=${signature}`],
    ['with a time after it', BODY, `v1=${signature},t=${SECONDS}`],
    ['with two times', BODY, `t=${SECONDS + 1},t=${SECONDS},v1=${signature}`],
    ['without a time', BODY, `v1=${signature}`],
    ['with something before the time', BODY, `x,t=${SECONDS},v1=${signature}`],
    ['with something right before the time', BODY, `x${header}`],
    ['with something right after the time', BODY, `t=${SECONDS}x,v1=${signature}`],
    ['that is too short', BODY, header.slice(0, -1)],
    ['that is too long', BODY, `${header}0`],
    ['with something before it', BODY, `t=${SECONDS},xv1=${signature}`],
    ['in capitals', BODY, header.replace(signature, signature.toUpperCase())],
    ['that is empty', BODY, ''],
    ['that is null', BODY, null],
    ['that is absent', BODY, undefined],
    ['in a list', BODY, [header]],
  ])('%s is not genuine', (_, body, given) => {
    expect(verifySignature(body, given, 's', { clock })).toBe(false)
  })

  it('is found beside others, also of kinds that are yet to come', () => {
    const others = `t=${SECONDS},v0=x,v1=${hex('x', 'x')},v1=${signature},v2=y`
    expect(verifySignature(BODY, others, 's', { clock })).toBe(true)
  })

  it.each([
    [300, undefined, true],
    [-300, undefined, true],
    [301, undefined, false],
    [-301, undefined, false],
    [60, 60, true],
    [61, 60, false],
    [0, 0, true],
    [0, Number.NaN, false],
  ])('that is %i seconds old is, with a tolerance of %s, genuine: %s', (age, toleranceSeconds, isGenuine) => {
    const at = clock.now() - age * 1_000
    const old = signatureOf(BODY, ['s'], at)
    expect(verifySignature(BODY, old, 's', { clock, toleranceSeconds })).toBe(isGenuine)
  })

  it('goes by the time of this machine', () => {
    const now = new SystemClock().now()
    expect(verifySignature('', signatureOf('', ['s'], now), 's')).toBe(true)
    expect(verifySignature('', signatureOf('', ['s'], now - 600_000), 's')).toBe(false)
  })

  it.each([
    ['no secret', [], 'verifySignature needs a secret'],
    ['an empty one', '', 'empty: anybody could sign'],
    ['an empty one among others', ['s', ''], 'empty: anybody could sign'],
    ['none where one was meant', undefined as unknown as string, 'empty: anybody could sign'],
  ])('is not verified with %s', (_, secret, message) => {
    expect(() => verifySignature(BODY, header, secret, { clock })).toThrow(ConfigError)
    expect(() => verifySignature(BODY, header, secret, { clock })).toThrow(message)
  })
})
