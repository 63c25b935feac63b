import type { Instant } from '../clock/clock.ts'
import type { Logger } from '../logger.ts'
import { dueInstants, fairShares, RATE_WINDOW_MS, type CatchUpRate } from '../schedule/catch-up-rate.ts'
import type { CompiledTerms } from '../schedule/terms.ts'
import type { NewOccurrence } from '../store/ledger.ts'
import type { Owed, OwedRest, OwedTotal } from '../store/owed-table.ts'
import type { Store, Tables } from '../store/store.ts'
import { TermsCache } from './batch-planner.ts'

export interface OwedWriterOptions {
  readonly store: Store
  readonly logger: Logger
  /** How fast what was missed is caught up. */
  readonly catchUpRate: CatchUpRate
  /** When more than this is owed, it waits for an operator. */
  readonly holdAbove: number
}

/** What was written of what is owed. */
export interface OwedProgress {
  /** How many occurrences were written. */
  readonly written: number
  /** How many wait for an operator. */
  readonly held: number
  /** When there is more to write; `Infinity` when nothing is owed. */
  readonly nextAt: Instant
}

/** When to look again at what others are at work on. */
const LOOK_AGAIN_MS = 1_000
/** When to look again whether an operator has let go what is held, or whether what is broken was mended. */
const STUCK_MS = 15_000
/** The name of the pace. */
const PACE = 'catch-up'
const DAY_MS = 24 * 3_600_000
/** How many ranges are looked at besides those that there is room for: some may be in others' hands, or broken. */
const SPARE = 100
/** How many occurrences one statement writes. */
const AT_ONCE = 2_500

/**
 * Writes what is owed to the ledger, no faster than the rate: a minute's worth at a time, due one after the other, those of
 * all namespaces in turn. However many processes do so, the rate holds, since each minute is written by whoever holds the
 * pace.
 *
 * @see docs/design/catch-up.md
 */
export class OwedWriter {
  readonly #options: OwedWriterOptions
  readonly #terms = new TermsCache()
  #isHeld = false

  constructor(options: OwedWriterOptions) {
    this.#options = options
  }

