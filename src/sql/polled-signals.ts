import type { Alarm } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import type { Signals } from './backend.ts'

/**
 * Signals in a database that cannot send any: the listeners are called now and then, and what they do then is look at
 * an index. By the machine's clock, since it is about the outside world, which a test's clock does not rule.
 */
export class PolledSignals implements Signals {
  readonly #everyMs: number
  readonly #hasNews: () => boolean
  readonly #clock = new SystemClock()
  readonly #listeners = new Set<() => void>()
  #alarm: Alarm | undefined

  /** @param hasNews tells cheaply whether others may have written since it was asked last */
  constructor(everyMs: number, hasNews: () => boolean = () => true) {
    this.#everyMs = everyMs
    this.#hasNews = hasNews
  }

  send(): void {}

  listen(listener: () => void): () => void {
    if (this.#listeners.size === 0) {
      this.#look()
      this.#arm()
    }
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#alarm?.cancel()
    }
  }

  #arm(): void {
    this.#alarm = this.#clock.alarmAt(this.#clock.now() + this.#everyMs, () => {
      this.#arm()
      if (this.#look()) for (const listener of this.#listeners) listener()
    })
  }

  /** Thrown out of a timer, an error would end the process; the listeners meet the same fault, and tell of it. */
  #look(): boolean {
    try {
      return this.#hasNews()
    } catch {
      return true
    }
  }
}
