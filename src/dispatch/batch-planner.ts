import type { Instant } from '../clock/clock.ts'
import { plan, type Plan } from '../schedule/plan.ts'
import { compileTerms, plannableAt, type CompiledTerms } from '../schedule/terms.ts'
import type { PlanToRecord } from '../store/record-plans.ts'
import { parseTerms, type CursorRecord } from '../store/schedule-record.ts'

/** How many terms are kept compiled. One takes less than a kilobyte. */
const KEPT = 20_000

/** Compiled terms by their keys; a text says why some cannot be compiled. */
type TermsByKey = ReadonlyMap<string, CompiledTerms | string>

/** Reads and compiles terms, and keeps them: many schedules have the same, and each comes again. */
export class TermsCache {
  readonly #kept = new Map<string, CompiledTerms>()

  /**
   * The terms of schedules.
   *
   * @param read looks up the terms of schedules, as text
   */
  async of(
    cursors: readonly CursorRecord[],
    read: (ids: readonly number[]) => Promise<ReadonlyMap<number, string>>,
  ): Promise<TermsByKey> {
    const found = new Map<string, CompiledTerms | string>()
    const unknown = new Map<string, number>()
    for (const { id, termsKey } of cursors) {
      const known = this.#kept.get(termsKey)
      if (known === undefined) unknown.set(termsKey, id)
      else found.set(termsKey, known)
    }
    if (unknown.size === 0) return found

    const texts = await read([...unknown.values()])
    for (const [key, id] of unknown) found.set(key, this.#compile(key, texts.get(id)))
    return found
  }

  #compile(key: string, text = ''): CompiledTerms | string {
    try {
      const compiled = compileTerms(parseTerms(text))
      if (this.#kept.size >= KEPT) this.#kept.clear()
      this.#kept.set(key, compiled)
      return compiled
    } catch (error) {
      return messageOf(error)
    }
  }
}

/** Plans the schedules of one batch. Those with the same terms and the same cursor have the same plan. */
export class BatchPlanner {
  readonly #terms: TermsByKey
  readonly #now: Instant
  readonly #horizon: Instant
  readonly #limit: number
  readonly #owes: boolean
  readonly #plans = new Map<CompiledTerms, Map<Instant, Plan>>()

  /** @param owes whether what is to be caught up is owed, to be written at a rate */
  constructor(terms: TermsByKey, now: Instant, horizon: Instant, limit: number, owes: boolean) {
    this.#terms = terms
    this.#now = now
    this.#horizon = horizon
    this.#limit = limit
    this.#owes = owes
  }

  /** What to write for one schedule, or why nothing can be. */
  decide(cursor: CursorRecord): PlanToRecord | string {
    const compiled = this.#terms.get(cursor.termsKey)!
    if (typeof compiled === 'string') return compiled
    try {
      const { queue, job, removes = false, expectWithinMs } = compiled.terms
      return {
        scheduleId: cursor.id,
        generation: cursor.generation,
        queue,
        job,
        flow: cursor.flow,
        removes,
        expectWithinMs,
        plan: this.#plan(compiled, cursor),
      }
    } catch (error) {
      return messageOf(error)
    }
  }

  #plan(compiled: CompiledTerms, { nextAt, planned }: CursorRecord): Plan {
    const from = nextAt ?? this.#now + 1
    const make = () =>
      plan(plannableAt(compiled, from, planned), this.#now, this.#horizon, this.#limit, this.#owes)
    // How many runs are left is each schedule's own.
    if (compiled.terms.maxRuns !== null) return make()

    let byCursor = this.#plans.get(compiled)
    if (byCursor === undefined) this.#plans.set(compiled, (byCursor = new Map()))
    let made = byCursor.get(from)
    if (made === undefined) byCursor.set(from, (made = make()))
    return made
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
