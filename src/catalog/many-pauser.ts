import { NOBODY, type Author, type Scope } from '../store/pause.ts'
import { EVERYTHING, type Reach } from '../store/reach.ts'
import type { Transactions } from '../store/store.ts'
import type { ManyOptions, PauseOptions, ResumeAllOptions } from './catalog-options.ts'
import { checkManyReached } from './narrow-reach.ts'
import { checkMissed, noting } from './operator.ts'
import { ScheduleReader, type ReaderParts } from './schedule-reader.ts'
import { listPauses, pauseScope, resumeScope, type ManyReport, type PauseInForce } from './scoped-pauses.ts'

/** What a pauser works with. */
export interface PauserParts extends ReaderParts {
  readonly store: Transactions
  /** How far ahead the schedule's own occurrences are written when it is stored. */
  readonly aheadMs: number
  /** Who makes the changes; nobody in particular by default. */
  readonly author?: Author
  /** What is within reach; everything by default. */
  readonly reach?: Reach
}

/** Reads the schedules of one namespace, and pauses many of them at once. */
export class ManyPauser extends ScheduleReader {
  readonly #parts: PauserParts

  constructor(parts: PauserParts, namespaceName: string) {
    super(parts, namespaceName)
    this.#parts = parts
  }

  get #author(): Author {
    return this.#parts.author ?? NOBODY
  }

  /**
   * Pauses all schedules of the namespace, or of one group, and those that come under it later, until `resumeAll` or until
   * an instant. They are paused in steps; one that is paused already stays as it is. Said again after a crash it completes
   * what was begun, and a dispatcher does so by itself.
   *
   * @throws {InvalidInputError} when `until` has passed
   */
  async pauseAll({ group, note, ...options }: PauseOptions & ManyOptions = {}): Promise<ManyReport> {
    return this.pauseIn({ namespace: this.namespaceName, group: group ?? null }, { note, ...options })
  }

  /**
   * Ends a pause of `pauseAll`, with the same group or without. What it has paused runs again, unless another pause of many
   * covers it.
   *
   * @param missed what happens to the occurrences of the pause, as in `resume`
   * @throws {InvalidInputError} when `missed` is no answer
   */
  async resumeAll({ group, ...options }: ResumeAllOptions = {}): Promise<ManyReport> {
    return this.resumeIn({ namespace: this.namespaceName, group: group ?? null }, options)
  }

  /** The pauses of many that concern this namespace, oldest first. */
  async pauses(): Promise<PauseInForce[]> {
    const { store, reach = EVERYTHING } = this.#parts
    const pauses = await listPauses(store, this.namespaceName)
    if (reach === EVERYTHING) return pauses
    return pauses.filter(({ group }) => group !== undefined && reach.groups?.includes(group))
  }

  protected async pauseIn(
    scope: Scope,
    { note, ...options }: PauseOptions & ManyOptions,
  ): Promise<ManyReport> {
    const { store, aheadMs, reach } = this.#parts
    checkManyReached(reach, scope.group ?? undefined)
    return pauseScope({ store, aheadMs, author: noting(this.#author, note) }, scope, options)
  }

  protected async resumeIn(
    scope: Scope,
    { missed = 'skip', note, ...options }: ResumeAllOptions,
  ): Promise<ManyReport> {
    checkMissed(missed)
    const { store, aheadMs, reach } = this.#parts
    checkManyReached(reach, scope.group ?? undefined)
    return resumeScope({ store, aheadMs, author: noting(this.#author, note) }, scope, missed, options)
  }
}
