import { quoted, scheduleText, type AlertSink, type AlertSubject } from '../alert/alert.ts'
import { pauseFailing } from '../catalog/pause-failing.ts'
import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { RunReplacedError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import type { Store } from '../store/store.ts'
import type { FailedRun } from '../worker/failed-run.ts'

export interface FailuresOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly alerts: AlertSink
}

/** How long to wait after the store failed. */
const RETRY_MS = 1_000
/** A run that another one takes the place of has failed, and nothing is wrong. */
const REPLACED: RunReplacedError['code'] = 'RUN_REPLACED'

/** Acts on runs that have failed for good: has a human told, and pauses schedules that are to be paused after so many in a row. */
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
    for (const run of failed) if (run.error.code !== REPLACED) this.#tell(run)
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
      this.#tellPaused(run, reason)
    }
    return Infinity
  }

  #tell(run: FailedRun): void {
    const { attempt, error, nominalAt } = run
    const attempts = attempt === 1 ? '' : ` after ${attempt} attempts`
    const about = subjectOf(run)
    const instant = new Date(nominalAt).toISOString()
    this.#options.alerts.raise({
      kind: 'run-failed',
      about,
      occurrence: occurrenceId(run),
      message: `${scheduleText(about)}: the run of ${instant} failed for good${attempts}: ${quoted(error.message)}`,
      details: { nominalAt: instant, attempt, error: { code: error.code, message: error.message } },
    })
  }

  #tellPaused(run: FailedRun, reason: string): void {
    const { logger, alerts } = this.#options
    const { namespace, key, error } = run
    logger.warn({ namespace, key, reason }, 'a schedule was paused, since it keeps failing')
    const about = subjectOf(run)
    const last = quoted(error.message)
    alerts.raise({
      kind: 'schedule-paused',
      about,
      occurrence: occurrenceId(run),
      message: `${scheduleText(about)} was paused, since ${reason}, the last one with: ${last}; resume it once that is mended`,
      details: { reason, error: { code: error.code, message: error.message } },
    })
  }
}

function subjectOf({ namespace, key, group, job }: FailedRun): AlertSubject {
  return { namespace, key, group: group ?? undefined, job }
}
