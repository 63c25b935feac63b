import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import { lostLeaseError, type RunRef } from '../store/run-end.ts'
import type { Store } from '../store/store.ts'
import { readDefinition } from './definitions.ts'
import { failedRun, type OnFailed } from './failed-run.ts'

export interface ReaperOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly leaseMs: number
  /** Extends the leases of what runs here: that is not lost, however long this process slept or could not write. */
  readonly keepOwn: () => Promise<void>
  readonly onFailed: OnFailed
}

/** How long it is between two looks for expired leases while there are any leases. */
const REAP_MS = 5_000
/** The same, while nobody holds any. */
const IDLE_REAP_MS = 10_000
/** How many expired leases are taken back in one transaction. */
const REAPED_AT_ONCE = 500
/** How long to wait after the store failed, and before another look at what others hold. */
const RETRY_MS = 1_000

/**
 * Takes back what vanished servers held: runs, claims, and messages of which nothing was heard.
 *
 * @see docs/design/runs.md
 */
export class Reaper {
  readonly #options: ReaperOptions
  readonly #loop: Loop

  constructor(options: ReaperOptions) {
    this.#options = options
    this.#loop = new Loop(
      options.clock,
      () => this.#reap(),
      (error) => {
        options.logger.error({ error }, 'expired leases could not be taken back; it is tried again')
        return options.clock.now() + RETRY_MS
      },
    )
  }

  start(): void {
    this.#loop.start()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
  }

  async #reap(): Promise<Instant> {
    const { store, clock, leaseMs, logger, keepOwn } = this.#options
    const third = Math.floor(leaseMs / 3)
    const expired = await store.read((tables) => tables.runs.nextExpiry())
    // What nobody holds now, nobody loses at once. Others may have shorter leases, and claims end seconds after their due instants.
    if (expired === undefined) return clock.now() + Math.min(third, IDLE_REAP_MS)
    const period = Math.min(third, REAP_MS)
    if (expired > (await store.now())) return clock.now() + period

    await keepOwn()
    const reaped = await store.transaction((tables) => tables.runs.reap(tables.now, REAPED_AT_ONCE))
    if (reaped.returned + reaped.failed > 0)
      logger.warn(
        { returned: reaped.returned, failed: reaped.failed },
        'took back runs of a server that vanished',
      )
    if (reaped.failed > 0) await this.#tell(reaped.failedRuns)
    if (reaped.taken === 0) return clock.now() + Math.min(period, RETRY_MS)
    store.announce()
    return clock.now()
  }

  /** Tells of runs that do not begin again. */
  async #tell(runs: readonly RunRef[]): Promise<void> {
    const { store, onFailed } = this.#options
    const ids = [...new Set(runs.map(({ scheduleId }) => scheduleId))]
    const schedules = await store.read((tables) => tables.runs.definitions(ids))
    const known = runs.flatMap((run) => {
      const schedule = schedules.get(run.scheduleId)
      if (schedule === undefined) return []
      const definition = readDefinition(schedule.definitionText)
      return [failedRun(run, { ...schedule, definition }, lostLeaseError())]
    })
    onFailed(known)
  }
}
