import { z } from 'zod'
import { isName, MOST_NAMES } from '../../catalog/tokens/check-token.ts'
import type { Instant } from '../../clock/clock.ts'
import { TOKEN_SCOPES } from '../../store/token-table.ts'
import type { TokenGrant } from './grant.ts'

/** Whom signed tokens are for: those that an application signs for others with the same key open nothing here. */
export const AUDIENCE = 'carillon'
/** How long a signed token may be good, whoever signed it. */
export const LONGEST_LIFE_MS = 24 * 3_600_000
/** The longest text, so that it fits into the headers that servers take. */
export const LONGEST_TEXT = 8_192
/** By how much the clock of whoever signs may be ahead of ours. */
const AHEAD_MS = 60_000

const name = z.string().refine(isName)
const names = z.array(name).min(1).max(MOST_NAMES).readonly()
const seconds = z.int()

/** A claim that is not known might be a limit that was misspelt. */
const schema = z.strictObject({
  aud: z.literal(AUDIENCE),
  iss: z.string().optional(),
  sub: name,
  jti: name,
  iat: seconds,
  nbf: seconds.optional(),
  exp: seconds,
  scope: z.enum(TOKEN_SCOPES),
  namespace: name,
  groups: names.optional(),
  jobs: names.optional(),
})

/** What a signed token says; instants in seconds. */
export type Claims = Readonly<z.infer<typeof schema>>

/** What the claims of a token allow at an instant, the signature of which is right; `undefined` when that is nothing. */
export function grantOfClaims(given: unknown, now: Instant): TokenGrant | undefined {
  const { data: claims } = schema.safeParse(given)
  if (claims === undefined || !isGood(claims, now)) return undefined

  const { scope, namespace, groups = null, jobs = null, sub, jti, exp } = claims
  return { scope, namespace, groups, jobs, actor: sub, tokenId: jti, expiresAt: exp * 1_000 }
}

function isGood({ iat, nbf = iat, exp }: Claims, now: Instant): boolean {
  const hasBegun = Math.max(iat, nbf) * 1_000 <= now + AHEAD_MS
  return hasBegun && exp * 1_000 > now && (exp - iat) * 1_000 <= LONGEST_LIFE_MS
}
