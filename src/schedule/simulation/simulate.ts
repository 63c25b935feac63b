import type { Instant } from '../../clock/clock.ts'
import { durationMs } from '../../clock/duration.ts'
import { giveWay } from '../../clock/give-way.ts'
import { InvalidInputError } from '../../errors.ts'
import { decideTurns, type Arrival } from '../decide-turns.ts'
import { instantMs } from '../instant-input.ts'
import { occurrenceId } from '../occurrence.ts'
import { EventQueue } from './event-queue.ts'
import { SimulatedScheduleState, toTurn, type SimulatedOccurrence } from './simulated-schedule.ts'
import type { SimulatedRun, Simulation, SimulationOptions } from './simulation.ts'

/** What happens, in the order in which it does at one instant. */
type Event =
  | { readonly kind: 'end'; readonly occurrence: SimulatedOccurrence; readonly attempt: number }
  | { readonly kind: 'up' | 'down' | 'pass' }
  | { readonly kind: 'due'; readonly occurrence: SimulatedOccurrence }

const RANK = { end: 0, down: 1, up: 1, pass: 2, due: 3 } as const satisfies Record<Event['kind'], number>
const MINUTE = 60_000
/** After how many events others get their turn. */
const AT_ONCE = 5_000
const MOST_MINUTES = 10

/**
 * Runs schedules on a virtual clock, as dispatchers and workers would: the same planner, the same catch-up, the same
 * decisions about overlap. Nothing is stored and no handler is called; each run takes as long as it is said to.
 *
 * @throws {InvalidInputError | CronSyntaxError | UnknownZoneError} when a schedule or an option is not valid
 */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const simulator = new Simulator(options)
  for (let count = 1; simulator.step(); count++) if (count % AT_ONCE === 0) await giveWay()
  return simulator.end()
}

/** What is under way and what waits at one guard. */
interface Guard {
  running: SimulatedOccurrence[]
  waiting: SimulatedOccurrence[]
  /** What waits for a break alone: it asks again by itself. */
  readonly resting: Set<SimulatedOccurrence>
  endedAt: Instant | undefined
}

class Simulator {
  readonly #from: Instant
  readonly #until: Instant
  readonly #aheadMs: number
  readonly #intervalMs: number
  readonly #concurrency: number
  readonly #onRun: (run: SimulatedRun) => void
  readonly #schedules: readonly SimulatedScheduleState[]
  readonly #events = new EventQueue<Event>()
  readonly #guards = new Map<string, Guard>()
  readonly #running = new Set<SimulatedOccurrence>()
  readonly #minutes = new Map<Instant, number>()
  /** Due while no server was up, or while as many ran as may. */
  #delayed: SimulatedOccurrence[] = []
  /** How many outages last; they may overlap. */
  #outages = 0
  #mostAtOnce = { count: 0, at: 0 }

