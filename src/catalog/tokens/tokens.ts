import type { Instant } from '../../clock/clock.ts'
import { durationMs, type Duration } from '../../clock/duration.ts'
import { giveWay } from '../../clock/give-way.ts'
import { InvalidInputError } from '../../errors.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import type { InstantInput } from '../../schedule/schedule-input.ts'
import type { Logger } from '../../logger.ts'
import type { Store } from '../../store/store.ts'
import type { NewToken, TokenRecord, TokenScope } from '../../store/token-table.ts'
import { BoundedMap } from './bounded-map.ts'
import { checkLimits, checkName, checkOptions, checkScope, type TokenLimits } from './check-token.ts'
import { hashOf, isSecretOf, isTokenId, newSecret, newTokenId, parseToken, tokenText } from './token-text.ts'
import { describeToken, stateOf, type Token } from './token-view.ts'

/** What a token is to be. Without `expiresAt` or `expiresIn` it is in force until it is revoked. */
export interface TokenInput extends TokenLimits {
  /** What people call it by: who has it, and what for. */
  readonly label: string
  readonly scope: TokenScope
  /** When it ends. */
  readonly expiresAt?: InstantInput | undefined
  /** The same, counted from now. */
  readonly expiresIn?: Duration | undefined
  /** Who creates it; text for people. */
  readonly createdBy?: string | undefined
}

/** A token that was created. */
export interface CreatedToken {
  /** Names it; no secret. */
  readonly id: string
  /** The token itself. It is not stored, so this is the only time that it can be had. */
  readonly token: string
}

/** What tokens work with. */
export interface TokensParts {
  readonly store: Pick<Store, 'now' | 'read' | 'brief' | 'transaction'>
  readonly logger: Logger
}

/** How often it is written down that a token was used. */
const NOTED_EVERY_MS = 60_000
/** Of how many tokens it is remembered when that was tried. */
const MOST_TRIED = 10_000
const KNOWN = Object.keys({
  label: 1,
  scope: 1,
  namespace: 1,
  groups: 1,
  jobs: 1,
  expiresAt: 1,
  expiresIn: 1,
  createdBy: 1,
} satisfies Record<keyof TokenInput, 1>)

/**
 * The tokens that open the HTTP API.
 *
 * @see docs/design/access.md
 */
export class Tokens {
  readonly #store: TokensParts['store']
  readonly #logger: Logger
  /** When a use was written down last by this process, or was tried to be, by the ids of tokens. */
  readonly #triedAt = new BoundedMap<string, Instant>(MOST_TRIED)
  readonly #writing = new Set<Promise<void>>()

  constructor({ store, logger }: TokensParts) {
    this.#store = store
    this.#logger = logger
  }

  /**
   * Creates a token.
   *
   * @returns its id and its text, which is shown this once: what is stored is a hash of the secret in it
   * @throws {InvalidInputError} when an option is not valid, or groups or jobs are given without a namespace
   */
  async create(input: TokenInput): Promise<CreatedToken> {
    checkOptions(input, KNOWN)
    const given = {
      label: checkName(input.label, 'label'),
      scope: checkScope(input.scope),
      ...checkLimits(input),
      createdBy: input.createdBy === undefined ? null : checkName(input.createdBy, 'createdBy'),
    }
    const endOf = endFrom(input)
    const id = newTokenId()
    const secret = newSecret()

    await this.#store.transaction(async ({ tokens, now }) => {
      // A second try, after the answer to the first was lost, finds it stored.
      if ((await tokens.find(id)) !== undefined) return
      const token: NewToken = { ...given, id, hash: hashOf(secret), createdAt: now, expiresAt: endOf(now) }
      await tokens.insert(token)
    })
    return { id, token: tokenText({ id, secret }) }
  }

  /** All tokens that there ever were, oldest first. */
  async list(): Promise<Token[]> {
    const records = await this.#store.read(({ tokens }) => tokens.list())
    const now = await this.#store.now()
    return records.map((record) => describeToken(record, now))
  }

  /**
   * Ends a token for good: servers refuse it within a second. Harmless when it has ended.
   *
   * @param id its id; the whole token does as well, as when it was found where it should not be
   * @returns whether it was in force
   */
  async revoke(id: string): Promise<boolean> {
    const name = parseToken(id)?.id ?? id
    if (!isTokenId(name)) return false
    let wasInForce = false
    await this.#store.transaction(async ({ tokens, now }) => {
      const record = await tokens.hold(name)
      // A second try, after the answer to the first was lost, finds it revoked.
      if (record === undefined || record.revokedAt !== null) return
      wasInForce = stateOf(record, now) === 'in-force'
      await tokens.revoke(name, now)
    })
    return wasInForce
  }

  /**
   * The token that somebody presents; `undefined` when it is none that is in force. It cannot be told why not: one that
   * there is not, a wrong one, an expired and a revoked one take the same way to the same answer.
   *
   * @param text the whole token, `crn_<id>_<secret>`
   */
  async verify(text: string): Promise<Token | undefined> {
    const parts = parseToken(text)
    if (parts === undefined) return undefined

    const { record, now } = await this.#store.brief(async (tables) => ({
      record: await tables.tokens.find(parts.id),
      now: tables.now,
    }))
    const isRight = isSecretOf(parts.secret, record?.hash)
    if (!isRight || record === undefined || stateOf(record, now) !== 'in-force') return undefined

    this.#noteUse(record, now)
    return describeToken(record, now)
  }

  /** Waits for what is still being written down. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing)
  }

  /** Nobody waits for this, and nothing hangs on it. */
  #noteUse({ id, lastUsedAt }: TokenRecord, now: Instant): void {
    const before = now - NOTED_EVERY_MS
    if (lastUsedAt > before || (this.#triedAt.get(id) ?? 0) > before) return

    this.#triedAt.set(id, now)
    const writing: Promise<void> = giveWay()
      .then(() => this.#store.brief(({ tokens }) => tokens.use(id, now, before)))
      .catch((error: unknown) => {
        this.#logger.warn({ token: id, error }, 'it could not be written down that a token was used')
      })
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }
}

/** When the token ends, of when it is created; `null` for never. @throws {InvalidInputError} when that is not valid */
function endFrom({ expiresAt, expiresIn }: TokenInput): (now: Instant) => Instant | null {
  if (expiresAt !== undefined && expiresIn !== undefined)
    throw new InvalidInputError('expiresIn and expiresAt both say when it ends: give one', 'expiresIn')
  if (expiresIn !== undefined) {
    const ms = durationMs(expiresIn, 'expiresIn')
    if (ms === 0) throw new InvalidInputError('expiresIn must be longer than 0', 'expiresIn')
    return (now) => now + ms
  }
  if (expiresAt === undefined) return () => null
  const end = instantMs(expiresAt, 'expiresAt')
  return (now) => {
    if (end > now) return end
    throw new InvalidInputError(
      `expiresAt ${new Date(end).toISOString()} has passed already: give an instant that is still to come`,
      'expiresAt',
    )
  }
}
