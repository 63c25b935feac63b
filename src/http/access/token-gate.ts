import { parseToken } from '../../catalog/tokens/token-text.ts'
import type { Clock } from '../../clock/clock.ts'
import { guarded, type Logger } from '../../logger.ts'
import type { TokenGrant } from './grant.ts'
import { Lockout, type Caller } from './lockout.ts'
import { networkOf } from './network-of.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** What becomes of somebody who presents a token. */
export type Admission =
  | { readonly kind: 'granted'; readonly grant: TokenGrant }
  /** The token is none that is in force. */
  | { readonly kind: 'refused' }
  /** Too many wrong ones came from there: nothing is heard, right or wrong. */
  | { readonly kind: 'locked-out'; readonly waitSeconds: number }

/** What a gate works with. */
export interface GateParts {
  readonly verifier: Pick<TokenVerifier, 'verify'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Lets in who has a token, and keeps out who guesses. */
export class TokenGate {
  readonly #verifier: GateParts['verifier']
  readonly #lockout: Lockout
  readonly #logger: Logger

  constructor({ verifier, clock, logger }: GateParts) {
    this.#verifier = verifier
    this.#lockout = new Lockout(clock)
    this.#logger = guarded(logger)
  }

  /**
   * @param text the token as presented
   * @param address where the request came from, as the server knows it; `undefined` when it does not
   * @throws {DriverError} when the database does not answer; that counts against nobody
   */
  async admit(text: string, address: string | undefined): Promise<Admission> {
    const caller: Caller = {
      address: address === undefined ? undefined : networkOf(address),
      tokenId: parseToken(text)?.id,
    }
    const waitSeconds = this.#lockout.waitSeconds(caller)
    if (waitSeconds > 0) return { kind: 'locked-out', waitSeconds }

    const grant = await this.#verifier.verify(text)
    // Of guesses that came all at once, those that follow the last that was allowed are not told right from wrong.
    const laterSeconds = this.#lockout.waitSeconds(caller)
    if (laterSeconds > 0) return { kind: 'locked-out', waitSeconds: laterSeconds }
    if (grant !== undefined) return { kind: 'granted', grant }

    this.#countAgainst(caller)
    return { kind: 'refused' }
  }

  #countAgainst(caller: Caller): void {
    this.#lockout.failed(caller)
    const waitSeconds = this.#lockout.waitSeconds(caller)
    if (waitSeconds === 0) return
    const { address, tokenId } = caller
    this.#logger.warn(
      { address, waitSeconds, ...(tokenId !== undefined && { token: tokenId }) },
      'too many wrong tokens: nothing is heard from this address for a while',
    )
  }
}
