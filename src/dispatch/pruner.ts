import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import { isRefusal } from '../sql/sql-error.ts'
import type { Store } from '../store/store.ts'
import { removeFinished } from './remove-finished.ts'

export interface PrunerOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** This process, as the owner of the lease. */
  readonly owner: string
  /** How long finished occurrences and deleted schedules are kept. */
  readonly keepMs: number
}

const EVERY_MS = 10 * 60_000
const LEASE_MS = 60_000
/** How long it is remembered what was to be done once. */
const REQUEST_MS = 24 * 60 * 60_000
/** How long a server is shown that is not heard of any more. */
const SERVER_MS = 24 * 60 * 60_000
const BATCH = 500
/** How long others get to write between two batches. */
const PAUSE_MS = 50

/**
 * Removes finished occurrences and deleted schedules once they are older than they are to be kept. One process does it
 * at a time, by a lease; each step removes a small batch, so that nobody waits for it long. Also removes schedules that
 * have finished, where they are to be, and requests that were to be done once a day later.
 */
export class Pruner {
  readonly #options: PrunerOptions
  readonly #loop: Loop

  constructor(options: PrunerOptions) {
    this.#options = options
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => {
        options.logger.error({ error }, 'pruning the ledger failed; it is tried again')
        return options.clock.now() + EVERY_MS
      },
    )
  }

  start(): void {
    this.#loop.start()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
  }

  async #step(): Promise<Instant> {
    const { store, clock, owner, keepMs } = this.#options
    const pruned = store.transaction(async (tables) => {
      const { leases, ledger, schedules, turns, expectations, requests, servers, now } = tables
      const clockOf = () => tables.exactNow()
      const { granted, lease } = await leases.acquire('prune', owner, clockOf, LEASE_MS)
      if (!granted) return 0

      const occurrences = await ledger.prune(now - keepMs, BATCH)
      const buried = await schedules.prune(now - keepMs, BATCH)
      await turns.prune(now - keepMs, BATCH)
      await expectations.prune(now - keepMs, BATCH)
      await requests.prune(now - REQUEST_MS, BATCH)
      await servers.prune(now - SERVER_MS)
      await leases.release(lease, clockOf)
      return Math.max(occurrences, buried)
    })
    const removed = await pruned.catch((error: unknown) => {
      // Nobody has asked for the lease before, and two do at once: the other one has it.
      if (isRefusal(error)) return 0
      throw error
    })
    if (removed === BATCH) return clock.now() + PAUSE_MS
    await removeFinished(store)
    return clock.now() + EVERY_MS
  }
}
