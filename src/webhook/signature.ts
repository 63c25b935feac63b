import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, Instant } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { ConfigError } from '../errors.ts'

export const SIGNATURE_HEADER = 'Carillon-Signature'

export interface VerifyOptions {
  /** How far the time of the signature may be from now, either way; 300 by default. */
  readonly toleranceSeconds?: number | undefined
  /** What time it is, for tests. */
  readonly clock?: Clock | undefined
}

/**
 * What the header `Carillon-Signature` holds: `t=1780308300,v1=5f0c…`. `t` is `at` in whole seconds; each `v1` the
 * HMAC-SHA256, in hexadecimal digits, of those digits, a full stop and the body, one for each secret.
 */
export function signatureOf(body: string, secrets: readonly string[], at: Instant): string {
  const seconds = String(Math.floor(at / 1_000))
  const signatures = secrets.map((secret) => `v1=${hmac(secret, seconds, body).toString('hex')}`)
  return [`t=${seconds}`, ...signatures].join(',')
}

/**
 * For receivers: whether a request comes from one who knows the secret, and was signed a short time ago.
 *
 * ```ts
 * const isGenuine = verifySignature(body, request.headers['carillon-signature'], process.env.WEBHOOK_SECRET!)
 * ```
 *
 * @param body as it came, before it is parsed; empty text where there was none
 * @param header the header `Carillon-Signature`, however it is absent
 * @param secret or several, while one takes the place of another; what one of them has signed is genuine
 * @throws {ConfigError} when there is no secret, or an empty one: anybody could sign with it
 */
export function verifySignature(
  body: string | Uint8Array,
  header: string | readonly string[] | null | undefined,
  secret: string | readonly string[],
  { toleranceSeconds = 300, clock = new SystemClock() }: VerifyOptions = {},
): boolean {
  const secrets = checkSecrets([secret].flat(), 'verifySignature')
  const [time = '', ...signatures] = typeof header === 'string' ? header.split(',') : []
  const seconds = /^t=(\d{1,12})$/.exec(time)?.[1]
  const ageSeconds = Math.abs(clock.now() / 1_000 - Number(seconds))
  if (seconds === undefined || !(ageSeconds <= toleranceSeconds)) return false

  const given = signatures
    .filter((text) => /^v1=[\da-f]{64}$/.test(text))
    .map((text) => Buffer.from(text.slice(3), 'hex'))
  return secrets.some((secret) => {
    const expected = hmac(secret, seconds, body)
    return given.some((signature) => timingSafeEqual(signature, expected))
  })
}

/**
 * @param whose names who has them, for the error
 * @throws {ConfigError} when there is none, or one that is no text or empty
 */
export function checkSecrets(secrets: readonly string[], whose: string): readonly string[] {
  if (secrets.length === 0) throw new ConfigError(`${whose} needs a secret`)
  const isText = (secret: unknown) => typeof secret === 'string' && secret !== ''
  if (!secrets.every(isText))
    throw new ConfigError(`the secret of ${whose} is empty: anybody could sign with it`)
  return secrets
}

function hmac(secret: string, seconds: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest()
}
