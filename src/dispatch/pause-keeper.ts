import type { Instant } from '../clock/clock.ts'
import { isRefusal } from '../sql/sql-error.ts'
import type { Logger } from '../logger.ts'
import { endFree, walkScope } from '../store/scope-walk.ts'
import type { Store } from '../store/store.ts'

/** How many pauses one transaction ends at most. */
const BATCH = 500

export interface PauseKeeperOptions {
  readonly store: Store
  readonly logger: Logger
  /** How far ahead what is resumed is planned. */
  readonly aheadMs: number
}

/** What was planned, and what was dropped, when pauses ended. */
interface Ended {
  readonly planned: number
  readonly missed: number
}

/** Ends pauses whose time is over, and goes on with pauses of many that somebody has left half done. */
export class PauseKeeper {
  readonly #options: PauseKeeperOptions

  constructor(options: PauseKeeperOptions) {
    this.#options = options
  }

  /** Does what is to be done by now; what others are at work on is left to them. */
  async pass(now: Instant): Promise<Ended> {
    const { store, aheadMs } = this.#options
    const { pauseAt } = await store.read((tables) => tables.pauses.probe())
    if (pauseAt > now) return { planned: 0, missed: 0 }

    let { planned, missed } = await this.#endAll(now)
    for (const scope of await store.read((tables) => tables.pauses.toLookAt(now))) {
      const done = await walkScope(store, scope, scope.state, aheadMs)
      planned += done.planned
      missed += done.missed
    }
    return { planned, missed }
  }

  async #endAll(now: Instant): Promise<Ended> {
    const sum = { planned: 0, missed: 0 }
    for (;;) {
      const ids = await this.#options.store.read((tables) => tables.operating.ended(now, BATCH))
      const ended = await this.#end(ids)
      sum.planned += ended.planned
      sum.missed += ended.missed
      // None: others hold what is left, or the database does not take it.
      if (ended.done === 0) return sum
    }
  }

  async #end(ids: readonly number[]): Promise<Ended & { done: number }> {
    if (ids.length === 0) return NOTHING
    const { store, aheadMs, logger } = this.#options
    try {
      return await store.transaction((tables) => endFree(tables, ids, aheadMs))
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (ids.length === 1) {
        logger.error({ error, schedule: ids[0] }, 'a pause could not be ended; it is tried again')
        return NOTHING
      }
      // One of them is to blame; the others must not suffer from it.
      const sum = { ...NOTHING }
      for (const id of ids) {
        const { planned, missed, done } = await this.#end([id])
        sum.planned += planned
        sum.missed += missed
        sum.done += done
      }
      return sum
    }
  }
}

const NOTHING = { planned: 0, missed: 0, done: 0 }
