import type { Instant } from '../clock/clock.ts'
import { occurrenceId, type OccurrenceRef } from './occurrence.ts'
import type { RunOverlap } from './overlap.ts'

/** An occurrence that is due and has not begun, or not begun again. */
export interface WaitingTurn extends OccurrenceRef {
  readonly dueAt: Instant
  /** Where it stands in its line: when it was due before it was told to wait. What waits for a break is due later than that. */
  readonly place: Instant
}

/** One of those that are not to be decided about now. */
export interface OtherTurn extends WaitingTurn {
  /** Its policy is `replace`: a newer one of its schedule takes its place. */
  readonly isReplaceable: boolean
}

/** One that is to begin now, if it may. */
export interface Arrival extends WaitingTurn {
  /** How often it has begun before. */
  readonly attempt: number
  /** Its policy, as that is now. */
  readonly overlap: RunOverlap
}

/** A run under way. */
export interface RunningTurn extends WaitingTurn {
  readonly startedAt: Instant
  /** It was told to end, since another one is to take its place. */
  readonly isReplaced: boolean
}

/** What is known of a guard. */
export interface GuardState {
  readonly running: readonly RunningTurn[]
  /** What else of the arrivals' schedules is due and has not begun: it waits for room, or is on its way. */
  readonly waiting: readonly OtherTurn[]
  /** When its last run ended; `undefined` when nobody remembers one. */
  readonly endedAt: Instant | undefined
}

/** What becomes of an arrival. */
export type TurnDecision =
  | {
      readonly kind: 'begin'
      /** What waits and does not run any more, since this one takes its place. */
      readonly outdates: readonly OccurrenceRef[]
    }
  | { readonly kind: 'skip' }
  | {
      readonly kind: 'wait'
      /** When it is due again; `undefined` when it waits until a run ends. */
      readonly until: Instant | undefined
      /** The runs that are to be aborted for it. */
      readonly replaces: readonly OccurrenceRef[]
      readonly outdates: readonly OccurrenceRef[]
    }

/**
 * Decides which of the occurrences that arrive at one guard begin, by the policy of each: in the order in which they are
 * due, each knowing what became of those before it.
 *
 * A further attempt of an occurrence, after a failure or a lost lease, is not skipped because of what began meanwhile: it
 * waits, unless its policy is `replace` and a newer one has taken its place.
 *
 * @returns a decision for each arrival, in the order of the arrivals
 * @see docs/design/overlap.md
 */
export function decideTurns(
  arrivals: readonly Arrival[],
  state: GuardState,
  now: Instant,
): readonly TurnDecision[] {
  const guard = new Guard(arrivals, state, now)
  const decisions = new Map<Arrival, TurnDecision>()
  for (const arrival of [...arrivals].sort(inOrder)) decisions.set(arrival, guard.decide(arrival))
  return arrivals.map((arrival) => decisions.get(arrival)!)
}

/** How long before it is due an occurrence may pass the fence. */
const EARLY_MS = 50

class Guard {
  readonly #now: Instant
  readonly #endedAt: Instant
  /** What waits and does not arrive. */
  readonly #others: readonly OtherTurn[]
  #running: readonly RunningTurn[]
  #waiting: readonly WaitingTurn[]

  constructor(arrivals: readonly Arrival[], { running, waiting, endedAt }: GuardState, now: Instant) {
    const arrive = new Set(arrivals.map(occurrenceId))
    this.#running = running
    this.#others = waiting.filter((turn) => !arrive.has(occurrenceId(turn)))
    this.#waiting = [...this.#others, ...arrivals]
    this.#endedAt = endedAt ?? -Infinity
    this.#now = now
  }

  decide(arrival: Arrival): TurnDecision {
    const decision = this.#decide(arrival)
    if (decision.kind !== 'wait') this.#waiting = this.#waiting.filter((turn) => turn !== arrival)
    if (decision.kind === 'begin')
      this.#running = [...this.#running, { ...arrival, startedAt: this.#now, isReplaced: false }]
    return decision
  }