  /**
   * Writes what falls due in the windows that begin up to `until`.
   *
   * @throws {DriverError} when the store fails; what was written by then stays
   */
  async write(until: Instant): Promise<OwedProgress> {
    const { store } = this.#options
    let written = 0
    for (;;) {
      if (!(await store.read((tables) => tables.owed.isAny()))) return { written, held: 0, nextAt: Infinity }

      const step = await store.transaction((tables) => this.#window(tables, until))
      written += step.written
      this.#tell(step.held)
      if (step.written === 0 || step.nextAt > until) return { ...step, written }
    }
  }

  async #window(tables: Tables, until: Instant): Promise<OwedProgress> {
    const usedUntil = await tables.paces.holdFree(PACE)
    const now = await tables.exactNow()
    if (usedUntil === undefined) return { written: 0, held: 0, nextAt: now + LOOK_AGAIN_MS }
    // A clock that was set back must not stop it.
    const from = usedUntil > until + DAY_MS ? now : Math.max(usedUntil, now)
    if (from > until) return { written: 0, held: 0, nextAt: from }

    const totals = await tables.owed.totals()
    const held = heldOf(totals, this.#options.holdAbove)
    const onlyReleased = held > 0
    const wanted = new Map(
      totals.map(({ namespace, runs, released }) => [namespace, onlyReleased ? released : runs]),
    )
    const round = Math.floor(from / RATE_WINDOW_MS)
    const shares = fairShares(wanted, this.#options.catchUpRate, round)
    const due = dueInstants(shares, this.#options.catchUpRate, from)

    let written = 0
    for (const [namespace, instants] of due)
      written += await this.#writeOf(tables, namespace, instants, onlyReleased)
    const isLeft = [...wanted.values()].reduce((sum, runs) => sum + runs, 0) > written
    if (written > 0)
      await tables.paces.keep(PACE, isLeft ? from + RATE_WINDOW_MS : this.#usedUntil(from, written))
    if (isLeft && written > 0) return { written, held, nextAt: from + RATE_WINDOW_MS }
    return { written, held, nextAt: isLeft || held > 0 ? now + STUCK_MS : Infinity }
  }

  /** When all is written before the window is over, what is owed next need not wait for its end. */
  #usedUntil(from: Instant, written: number): Instant {
    const { perMinute, perMinuteOfNamespace } = this.#options.catchUpRate
    const perMs = Math.min(perMinute, perMinuteOfNamespace) / RATE_WINDOW_MS
    return from + Math.min(Math.ceil(written / perMs), RATE_WINDOW_MS)
  }

  /** Writes as many occurrences of a namespace as there are instants, the oldest first. @returns how many */
  async #writeOf(
    tables: Tables,
    namespace: string,
    instants: readonly Instant[],
    onlyReleased: boolean,
  ): Promise<number> {
    if (instants.length === 0) return 0
    const candidates = await tables.owed.oldest(namespace, instants.length + SPARE, { onlyReleased })
    const cursors = await tables.cursors.lockFree([
      ...new Set(candidates.map(({ scheduleId }) => scheduleId)),
    ])
    // Whose schedule somebody else is changing is left for later; and what was changed since we looked is known now.
    const ranges = await tables.owed.again(candidates.filter(({ scheduleId }) => cursors.has(scheduleId)))
    const terms = await this.#terms.of([...cursors.values()], (ids) => tables.schedules.termsOf(ids))

    const occurrences: NewOccurrence[] = []
    const rests: OwedRest[] = []
    for (const owed of ranges.sort(oldestFirst)) {
      if (occurrences.length >= instants.length) break
      const cursor = cursors.get(owed.scheduleId)!
      const compiled = terms.get(cursor.termsKey)!
      // One that cannot be planned is broken, and what it is owed waits until it is mended.
      if (typeof compiled === 'string') continue
      rests.push(take(owed, compiled, cursor.flow, instants, occurrences))
    }
    for (let i = 0; i < occurrences.length; i += AT_ONCE)
      await tables.ledger.insert(occurrences.slice(i, i + AT_ONCE), tables.now)
    await tables.owed.settle(rests)
    return occurrences.length
  }

  #tell(held: number): void {
    const { logger, holdAbove } = this.#options
    if (held > 0 && !this.#isHeld)
      logger.warn(
        { runs: held, holdAbove },
        'more missed runs are to be caught up than may go by themselves: let them go with carillon catch-up release, or drop them',
      )
    this.#isHeld = held > 0
  }
}

/** How many runs wait for an operator. */
export function heldOf(totals: readonly OwedTotal[], holdAbove: number): number {
  const unreleased = totals.reduce((sum, { runs, released }) => sum + runs - released, 0)
  return unreleased > holdAbove ? unreleased : 0
}

/** Takes the oldest occurrences of a range, as far as there are instants at which they may be due. */
function take(
  owed: Owed,
  { recurrence, terms: { queue, job, expectWithinMs } }: CompiledTerms,
  flow: number,
  instants: readonly Instant[],
  into: NewOccurrence[],
): OwedRest {
  const { scheduleId, generation, standsFor } = owed
  let written = 0
  let nominalAt = recurrence.nextMs(owed.from - 1, owed.until)
  while (nominalAt !== undefined && into.length < instants.length) {
    const dueAt = instants[into.length]!
    const stands = written === 0 && standsFor > 0 ? standsFor : undefined
    into.push({
      scheduleId,
      generation,
      nominalAt,
      dueAt,
      origin: 'catch-up',
      queue,
      job,
      flow,
      expectWithinMs,
      standsFor: stands,
    })
    written++
    nominalAt = recurrence.nextMs(nominalAt, owed.until)
  }
  return { owed, from: nominalAt, written }
}

function oldestFirst(a: Owed, b: Owed): number {
  return a.from - b.from || a.scheduleId - b.scheduleId
}
