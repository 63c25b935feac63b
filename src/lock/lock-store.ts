import type { Instant } from '../clock/clock.ts'

/** A lock that was granted: who has it, and until when. Its instants are those of the lock server's clock. */
export interface HeldLock {
  readonly name: string
  readonly owner: string
  /** Rises with every grant of this name, so whoever writes under an older one can be told from the present holder. */
  readonly token: number
  readonly acquiredAt: Instant
  readonly expiresAt: Instant
}

/** The answer to a request for a lock: it is granted, or somebody has it, by the server's clock at `at`. */
export type LockAnswer =
  | { readonly granted: true; readonly lock: HeldLock }
  | { readonly granted: false; readonly holder: HeldLock; readonly at: Instant }

/** What a holder shows to prove that it is still the one. */
export type LockProof = Pick<HeldLock, 'name' | 'owner' | 'token'>

/**
 * Locks that several processes share. A lock has an owner and an end; when that has come, by the clock of the server that
 * keeps it, the lock is free, whoever is still at work under it.
 *
 * `lockContract` of `carillon/testing` says what each driver must do, and can be run against one of your own.
 *
 * @see docs/design/locks.md
 */
export interface LockStore extends AsyncDisposable {
  /**
   * Takes a lock if it is free. It is not granted twice, to the same owner either.
   *
   * @throws {DriverError} when the server does not answer; whether the lock was granted is not known then
   */
  acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer>

  /**
   * Has a lock end `ttlMs` from now, later or sooner than before, if this is still its holder.
   *
   * @returns the lock as it is then; `undefined` when it is not held under this proof any more
   */
  extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined>

  /** Frees a lock, if this is still its holder. @returns whether it was */
  release(proof: LockProof): Promise<boolean>

  /** Who holds a lock; `undefined` when nobody does. */
  inspect(name: string): Promise<HeldLock | undefined>

  /** Frees a lock, whoever holds it. @returns whether somebody did */
  forceRelease(name: string): Promise<boolean>
}
