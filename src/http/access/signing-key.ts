import { createHash } from 'node:crypto'
import { ConfigError } from '../../errors.ts'

/** What tokens are signed with: 32 bytes or more that cannot be guessed. Of a text, its bytes in UTF-8 are meant. */
export type SigningKey = string | Uint8Array

/** A key as the library of JSON Web Tokens takes it. */
export interface KeyForSigning {
  readonly kty: 'oct'
  readonly alg: 'HS256'
  readonly k: string
  /** Tells keys apart, and is in each token that was signed with this one. */
  readonly kid: string
}

const FEWEST_BYTES = 32
const KID_LENGTH = 8

/**
 * Makes a key ready.
 *
 * @throws {ConfigError} when it is too short
 */
export function readKey(key: SigningKey): KeyForSigning {
  const bytes = typeof key === 'string' || key instanceof Uint8Array ? Buffer.from(key) : undefined
  if (bytes === undefined || bytes.length < FEWEST_BYTES)
    throw new ConfigError(
      `a key for signing tokens is a text or a Uint8Array of ${FEWEST_BYTES} bytes or more: ` +
        'give one as "openssl rand -base64 32" prints it',
    )
  const kid = createHash('sha256').update(bytes).digest('base64url').slice(0, KID_LENGTH)
  return { kty: 'oct', alg: 'HS256', k: bytes.toString('base64url'), kid }
}
