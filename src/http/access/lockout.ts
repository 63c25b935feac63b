import { BoundedMap } from '../../catalog/tokens/bounded-map.ts'
import type { Clock, Instant } from '../../clock/clock.ts'

/** What is remembered of failures: those from one address, or with the id of one token. */
export interface Failures {
  /** When they were, those of the last minute; what led to a lock is left out. */
  readonly recent: readonly Instant[]
  /** When the last lock began. */
  readonly lockedAt: Instant
  /** How long that one lasts; 0 when there was none. */
  readonly lockMs: number
}

/** Who presents a token. */
export interface Caller {
  /** Where from; `undefined` when that is not known. */
  readonly address: string | undefined
  /** The id of the token, where it has the form of one. */
  readonly tokenId: string | undefined
}

const MINUTE_MS = 60_000
/** How many failures within a minute lead to a lock. */
const MOST_FAILURES = 10
const FIRST_LOCK_MS = MINUTE_MS
const LONGEST_LOCK_MS = 15 * MINUTE_MS
/** How long after the end of a lock the next one is still longer. */
const HELD_AGAINST_MS = 60 * MINUTE_MS
const MOST_REMEMBERED = 10_000

const NONE: Failures = { recent: [], lockedAt: 0, lockMs: 0 }

/** How long a lock still lasts, in milliseconds; 0 when there is none. A clock that is set back ends it. */
export function waitMsOf({ lockedAt, lockMs }: Failures, now: Instant): number {
  const passedMs = now - lockedAt
  return passedMs < 0 ? 0 : Math.max(lockMs - passedMs, 0)
}

/** Whether there was a failure within the last minute that has not led to a lock. */
export function hasFailed({ recent }: Failures, now: Instant): boolean {
  return recent.some((at) => isRecent(at, now))
}

/** What is to be remembered after one more failure. While a lock lasts, nothing is counted. */
export function afterFailure(failures: Failures = NONE, now: Instant): Failures {
  if (waitMsOf(failures, now) > 0) return failures

  const recent = [...failures.recent.filter((at) => isRecent(at, now)), now]
  if (recent.length < MOST_FAILURES) return { ...failures, recent }
  return { recent: [], lockedAt: now, lockMs: nextLockMs(failures, now) }
}

function nextLockMs({ lockedAt, lockMs }: Failures, now: Instant): number {
  const isHeldAgainst = now - (lockedAt + lockMs) < HELD_AGAINST_MS
  return isHeldAgainst && lockMs > 0 ? Math.min(lockMs * 2, LONGEST_LOCK_MS) : FIRST_LOCK_MS
}

function isRecent(at: Instant, now: Instant): boolean {
  return at <= now && now - at < MINUTE_MS
}

/**
 * Keeps tokens from being guessed: from where ten wrong ones came within a minute, nothing is heard for a minute, then for
 * twice as long, up to a quarter of an hour. What is remembered is bounded, and only in this process.
 *
 * @see docs/design/access.md
 */
export class Lockout {
  readonly #clock: Clock
  readonly #addresses = new BoundedMap<string | undefined, Failures>(MOST_REMEMBERED)
  readonly #tokens = new BoundedMap<string | undefined, Failures>(MOST_REMEMBERED)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * For how many seconds nothing is heard from there, right or wrong; 0 when it is. That others have guessed at the same
   * token counts against those alone who have failed themselves: nobody can lock out its owner.
   */
  waitSeconds({ address, tokenId }: Caller): number {
    const now = this.#clock.now()
    const own = this.#addresses.get(address)
    if (own === undefined) return 0

    const guessed = this.#tokens.get(tokenId)
    const waitMs = Math.max(
      waitMsOf(own, now),
      guessed !== undefined && hasFailed(own, now) ? waitMsOf(guessed, now) : 0,
    )
    return Math.ceil(waitMs / 1_000)
  }

  /** Counts a wrong token. Where nobody can be told from others, nobody is counted. */
  failed({ address, tokenId }: Caller): void {
    if (address === undefined) return
    const now = this.#clock.now()
    this.#addresses.set(address, afterFailure(this.#addresses.get(address), now))
    if (tokenId !== undefined) this.#tokens.set(tokenId, afterFailure(this.#tokens.get(tokenId), now))
  }
}
