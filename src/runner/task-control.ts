import type { Instant } from '../clock/clock.ts'
import type { HeldLock, LockAnswer, LockStore } from '../lock/lock-store.ts'

const PAUSE = 'tasks paused'
const INTERRUPT = 'tasks interrupted'
const MINUTE_MS = 60_000

/** The longest pause. */
export const LONGEST_PAUSE_MS = 365 * 86_400_000

/**
 * What operators tell all servers at once, by locks that they take: tasks are paused while somebody holds one, and
 * interrupted while somebody holds another.
 */
export class TaskControl {
  readonly #locks: LockStore

  constructor(locks: LockStore) {
    this.#locks = locks
  }

  /**
   * Keeps all tasks from running, on all servers, until `resume`, or until the time is over.
   *
   * @param by who does so, and why: whoever asks is told
   * @returns not granted when they are paused already
   */
  async pause(by: string, forMs = LONGEST_PAUSE_MS): Promise<LockAnswer> {
    return this.#locks.acquire(PAUSE, by, forMs)
  }

  /** @returns whether they were paused */
  async resume(): Promise<boolean> {
    return this.#locks.forceRelease(PAUSE)
  }

  /** Who has paused them, since when and until when; `undefined` when nobody has. */
  async pausedBy(): Promise<HeldLock | undefined> {
    return this.#locks.inspect(PAUSE)
  }

  /** Ends all repeats below a minute that are under way in this minute, so that a deployment need not wait for them. */
  async interrupt(by: string, now: Instant): Promise<void> {
    const endsInMs = MINUTE_MS - (((now % MINUTE_MS) + MINUTE_MS) % MINUTE_MS)
    await this.#locks.acquire(INTERRUPT, by, endsInMs)
  }

  async isInterrupted(): Promise<boolean> {
    return (await this.#locks.inspect(INTERRUPT)) !== undefined
  }
}
