import type { Instant } from '../clock/clock.ts'
import { plan, type Plan } from '../schedule/plan.ts'
import { compileTerms, plannableAt, type CompiledTerms } from '../schedule/terms.ts'
import type { PlanToRecord } from '../store/record-plans.ts'
import { parseTerms, type CursorRecord } from '../store/schedule-record.ts'

/** How many terms are kept compiled. One takes less than a kilobyte besides its text. */
const KEPT = 5_000

/** Compiles terms, and keeps them: many schedules have the same, and each comes again. */
export class TermsCompiler {
  readonly #compiled = new Map<string, CompiledTerms>()

  /** @throws when the terms cannot be read or compiled */
  compile(text: string): CompiledTerms {
    const known = this.#compiled.get(text)
    if (known !== undefined) return known

    const compiled = compileTerms(parseTerms(text))
    if (this.#compiled.size >= KEPT) this.#compiled.clear()
    this.#compiled.set(text, compiled)
    return compiled
  }
}

/** Plans the schedules of one batch. Those with the same terms and the same cursor have the same plan. */
export class BatchPlanner {
  readonly #compiler: TermsCompiler
  readonly #now: Instant
  readonly #horizon: Instant
  readonly #limit: number
  readonly #plans = new Map<CompiledTerms, Map<Instant, Plan>>()

  constructor(compiler: TermsCompiler, now: Instant, horizon: Instant, limit: number) {
    this.#compiler = compiler
    this.#now = now
    this.#horizon = horizon
    this.#limit = limit
  }

  /** What to write for one schedule, or why nothing can be. */
  decide(cursor: CursorRecord): PlanToRecord | string {
    try {
      const compiled = this.#compiler.compile(cursor.termsText)
      const { queue, job } = compiled.terms
      return {
        scheduleId: cursor.id,
        generation: cursor.generation,
        queue,
        job,
        plan: this.#plan(compiled, cursor),
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  #plan(compiled: CompiledTerms, { nextAt, planned }: CursorRecord): Plan {
    const from = nextAt ?? this.#now + 1
    const make = () => plan(plannableAt(compiled, from, planned), this.#now, this.#horizon, this.#limit)
    // How many runs are left is each schedule's own.
    if (compiled.terms.maxRuns !== null) return make()

    let byCursor = this.#plans.get(compiled)
    if (byCursor === undefined) this.#plans.set(compiled, (byCursor = new Map()))
    let made = byCursor.get(from)
    if (made === undefined) byCursor.set(from, (made = make()))
    return made
  }
}
