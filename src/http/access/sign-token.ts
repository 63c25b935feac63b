import { sign } from 'hono/jwt'
import {
  checkLimits,
  checkName,
  checkOptions,
  checkScope,
  type TokenLimits,
} from '../../catalog/tokens/check-token.ts'
import { newTokenId } from '../../catalog/tokens/token-text.ts'
import type { Clock } from '../../clock/clock.ts'
import { durationMs, formatDuration, type Duration } from '../../clock/duration.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import { InvalidInputError } from '../../errors.ts'
import type { Scope } from './grant.ts'
import { AUDIENCE, LONGEST_LIFE_MS, LONGEST_TEXT, type Claims } from './signed-claims.ts'
import { readKey, type SigningKey } from './signing-key.ts'

/** What a signed token is to be. */
export interface SignedTokenInput extends TokenLimits {
  readonly scope: Scope
  /** The namespace that it is for. */
  readonly namespace: string
  /** Whose it is, as changes tell who made them. */
  readonly subject: string
  /** How long it is good; `15m` by default, from `1s` to `24h`. */
  readonly expiresIn?: Duration | undefined
}

const DEFAULT_LIFE = '15m'
const KNOWN = Object.keys({
  scope: 1,
  namespace: 1,
  groups: 1,
  jobs: 1,
  subject: 1,
  expiresIn: 1,
} satisfies Record<keyof SignedTokenInput, 1>)

/**
 * A token that an application gives to a user of its own: nothing is stored, and it cannot be revoked, so it lives for
 * minutes. It is a JSON Web Token, signed by HMAC with SHA-256.
 *
 * @param key one of those that the API was given
 * @throws {InvalidInputError} when an option is not valid
 * @throws {ConfigError} when the key is too short
 * @see docs/design/access.md
 */
export async function signToken(
  input: SignedTokenInput,
  key: SigningKey,
  { clock = new SystemClock() }: { readonly clock?: Clock } = {},
): Promise<string> {
  checkOptions(input, KNOWN)
  const scope = checkScope(input.scope)
  const namespace = checkName(input.namespace, 'namespace')
  const { groups, jobs } = checkLimits(input)
  const issuedAt = Math.floor(clock.now() / 1_000)
  const claims = {
    aud: AUDIENCE,
    sub: checkName(input.subject, 'subject'),
    jti: newTokenId(),
    iat: issuedAt,
    exp: issuedAt + lifeSeconds(input.expiresIn ?? DEFAULT_LIFE),
    scope,
    namespace,
    ...(groups !== null && { groups }),
    ...(jobs !== null && { jobs }),
  } satisfies Claims
  const token = await sign(claims, readKey(key))
  if (token.length <= LONGEST_TEXT) return token
  throw new InvalidInputError(
    `groups and jobs make the token longer than ${LONGEST_TEXT} characters: name fewer of them`,
    groups === null ? 'jobs' : 'groups',
  )
}

function lifeSeconds(expiresIn: Duration): number {
  const seconds = Math.floor(durationMs(expiresIn, 'expiresIn') / 1_000)
  if (seconds >= 1 && seconds * 1_000 <= LONGEST_LIFE_MS) return seconds
  throw new InvalidInputError(
    `expiresIn ${JSON.stringify(expiresIn)} is not from 1s to ${formatDuration(LONGEST_LIFE_MS)}: a signed token cannot be revoked`,
    'expiresIn',
  )
}
