import { randomUUID } from 'node:crypto'
import type { Clock, Instant } from '../clock/clock.ts'
import { formatDuration } from '../clock/duration.ts'
import { Loop } from '../clock/loop.ts'
import { LeaseLostError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { HeldLock, LockStore } from './lock-store.ts'
import { Outage } from './outage.ts'

/**
 * What is written about locks: nothing; tries to run what has been running for 10 minutes or more; also each try that found
 * the lock taken; also each grant and release.
 */
export type LockLogLevel = 'none' | 'abandoned' | 'conflicts' | 'verbose'

export interface OverlapGuardOptions {
  readonly locks: LockStore
  readonly clock: Clock
  readonly logger: Logger
  readonly logLevel: LockLogLevel
  /** Names this process; no other one has the same. A random one by default. */
  readonly owner?: string
  /** Where it is told that the locks cannot be asked, when others tell the same. */
  readonly outage?: Outage
}

/** How long a lock is held. */
export interface OverlapRule {
  /** How long after it was taken it ends at the latest. */
  readonly expiresAfterMs: number
  /** How long after the end of a run it is still held. */
  readonly minimumBreakMs: number
  /** Whether it is extended while the run goes on. */
  readonly renew: boolean
}

export const DEFAULT_OVERLAP_RULE: OverlapRule = {
  expiresAfterMs: 3_600_000,
  minimumBreakMs: 10_000,
  renew: false,
}

/** What became of a run: it ended, somebody else has the lock, or the locks could not be asked. */
export type GuardedRun<T> =
  | { readonly kind: 'ran'; readonly value: T }
  | { readonly kind: 'held'; readonly holder: HeldLock }
  | { readonly kind: 'unavailable'; readonly error: unknown }

const LEVELS: readonly LockLogLevel[] = ['none', 'abandoned', 'conflicts', 'verbose']
/** Whether what belongs to one level is told at another. */
export function tellsOf(level: LockLogLevel, wanted: LockLogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)
}

/** A run that goes on for this long counts as abandoned. */
const ABANDONED_AFTER_MS = 600_000
/** How long to wait before a lock that could not be extended is extended again. */
const TRY_AGAIN_MS = 1_000

/**
 * Keeps what has one name from running twice at a time, on any number of servers. The lock is taken before the run and is
 * shortened to a break after it, whether it succeeded or not: a slower server comes too late for the same minute, and finds
 * it held. Nothing ever touches a lock that somebody else has by then.
 *
 * @see docs/design/locks.md
 */
export class OverlapGuard {
  readonly #options: OverlapGuardOptions
  readonly #owner: string
  readonly #outage: Outage

  constructor(options: OverlapGuardOptions) {
    this.#options = options
    this.#owner = options.owner ?? randomUUID()
    this.#outage = options.outage ?? new Outage(options.clock, options.logger)
  }

  /**
   * Runs `work` under the lock, if it is free.
   *
   * @param work gets the lock, whose token tells what it writes from what a later holder writes, and a signal that is aborted
   * when a renewed lock was lost
   * @throws what `work` throws
   */
  async run<T>(
    name: string,
    rule: OverlapRule,
    work: (lock: HeldLock, signal: AbortSignal) => Promise<T>,
  ): Promise<GuardedRun<T>> {
    const { locks, clock } = this.#options
    let lock: HeldLock
    try {
      const answer = await locks.acquire(name, this.#owner, rule.expiresAfterMs)
      if (!answer.granted) {
        this.#tellConflict(answer.holder, answer.at)
        return { kind: 'held', holder: answer.holder }
      }
      lock = answer.lock
    } catch (error) {
      this.#tellUnavailable(name, error, 'the locks cannot be asked: nothing runs that needs one')
      return { kind: 'unavailable', error }
    }

    this.#tell('verbose', 'info', { lock: name, token: lock.token }, 'a lock was taken')
    const abort = new AbortController()
    const renewal = rule.renew ? this.#renewal(lock, rule, abort) : undefined
    try {
      renewal?.start()
      return { kind: 'ran', value: await work(lock, abort.signal) }
    } finally {
      await renewal?.stop()
      await this.#giveBack(lock, rule, clock.now())
    }
  }

  #renewal(lock: HeldLock, { expiresAfterMs }: OverlapRule, abort: AbortController): Loop {
    const { locks, clock } = this.#options
    const everyMs = Math.max(Math.floor(expiresAfterMs / 3), 1)
    let nextAt = clock.now() + everyMs
    // By this process's clock, and no later than by the server's: its time began before the answer came.
    let heldUntil = clock.now() + expiresAfterMs
    const lose = () => {
      abort.abort(new LeaseLostError(`lock "${lock.name}" was lost: another server may run under it now`))
      return Infinity
    }
    const renew = async (): Promise<Instant> => {
      const askedAt = clock.now()
      if (askedAt < nextAt) return nextAt
      if ((await locks.extend(lock, expiresAfterMs)) === undefined) return lose()

      heldUntil = askedAt + expiresAfterMs
      nextAt = askedAt + everyMs
      return nextAt
    }
    return new Loop(clock, renew, (error) => {
      if (clock.now() >= heldUntil) return lose()
      this.#tellUnavailable(lock.name, error, 'a lock could not be extended; it is tried again')
      return Math.min(clock.now() + TRY_AGAIN_MS, heldUntil)
    })
  }

  /** Shortens the lock to the break, unless it has ended meanwhile: then it is nobody's, or another's. */
  async #giveBack(lock: HeldLock, { minimumBreakMs }: OverlapRule, endedAt: Instant): Promise<void> {
    const { locks } = this.#options
    const fields = { lock: lock.name, token: lock.token }
    try {
      const wasHeld =
        minimumBreakMs > 0
          ? (await locks.extend(lock, minimumBreakMs)) !== undefined
          : await locks.release(lock)
      if (wasHeld) this.#tell('verbose', 'info', fields, 'a lock was given back')
      else this.#tell('verbose', 'warn', fields, 'a run took longer than its lock, which had ended')
    } catch (error) {
      const until = formatDuration(Math.max(lock.expiresAt - endedAt, 0))
      this.#tellUnavailable(lock.name, error, `a lock could not be given back: it ends by itself in ${until}`)
    }
  }

  #tellConflict({ name, owner, acquiredAt, expiresAt }: HeldLock, at: Instant): void {
    const heldMs = at - acquiredAt
    const fields = { lock: name, holder: owner, heldMs, expiresAt: new Date(expiresAt).toISOString() }
    if (heldMs >= ABANDONED_AFTER_MS) {
      const message = `a lock has been held for ${formatDuration(heldMs)}: its run is slow, or was abandoned`
      this.#tell('abandoned', 'warn', fields, message)
    } else this.#tell('conflicts', 'info', fields, 'a lock is held: nothing runs')
  }

  #tell(level: LockLogLevel, severity: 'info' | 'warn', fields: object, message: string): void {
    const { logger, logLevel } = this.#options
    if (tellsOf(logLevel, level)) logger[severity](fields, message)
  }

  #tellUnavailable(name: string, error: unknown, message: string): void {
    this.#outage.tell({ lock: name, error }, message)
  }
}
