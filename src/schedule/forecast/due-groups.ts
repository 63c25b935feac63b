import type { Instant } from '../../clock/clock.ts'
import { CronExpression } from '../../cron/index.ts'
import { firstToRun } from '../plan.ts'
import type { Recurrence, RecurrenceSpec } from '../recurrence.ts'
import type { Terms } from '../terms.ts'
import { compileTiming } from '../timing.ts'
import { longestDelayMs, type DueInstants } from './due-instants.ts'

/** What decides when a schedule's occurrences fall due. */
export interface ForecastSchedule {
  readonly terms: Terms
  /** Since when its generation is in force. */
  readonly validFrom: Instant
  /** The cursor; `null` when nothing is left to plan. */
  readonly nextAt: Instant | null
  /** The newest nominal instant that was planned. */
  readonly lastAt: Instant | null
  /** How many occurrences were planned. */
  readonly planned: number
}

/** Schedules whose occurrences fall due at the same instants, by what is to be told of them. */
export interface DueGroup {
  readonly due: DueInstants
  /** How many schedules there are with each label. */
  readonly labels: ReadonlyMap<string, number>
}

/** How many recurrences are kept compiled. */
const KEPT = 20_000

interface KnownRecurrence {
  readonly id: number
  readonly recurrence: Recurrence
}

/**
 * Puts schedules together that are due at the same instants, so that each set of instants is looked at once. What differs
 * between schedules in other ways, their jobs say, keeps nothing apart.
 */
export class DueGroups {
  readonly #from: Instant
  readonly #now: Instant
  readonly #recurrences = new Map<string, KnownRecurrence>()
  #groups = new Map<string, { due: DueInstants; labels: Map<string, number> }>()
  #nextId = 0
  #size = 0

  /** @param from where the time begins that is looked at */
  constructor(from: Instant, now: Instant) {
    this.#from = from
    this.#now = now
  }

  /** How much was added since the last `take`. */
  get size(): number {
    return this.#size
  }

  /** @throws {CronSyntaxError | UnknownZoneError} when the recurrence cannot be compiled */
  add(schedule: ForecastSchedule, label: string): void {
    const { id, recurrence } = this.#compiled(schedule.terms)
    const due = this.#dueOf(schedule, recurrence)
    const { nextAt = '', runsLeft = '' } = due.limit ?? {}
    const { withinMs = '', seed = '' } = due.jitter ?? {}
    const key = [id, due.offsetMs, withinMs, seed, due.after, nextAt, runsLeft].join(' ')

    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, (group = { due, labels: new Map() }))
    const count = group.labels.get(label) ?? 0
    if (count === 0) this.#size++
    group.labels.set(label, count + 1)
  }

  /** What was added since the last time. */
  take(): DueGroup[] {
    const groups = [...this.#groups.values()]
    this.#groups = new Map()
    this.#size = 0
    return groups
  }

  #dueOf(schedule: ForecastSchedule, recurrence: Recurrence): DueInstants {
    const { terms, validFrom } = schedule
    const { offsetMs, jitter } = terms
    // Of nearly all schedules the definition is older than that, which is then nothing to tell them apart by.
    const after = validFrom < this.#from - longestDelayMs({ offsetMs, jitter }) ? -Infinity : validFrom
    return { recurrence, offsetMs, jitter, after, limit: this.#limitOf(schedule, recurrence) }
  }

  #limitOf({ terms, nextAt, lastAt, planned }: ForecastSchedule, recurrence: Recurrence) {
    const { maxRuns, catchUp } = terms
    if (maxRuns === null) return undefined
    if (nextAt === null) return { nextAt: lastAt === null ? -Infinity : lastAt + 1, runsLeft: 0 }

    // What is dropped when a dispatcher comes back does not count as a run.
    const owed = firstToRun({ recurrence, catchUp, nextAt }, this.#now) ?? nextAt
    return { nextAt: owed, runsLeft: Math.max(maxRuns - planned, 0) }
  }

  #compiled(terms: Terms): KnownRecurrence {
    const { startsAt, endsAt, seed } = terms
    const recurrence = seed === undefined ? terms.recurrence : withoutHash(terms.recurrence, seed)
    const text = JSON.stringify([recurrence, startsAt, endsAt])
    let known = this.#recurrences.get(text)
    if (known !== undefined) return known

    known = { id: this.#nextId++, recurrence: compileTiming({ recurrence, startsAt, endsAt }, '') }
    if (this.#recurrences.size >= KEPT) this.#recurrences.clear()
    this.#recurrences.set(text, known)
    return known
  }
}

/** With every `H` written out: what a million keys draw from it comes to few different instants. */
function withoutHash(spec: RecurrenceSpec, seed: string): RecurrenceSpec {
  if (spec.kind !== 'cron') return spec
  const { timezone, syntax, dst } = spec
  const written = (text: string) => new CronExpression(text, timezone, { syntax, dst, seed }).toString()
  return { ...spec, expressions: spec.expressions.map(written) }
}
