import type { Alarm, Clock, Instant } from './clock.ts'
import { giveWay } from './give-way.ts'

/**
 * Does one thing again and again: each step says when the next one is due, and `wake` brings it forward. Steps never
 * overlap; a wake during a step makes another one follow it.
 */
export class Loop {
  readonly #clock: Clock
  readonly #step: () => Promise<Instant>
  readonly #onError: (error: unknown) => Instant
  #alarm: Alarm | undefined
  #running: Promise<void> | undefined
  #isWoken = false
  #isStarted = false

  /**
   * @param step resolves with the instant of the next step
   * @param onError is told of a step that failed, and says when to try again
   */
  constructor(clock: Clock, step: () => Promise<Instant>, onError: (error: unknown) => Instant) {
    this.#clock = clock
    this.#step = step
    this.#onError = onError
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.wake()
  }

  /** Makes a step follow at once, or after the one under way. */
  wake(): void {
    if (!this.#isStarted) return
    this.#isWoken = true
    this.#running ??= this.#run()
  }

  /** Ends the loop, when the step under way is done. */
  async stop(): Promise<void> {
    this.#isStarted = false
    this.#alarm?.cancel()
    await this.#running
  }

  async #run(): Promise<void> {
    this.#alarm?.cancel()
    let nextAt = Infinity
    while (this.#isStarted && this.#isWoken) {
      this.#isWoken = false
      try {
        nextAt = await this.#step()
      } catch (error) {
        nextAt = this.#onError(error)
      }
      if (this.#isWoken) await giveWay()
    }
    this.#running = undefined
    if (this.#isStarted && nextAt < Infinity) this.#alarm = this.#clock.alarmAt(nextAt, () => this.wake())
  }
}
