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
  /** Whether guards were told, which may have called others. */
  readonly hasCalled: boolean
}

const NOTHING: Written = { counted: 0, held: [], failed: [], hasCalled: false }

/** Writes how runs ended, many at once; one that the database refuses does not keep the others from being written. */
export class RunWriter {
  readonly #store: Pick<Store, 'brief' | 'read' | 'transaction'>
  readonly #owner: string
  readonly #logger: Logger

  constructor(store: Pick<Store, 'brief' | 'read' | 'transaction'>, owner: string, logger: Logger) {
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
    const written = {
      counted: done.length,
      held: ended.filter(({ run }) => isHeld.has(occurrenceId(run))),
      failed: ended
        .filter(({ run }) => hasFailed.has(occurrenceId(run)))
        .map(({ run, outcome }) => ({
          run,
          error: outcome.kind === 'failed' ? outcome.error : lostLeaseError(),
        })),
      hasCalled: ended.some(({ isGuarded }) => isGuarded),
    }
    if (done.length + held.length === ended.length) return written
    const known = new Set([...done, ...held].map(occurrenceId))
    const marked = await this.#markedSince(ended.filter(({ run }) => !known.has(occurrenceId(run))))
    return added(written, await this.#writeAll(marked))
  }

  /** Those of the ends that do not count, since a guard has left a mark on the run meanwhile: they are to be written knowing of it. */
  async #markedSince(ended: readonly OwnRun[]): Promise<OwnRun[]> {
    const runs = ended.map(({ run }) => run)
    const found = await this.#store.read((tables) => tables.turns.markedAmong(runs))
    const marks = new Map(
      found.map(({ mark, ...ref }) => [occurrenceId(ref), { mark, attempt: ref.attempt }]),
    )
    return ended.flatMap((one) => {
      const { mark, attempt } = marks.get(occurrenceId(one.run)) ?? {}
      const isNews = mark !== undefined && mark !== one.mark && attempt === one.run.attempt
      return isNews ? [{ ...one, isGuarded: true, mark }] : []
    })
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
  async #writePoisoned({ told, ...ended }: OwnRun, cause: unknown): Promise<Written> {
    const { run } = ended
    if (told !== undefined) {
      this.#logger.error({ error: cause, run: occurrenceId(run) }, 'what a run told could not be kept')
      return this.#writeAll([ended])
    }
    this.#logger.error({ error: cause, run: occurrenceId(run) }, 'how a run ended could not be kept')
    const error = {
      code: 'NOT_KEPT',
      message: 'the run ended, and the database refused what it gave; the server’s log says why',
    }
    const failure = { kind: 'failed', error, result: null, retryInMs: undefined } as const
    return this.#attempt([{ ...ended, outcome: failure }])
  }
}

function added(a: Written, b: Written): Written {
  return {
    counted: a.counted + b.counted,
    held: [...a.held, ...b.held],
    failed: [...a.failed, ...b.failed],
    hasCalled: a.hasCalled || b.hasCalled,
  }
}
