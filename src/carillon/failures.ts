import { pauseFailing } from '../catalog/pause-failing.ts'
import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/store.ts'
import type { FailedRun } from '../worker/failed-run.ts'

export interface FailuresOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
}

/** How long to wait after the store failed. */
const RETRY_MS = 1_000

/** Acts on runs that have failed for good: pauses schedules that are to be paused after so many in a row. */
export class Failures {
  readonly #options: FailuresOptions
  /** The last failed run of each schedule that may have to be paused. */
  readonly #suspects = new Map<number, FailedRun>()
  readonly #loop: Loop

  constructor(options: FailuresOptions) {
    this.#options = options
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => {
        options.logger.error(
          { error },
          'a schedule that keeps failing could not be paused; it is tried again',
        )
        return options.clock.now() + RETRY_MS
      },
    )
  }

  /** Takes note of failed runs. Never throws. */
  report(failed: readonly FailedRun[]): void {
    const suspects = failed.filter(({ pauseAfter }) => pauseAfter !== null)
    if (suspects.length === 0) return
    for (const run of suspects) this.#suspects.set(run.scheduleId, run)
    this.#loop.start()
    this.#loop.wake()
  }

  /** Does what is left to do; what cannot be done now is done after the next failure of the schedule. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    try {
      await this.#step()
    } catch (error) {
      this.#options.logger.error({ error }, 'a schedule that keeps failing could not be paused')
      this.#suspects.clear()
    }
  }

  async #step(): Promise<Instant> {
    for (const [id, run] of this.#suspects) {
      const reason = await pauseFailing(this.#options.store, run)
      // Another failure may have been reported meanwhile.
      if (this.#suspects.get(id) === run) this.#suspects.delete(id)
      if (reason === undefined) continue
      const { namespace, key } = run
      this.#options.logger.warn({ namespace, key, reason }, 'a schedule was paused, since it keeps failing')
    }
    return Infinity
  }
}