  #decide(arrival: Arrival): TurnDecision {
    switch (arrival.overlap.policy) {
      case 'allow':
        return { kind: 'begin', outdates: [] }
      case 'replace':
        return this.#replace(arrival)
      default:
        return this.#queue(arrival)
    }
  }

  /** In turn: what is of the same schedule and was due before has its room first. */
  #queue(arrival: Arrival): TurnDecision {
    const ahead = this.#waiting.filter((turn) => isSameSchedule(turn, arrival) && inOrder(turn, arrival) < 0)
    const room = this.#roomFor(arrival)
    if (ahead.length < room) return { kind: 'begin', outdates: [] }

    const { policy } = arrival.overlap
    const places = policy === 'skip' ? 0 : policy === 'queue-one' ? room + 1 : Infinity
    return arrival.attempt > 0 || ahead.length < places ? this.#wait(arrival) : { kind: 'skip' }
  }

  /** The newest of the schedule takes the place of all others. */
  #replace(arrival: Arrival): TurnDecision {
    const others: readonly WaitingTurn[] = [...this.#running, ...this.#waiting]
    if (others.some((turn) => isSameSchedule(turn, arrival) && isNewer(turn, arrival)))
      return { kind: 'skip' }
    const outdates = this.#others.filter((turn) => turn.isReplaceable && isSameSchedule(turn, arrival))
    const outdated = new Set<WaitingTurn>(outdates)
    this.#waiting = this.#waiting.filter((turn) => !outdated.has(turn))
    if (this.#roomFor(arrival) > 0) return { kind: 'begin', outdates }

    const tooMany = this.#running.length - arrival.overlap.maxRunning + 1
    const oldest = [...this.#running].sort((a, b) => a.startedAt - b.startedAt || inOrder(a, b))
    const replaces = oldest.slice(0, Math.max(tooMany, 0)).filter(({ isReplaced }) => !isReplaced)
    return this.#wait(arrival, replaces, outdates)
  }

  #wait(
    arrival: Arrival,
    replaces: readonly RunningTurn[] = [],
    outdates: readonly OtherTurn[] = [],
  ): TurnDecision {
    const { overlap } = arrival
    const isBreak = this.#running.length < overlap.maxRunning && this.#isBreakAt(arrival)
    const told = new Set(replaces)
    this.#running = this.#running.map((turn) => (told.has(turn) ? { ...turn, isReplaced: true } : turn))
    return { kind: 'wait', until: isBreak ? this.#freeAt(overlap) : undefined, replaces, outdates }
  }

  #roomFor(arrival: Arrival): number {
    if (this.#isBreakAt(arrival)) return 0
    return Math.max(arrival.overlap.maxRunning - this.#running.length, 0)
  }

  /** Whether the break lasts longer than until the arrival is due, if that is in a moment: a copy may come far too early. */
  #isBreakAt({ overlap, dueAt }: Arrival): boolean {
    return this.#freeAt(overlap) > Math.max(this.#now, Math.min(dueAt, this.#now + EARLY_MS))
  }

  #freeAt({ minimumBreakMs }: RunOverlap): Instant {
    return this.#endedAt + minimumBreakMs
  }
}

function isSameSchedule(a: OccurrenceRef, b: OccurrenceRef): boolean {
  return a.scheduleId === b.scheduleId
}

/** What was due first, of instants that fell together by a delay what is nominally first. */
function inOrder(a: WaitingTurn, b: WaitingTurn): number {
  return a.place - b.place || a.nominalAt - b.nominalAt || a.generation - b.generation
}

/** By the instants for which they stand: a further attempt is due later than what replaces it, and no newer for that. */
function isNewer(a: WaitingTurn, b: WaitingTurn): boolean {
  return (a.nominalAt - b.nominalAt || a.generation - b.generation) > 0
}
