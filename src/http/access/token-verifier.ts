import { createHash } from 'node:crypto'
import type { Carillon } from '../../carillon/carillon.ts'
import { BoundedMap } from '../../catalog/tokens/bounded-map.ts'
import type { Token } from '../../catalog/tokens/token-view.ts'
import type { Clock } from '../../clock/clock.ts'
import { monotonicMs } from '../../clock/monotonic.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import type { TokenGrant } from './grant.ts'
import { SignedTokens } from './signed-tokens.ts'
import type { SigningKey } from './signing-key.ts'

/** What a verifier works with. */
export interface VerifierParts {
  /** The stored ones. */
  readonly tokens: Pick<Carillon['tokens'], 'verify'>
  /** With what applications sign tokens; none by default. */
  readonly signingKeys?: readonly SigningKey[] | undefined
  /** By which it is judged whether a signed token is good. */
  readonly clock?: Clock | undefined
  /** Milliseconds of this process, which no setting of a clock moves. */
  readonly monotonicMs?: (() => number) | undefined
}

interface Remembered {
  readonly grant: TokenGrant
  /** When the database was asked, in milliseconds of this process. */
  readonly askedAt: number
}

/** For how long the answer of the database is good: what is revoked or expires is refused as soon as that is over. */
const REMEMBERED_MS = 1_000
const MOST_REMEMBERED = 10_000

/**
 * Says what a token allows.
 *
 * @see docs/design/access.md
 */
export class TokenVerifier {
  readonly #stored: VerifierParts['tokens']
  readonly #signed: SignedTokens
  readonly #elapsedMs: () => number
  /** By a digest of the whole token, so that no token lies about in memory. */
  readonly #remembered = new BoundedMap<string, Remembered>(MOST_REMEMBERED)

  /** @throws {ConfigError} when a key is too short */
  constructor({ tokens, signingKeys = [], clock = new SystemClock(), ...parts }: VerifierParts) {
    this.#stored = tokens
    this.#signed = new SignedTokens(signingKeys, clock)
    this.#elapsedMs = parts.monotonicMs ?? monotonicMs
  }

  /** What the token allows; `undefined` when it is none that is in force, whatever is wrong with it. */
  async verify(text: string): Promise<TokenGrant | undefined> {
    return text.startsWith('crn_') ? this.#verifyStored(text) : this.#signed.verify(text)
  }

  async #verifyStored(text: string): Promise<TokenGrant | undefined> {
    const key = createHash('sha256').update(text).digest('base64url')
    const askedAt = this.#elapsedMs()
    const known = this.#remembered.get(key)
    if (known !== undefined && askedAt - known.askedAt < REMEMBERED_MS) return known.grant

    const token = await this.#stored.verify(text)
    if (token === undefined) {
      this.#remembered.delete(key)
      return undefined
    }
    const grant = grantOf(token)
    this.#remembered.set(key, { grant, askedAt })
    return grant
  }
}

function grantOf({ id, label, scope, namespace, groups, jobs, expiresAt }: Token): TokenGrant {
  return {
    scope,
    namespace: namespace ?? null,
    groups: groups ?? null,
    jobs: jobs ?? null,
    actor: label,
    tokenId: id,
    expiresAt: expiresAt?.getTime() ?? null,
  }
}
