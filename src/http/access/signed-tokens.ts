import { decode, verify } from 'hono/jwt'
import type { Clock } from '../../clock/clock.ts'
import type { TokenGrant } from './grant.ts'
import { AUDIENCE, grantOfClaims, LONGEST_TEXT } from './signed-claims.ts'
import { readKey, type KeyForSigning, type SigningKey } from './signing-key.ts'

/** Recognises tokens that applications have signed. */
export class SignedTokens {
  readonly #clock: Clock
  readonly #keys: ReadonlyMap<string, KeyForSigning>

  /**
   * @param keys several while one takes the place of another
   * @throws {ConfigError} when one is too short
   */
  constructor(keys: readonly SigningKey[], clock: Clock) {
    this.#clock = clock
    this.#keys = new Map(keys.map(readKey).map((key) => [key.kid, key]))
  }

  /** What the token allows; `undefined` when it is none that is good, whatever is wrong with it. */
  async verify(text: string): Promise<TokenGrant | undefined> {
    if (text.length > LONGEST_TEXT) return undefined
    return grantOfClaims(await this.#claimsOf(text), this.#clock.now())
  }

  async #claimsOf(text: string): Promise<unknown> {
    try {
      const key = this.#keys.get(decode(text).header.kid ?? '')
      if (key === undefined) return undefined
      // When it is good is judged with the claims, by our clock. Which algorithm it is is not for the token to say.
      return await verify(text, key, { alg: 'HS256', aud: AUDIENCE, exp: false, iat: false, nbf: false })
    } catch {
      // Whatever anybody sends may fail in any way; and the errors of the library have the token in their messages.
      return undefined
    }
  }
}