  constructor(options: SimulationOptions) {
    const { schedules, from, until, outages = [], ahead = '10m', interval = '5m' } = options
    this.#from = instantMs(from, 'from')
    this.#until = instantMs(until, 'until')
    if (this.#until <= this.#from) throw new InvalidInputError('until must be later than from', 'until')
    this.#aheadMs = durationMs(ahead, 'ahead')
    this.#intervalMs = Math.max(durationMs(interval, 'interval'), 1_000)
    this.#concurrency = options.concurrency ?? Infinity
    this.#onRun = options.onRun ?? (() => {})
    this.#schedules = schedules.map((schedule, i) => new SimulatedScheduleState(i + 1, schedule, this.#from))

    for (const outage of outages) {
      const down = instantMs(outage.from, 'outages')
      const up = instantMs(outage.until, 'outages')
      if (up <= down) throw new InvalidInputError('an outage ends after it began', 'outages')
      if (up <= this.#from) continue
      this.#put(Math.max(down, this.#from), { kind: 'down' })
      this.#put(up, { kind: 'up' })
    }
    // Who stores a schedule plans what it has within the horizon.
    this.#plan(this.#from)
    this.#put(this.#from + this.#intervalMs, { kind: 'pass' })
  }

  /** Lets the next thing happen. @returns whether there was one */
  step(): boolean {
    const next = this.#events.take()
    if (next === undefined || next.at > this.#until) return false
    const { at, event } = next
    switch (event.kind) {
      case 'end':
        if (event.occurrence.attempt === event.attempt && this.#running.has(event.occurrence))
          this.#leave(event.occurrence, 'ran', at)
        break
      case 'down':
        this.#goDown()
        break
      case 'up':
        this.#comeUp(at)
        break
      case 'pass':
        if (this.#isUp) this.#plan(at)
        this.#put(at + this.#intervalMs, { kind: 'pass' })
        break
      case 'due':
        this.#arrive([event.occurrence, ...this.#alsoDue(at)].sort(inOrder), at)
        break
    }
    return true
  }

  /** What else is due at this instant: it comes to the fence together. */
  #alsoDue(at: Instant): SimulatedOccurrence[] {
    const due: SimulatedOccurrence[] = []
    for (
      let next = this.#events.first;
      next?.at === at && next.event.kind === 'due';
      next = this.#events.first
    ) {
      due.push(next.event.occurrence)
      this.#events.take()
    }
    return due
  }

  end(): Simulation {
    for (const occurrence of this.#running) this.#tell(occurrence, 'unfinished', undefined)
    const waiting = [...this.#delayed, ...[...this.#guards.values()].flatMap((guard) => guard.waiting)]
    for (const occurrence of waiting) this.#tell(occurrence, 'waiting', undefined)
    for (const schedule of this.#schedules) schedule.end(this.#until)
    const fullest = [...this.#minutes].sort(([a, x], [b, y]) => y - x || a - b).slice(0, MOST_MINUTES)
    return {
      from: new Date(this.#from),
      until: new Date(this.#until),
      schedules: this.#schedules.map(({ outcome }) => outcome),
      mostAtOnce: { count: this.#mostAtOnce.count, at: new Date(this.#mostAtOnce.at) },
      fullestMinutes: fullest.map(([at, began]) => ({ at: new Date(at), began })),
    }
  }

  get #isUp(): boolean {
    return this.#outages === 0
  }

  #put(at: Instant, event: Event): void {
    this.#events.put(at, RANK[event.kind], event)
  }

  #plan(now: Instant): void {
    for (const schedule of this.#schedules)
      for (const occurrence of schedule.pass(now, now + this.#aheadMs))
        this.#put(Math.max(occurrence.dueAt, now), { kind: 'due', occurrence })
  }

  /** What runs is lost with its server, and begins again when one is up. */
  #goDown(): void {
    this.#outages++
    for (const occurrence of this.#running) {
      occurrence.schedule.brokenOff++
      occurrence.schedule.running--
      occurrence.startedAt = undefined
      occurrence.isReplaced = false
    }
    this.#delayed.push(...this.#running)
    this.#running.clear()
    for (const guard of this.#guards.values()) {
      this.#delayed.push(...guard.waiting)
      guard.running = []
      guard.waiting = []
    }
  }

  #comeUp(now: Instant): void {
    this.#outages--
    if (!this.#isUp) return
    this.#plan(now)
    this.#arrive(this.#takeDelayed(), now)
  }

  #takeDelayed(): SimulatedOccurrence[] {
    const delayed = this.#delayed.sort(inOrder)
    this.#delayed = []
    return delayed
  }

  /** Lets those begin that may, in their order. */
  #arrive(occurrences: readonly SimulatedOccurrence[], now: Instant): void {
    for (const [i, occurrence] of occurrences.entries()) {
      if (!this.#isUp || this.#running.size >= this.#concurrency) {
        this.#delayed.push(...occurrences.slice(i))
        return
      }
      const { guard } = occurrence.schedule
      if (guard === undefined) this.#begin(occurrence, now)
      else this.#ask(this.#guardOf(guard), occurrence, occurrences.slice(i + 1), now)
    }
  }

  #guardOf(name: string): Guard {
    const guard = this.#guards.get(name) ?? {
      running: [],
      waiting: [],
      resting: new Set(),
      endedAt: undefined,
    }
    this.#guards.set(name, guard)
    return guard
  }

  /** @param following what arrives at the same moment after it, and is waiting as far as it is concerned */
  #ask(
    guard: Guard,
    occurrence: SimulatedOccurrence,
    following: readonly SimulatedOccurrence[],
    now: Instant,
  ): void {
    const { attempt, schedule } = occurrence
    const arrival: Arrival = { ...toTurn(occurrence), attempt, overlap: schedule.overlap! }
    guard.resting.delete(occurrence)
    const isOwn = (other: SimulatedOccurrence) => other.schedule === schedule
    const isReplaceable = schedule.overlap!.policy === 'replace'
    const waiting = [...new Set([...guard.waiting, ...guard.resting, ...following])]
      .filter(isOwn)
      .map((other) => ({ ...toTurn(other), isReplaceable }))
    const state = { running: guard.running.map(toTurn), waiting, endedAt: guard.endedAt }
    const [decision] = decideTurns([arrival], state, now)

    if (decision!.kind === 'skip') {
      this.#tell(occurrence, 'skipped', undefined)
      return this.#call(guard, now)
    }
    const outdated = new Set(decision!.outdates.map(occurrenceId))
    const isOutdated = (other: SimulatedOccurrence) => outdated.has(occurrenceId(other))
    for (const other of guard.waiting.filter(isOutdated)) this.#tell(other, 'skipped', undefined)
    guard.waiting = guard.waiting.filter((other) => !isOutdated(other))
    if (decision!.kind === 'begin') {
      guard.running.push(occurrence)
      return this.#begin(occurrence, now)
    }
    const { until, replaces } = decision!
    if (until === undefined) guard.waiting.push(occurrence)
    else {
      occurrence.dueAt = until
      guard.resting.add(occurrence)
      this.#put(until, { kind: 'due', occurrence })
    }
    for (const ref of replaces) {
      const replaced = guard.running.find(
        (other) => other.scheduleId === ref.scheduleId && other.nominalAt === ref.nominalAt,
      )
      // A handler that is told to end does so at once.
      if (replaced !== undefined) this.#leave(replaced, 'replaced', now)
    }
  }

  #begin(occurrence: SimulatedOccurrence, now: Instant): void {
    const { schedule, plannedFor } = occurrence
    occurrence.attempt++
    occurrence.startedAt = now
    this.#running.add(occurrence)
    schedule.running++
    schedule.mostAtOnce = Math.max(schedule.mostAtOnce, schedule.running)
    schedule.latestMs = Math.max(schedule.latestMs, now - plannedFor)
    if (this.#running.size > this.#mostAtOnce.count) this.#mostAtOnce = { count: this.#running.size, at: now }
    const minute = Math.floor(now / MINUTE) * MINUTE
    this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + 1)

    const endsAt = now + schedule.takesMs(occurrence, now)
    this.#put(endsAt, { kind: 'end', occurrence, attempt: occurrence.attempt })
  }

  #leave(occurrence: SimulatedOccurrence, outcome: 'ran' | 'replaced', now: Instant): void {
    this.#running.delete(occurrence)
    occurrence.schedule.running--
    this.#tell(occurrence, outcome, now)
    const name = occurrence.schedule.guard
    if (name !== undefined) {
      const guard = this.#guardOf(name)
      guard.running = guard.running.filter((other) => other !== occurrence)
      guard.endedAt = now
      this.#call(guard, now)
    }
    if (this.#delayed.length > 0 && this.#isUp) this.#arrive(this.#takeDelayed(), now)
  }

  /** Whoever has waited longest asks again; before it who replaces another. */
  #call(guard: Guard, now: Instant): void {
    const place = ({ schedule, plannedFor }: SimulatedOccurrence) =>
      schedule.overlap!.policy === 'replace' ? 0 : plannedFor
    const [first] = guard.waiting.toSorted((a, b) => place(a) - place(b))
    if (first === undefined) return
    guard.waiting = guard.waiting.filter((other) => other !== first)
    this.#arrive([first], now)
  }

  #tell(
    occurrence: SimulatedOccurrence,
    outcome: SimulatedRun['outcome'],
    endedAt: Instant | undefined,
  ): void {
    const { schedule, nominalAt, plannedFor, startedAt, attempt, origin } = occurrence
    schedule[outcome]++
    this.#onRun({
      key: schedule.key,
      nominalAt: new Date(nominalAt),
      dueAt: new Date(plannedFor),
      outcome,
      startedAt: startedAt === undefined ? undefined : new Date(startedAt),
      endedAt: endedAt === undefined ? undefined : new Date(endedAt),
      lateMs: startedAt === undefined ? 0 : startedAt - plannedFor,
      attempt,
      origin,
    })
  }
}

function inOrder(a: SimulatedOccurrence, b: SimulatedOccurrence): number {
  return a.dueAt - b.dueAt || a.nominalAt - b.nominalAt
}
