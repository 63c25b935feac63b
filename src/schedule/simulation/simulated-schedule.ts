import type { Instant } from '../../clock/clock.ts'
import { durationMs, type Duration } from '../../clock/duration.ts'
import type { RunningTurn } from '../decide-turns.ts'
import type { OccurrenceRef } from '../occurrence.ts'
import { guardOf, type Overlap } from '../overlap.ts'
import { missedRange, plan, type MissedRange, type PlannedOccurrence } from '../plan.ts'
import { resolveDefinition } from '../resolve-definition.ts'
import { seedOf } from '../schedule-identity.ts'
import { compileTerms, plannableAt, termsOf, type CompiledTerms } from '../terms.ts'
import type { SimulatedOutcome, SimulatedSchedule, SimulatedStart } from './simulation.ts'

/** An occurrence in a simulation. */
export interface SimulatedOccurrence extends OccurrenceRef {
  readonly schedule: SimulatedScheduleState
  readonly origin: PlannedOccurrence['origin']
  /** By the recurrence; its place in the line. */
  readonly plannedFor: Instant
  /** When it is to begin; later than that when it waits for a break. */
  dueAt: Instant
  attempt: number
  startedAt: Instant | undefined
  isReplaced: boolean
}

export function toTurn(occurrence: SimulatedOccurrence): RunningTurn {
  const {
    scheduleId,
    generation,
    nominalAt,
    dueAt,
    plannedFor: place,
    startedAt = 0,
    isReplaced,
  } = occurrence
  return { scheduleId, generation, nominalAt, dueAt, place, startedAt, isReplaced }
}

/** A schedule in a simulation: where its cursor is, and what became of what it planned. */
export class SimulatedScheduleState {
  readonly id: number
  readonly key: string
  readonly namespace: string
  readonly overlap: Overlap | null
  /** Shared by all schedules with the same guard. */
  readonly guard: string | undefined
  readonly isActive: boolean
  ran = 0
  skipped = 0
  replaced = 0
  brokenOff = 0
  unfinished = 0
  waiting = 0
  running = 0
  mostAtOnce = 0
  latestMs = 0
  readonly #terms: CompiledTerms
  readonly #takes: Duration | ((run: SimulatedStart) => Duration)
  readonly #missed: MissedRange[] = []
  #caughtUp = 0
  #planned = 0
  #nextAt: Instant | undefined

  /** @throws as `resolveDefinition` */
  constructor(id: number, { takes = 0, namespace = 'default', ...input }: SimulatedSchedule, from: Instant) {
    const identity = { namespace, key: input.key }
    const { definition, active = true } = resolveDefinition(input, seedOf(identity))
    this.id = id
    this.key = input.key
    this.namespace = namespace
    this.overlap = definition.overlap
    this.guard = definition.overlap === null ? undefined : guardOf(identity, definition.overlap)
    this.isActive = active
    this.#terms = compileTerms(termsOf(definition, identity))
    this.#takes = takes
    this.#nextAt = active ? from + 1 : undefined
  }

  /** What a pass plans. */
  pass(now: Instant, horizon: Instant): SimulatedOccurrence[] {
    if (this.#nextAt === undefined || this.#nextAt > horizon) return []
    const decided = plan(plannableAt(this.#terms, this.#nextAt, this.#planned), now, horizon, Infinity)
    this.#nextAt = decided.nextAt
    this.#planned += decided.occurrences.length
    if (decided.missed !== undefined) this.#missed.push(decided.missed)
    this.#caughtUp += decided.occurrences.filter(({ origin }) => origin === 'catch-up').length
    return decided.occurrences.map(({ nominalAt, dueAt, origin }) => ({
      scheduleId: this.id,
      generation: 1,
      nominalAt,
      plannedFor: dueAt,
      dueAt,
      origin,
      schedule: this,
      attempt: 0,
      startedAt: undefined,
      isReplaced: false,
    }))
  }

  /** What is left unplanned at the end, since no dispatcher passed. */
  end(until: Instant): void {
    if (this.#nextAt === undefined || this.#nextAt > until) return
    const missed = missedRange(this.#terms.recurrence, this.#nextAt, undefined, until)
    if (missed !== undefined) this.#missed.push(missed)
  }

  /** How long a run that begins takes, in milliseconds. */
  takesMs({ nominalAt, attempt }: SimulatedOccurrence, startedAt: Instant): number {
    if (typeof this.#takes !== 'function') return durationMs(this.#takes, 'takes')
    const start = { key: this.key, nominalAt: new Date(nominalAt), startedAt: new Date(startedAt), attempt }
    return durationMs(this.#takes(start), 'takes')
  }

  get outcome(): SimulatedOutcome {
    return {
      key: this.key,
      namespace: this.namespace,
      ran: this.ran,
      skipped: this.skipped,
      replaced: this.replaced,
      missed: this.#missed.reduce((sum, { count }) => sum + count, 0),
      missedRanges: this.#missed,
      caughtUp: this.#caughtUp,
      brokenOff: this.brokenOff,
      unfinished: this.unfinished,
      waiting: this.waiting,
      mostAtOnce: this.mostAtOnce,
      latestMs: this.latestMs,
    }
  }
}
