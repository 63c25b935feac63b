import type { Logger } from '../logger.ts'
import { occurrenceId } from '../schedule/occurrence.ts'
import { isRefusal } from '../sql/sql-error.ts'
import type { RunError } from '../store/ledger.ts'
import { lostLeaseError, takesTransaction, type FinishedRun } from '../store/run-end.ts'
import type { Store, Tables } from '../store/store.ts'
import type { BegunRun } from './definitions.ts'

/** A run that ended here. */
export interface OwnRun extends FinishedRun {
  readonly run: BegunRun
}

/** What became of ended runs that were to be written. */
export interface Written {
  /** How many counted; the others were no longer this server's. */
  readonly counted: number
  /** Those whose schedule another transaction is changing; they are to be written a little later. */
  readonly held: readonly OwnRun[]
  /** Those that failed for good, and with what. */
  readonly failed: readonly { readonly run: BegunRun; readonly error: RunError }[]
}

const NOTHING: Written = { counted: 0, held: [], failed: [] }

/** Writes how runs ended, many at once; one that the database refuses does not keep the others from being written. */
export class RunWriter {
  readonly #store: Store
  readonly #owner: string
  readonly #logger: Logger

  constructor(store: Store, owner: string, logger: Logger) {
    this.#store = store
    this.#owner = owner
    this.#logger = logger
  }

  async write(ended: readonly OwnRun[]): Promise<Written> {
    // What begins again has to look at its schedule first, and who leaves a guard calls the next.
    const together = ended.filter(takesTransaction)
    const written = await this.#writeAll(ended.filter((run) => !takesTransaction(run)))
    return added(written, await this.#writeAll(together))
  }

  async #writeAll(ended: readonly OwnRun[]): Promise<Written> {
    if (ended.length === 0) return NOTHING
    try {
      return await this.#attempt(ended)
    } catch (error) {
      if (!isRefusal(error)) throw error
      return ended.length === 1 ? this.#writePoisoned(ended[0]!, error) : this.#writeOneByOne(ended)
    }
  }

  async #attempt(ended: readonly OwnRun[]): Promise<Written> {
    const work = (tables: Tables) => tables.runs.finish(ended, this.#owner, tables.now)
    const { done, held } = await (ended.some(takesTransaction)
      ? this.#store.transaction(work)
      : this.#store.brief(work))
    const isHeld = new Set(held.map(occurrenceId))
    const hasFailed = new Set(done.filter(({ state }) => state === 'failed').map(occurrenceId))
    return {
      counted: done.length,
      held: ended.filter(({ run }) => isHeld.has(occurrenceId(run))),
      failed: ended
        .filter(({ run }) => hasFailed.has(occurrenceId(run)))
        .map(({ run, outcome }) => ({
          run,
          error: outcome.kind === 'failed' ? outcome.error : lostLeaseError(),
        })),
    }
  }

  async #writeOneByOne(ended: readonly OwnRun[]): Promise<Written> {
    let written = NOTHING
    for (const run of ended) written = added(written, await this.#writeAll([run]))
    return written
  }

  /**
   * The database does not take what the run gave: it is written without what its handler told, and if it is not that, as a
   * failure that says so.
   */
  async #writePoisoned({ run, isGuarded, outcome, told }: OwnRun, cause: unknown): Promise<Written> {
    if (told !== undefined) {
      this.#logger.error({ error: cause, run: occurrenceId(run) }, 'what a run told could not be kept')
      return this.#writeAll([{ run, isGuarded, outcome }])
    }
    this.#logger.error({ error: cause, run: occurrenceId(run) }, 'how a run ended could not be kept')
    const error = {
      code: 'NOT_KEPT',
      message: 'the run ended, and the database refused what it gave; the server’s log says why',
    }
    const failure = { kind: 'failed', error, result: null, retryInMs: undefined } as const
    return this.#attempt([{ run, isGuarded, outcome: failure }])
  }
}

function added(a: Written, b: Written): Written {
  return {
    counted: a.counted + b.counted,
    held: [...a.held, ...b.held],
    failed: [...a.failed, ...b.failed],
  }
}
