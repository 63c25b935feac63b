import type { Clock } from '../clock/clock.ts'
import { waitAtMost } from '../clock/wait.ts'
import type { Logger } from '../logger.ts'
import type { Alert, AlertHook } from './alert.ts'

/** How many alerts wait for a hook at most. */
const MOST_WAITING = 1_000
/** How many calls of a hook are under way at a time. */
const MOST_AT_ONCE = 4
/** How long a call may take before it is no longer waited for. */
const LONGEST_MS = 120_000

/** The alerts of one hook, from first to last. A hook that throws, hangs or is slow harms nothing but its own alerts. */
export class HookQueue {
  readonly #hook: AlertHook
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #underWay = new Set<AbortController>()
  #waiting: Alert[] = []
  #dropped = 0
  #whenIdle: (() => void)[] = []

  constructor(hook: AlertHook, clock: Clock, logger: Logger) {
    this.#hook = hook
    this.#clock = clock
    this.#logger = logger
  }

  /** Has the hook told, now or when it has room; drops the alert when too many wait. */
  add(alert: Alert): void {
    if (this.#waiting.length < MOST_WAITING) {
      this.#waiting.push(alert)
      this.#next()
      return
    }
    if (this.#dropped++ === 0)
      this.#logger.warn(
        { waiting: MOST_WAITING },
        'alerts are raised faster than a hook takes them; further ones are dropped and counted',
      )
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (this.#isIdle) return
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  /** Waits for nothing any more. @returns how many alerts the hook had not taken to the end */
  giveUp(): number {
    const lost = this.#waiting.length + this.#underWay.size
    this.#waiting = []
    for (const call of this.#underWay) call.abort(new Error('the server stops'))
    return lost
  }

  get #isIdle(): boolean {
    return this.#waiting.length + this.#underWay.size === 0
  }

  #next(): void {
    while (this.#underWay.size < MOST_AT_ONCE && this.#waiting.length > 0)
      void this.#call(this.#waiting.shift()!)
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      this.#logger.warn({ dropped: this.#dropped }, 'so many alerts were dropped; the hook takes them again')
      this.#dropped = 0
    }
    if (!this.#isIdle) return
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  /** Never throws. */
  async #call(alert: Alert): Promise<void> {
    const abort = new AbortController()
    this.#underWay.add(abort)
    const call = this.#tell(alert, abort.signal)
    const hasEnded = await waitAtMost(this.#clock, this.#clock.now() + LONGEST_MS, call, abort.signal)
    if (hasEnded === undefined && !abort.signal.aborted) {
      const { kind, id } = alert
      this.#logger.error({ kind, alert: id }, 'an alert hook took too long; it is no longer waited for')
      abort.abort(new Error('the alert hook took too long'))
    }
    this.#underWay.delete(abort)
    this.#next()
  }

  /** Resolves with `true` however the hook ends. */
  async #tell(alert: Alert, signal: AbortSignal): Promise<true> {
    try {
      await this.#hook(alert, { signal })
    } catch (error) {
      const { kind, id } = alert
      this.#logger.error({ error, kind, alert: id }, 'an alert hook failed')
    }
    return true
  }
}
