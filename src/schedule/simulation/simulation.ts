import type { Duration } from '../../clock/duration.ts'
import type { MissedRange } from '../plan.ts'
import type { InstantInput, ScheduleInput } from '../schedule-input.ts'

/** A schedule as it would be stored, and how long its runs take. */
export interface SimulatedSchedule extends Omit<ScheduleInput, 'key'> {
  readonly key: string
  /** How long a run takes: always the same, or by what it is told; 0 by default. */
  readonly takes?: Duration | ((run: SimulatedStart) => Duration) | undefined
  /** The name of its namespace; `default` by default. */
  readonly namespace?: string | undefined
}

/** A run that begins. */
export interface SimulatedStart {
  readonly key: string
  readonly nominalAt: Date
  readonly startedAt: Date
  readonly attempt: number
}

/** A time in which no server is up: nothing is dispatched, nothing begins, and what runs is lost. */
export interface SimulatedOutage {
  readonly from: InstantInput
  readonly until: InstantInput
}

export interface SimulationOptions {
  readonly schedules: readonly SimulatedSchedule[]
  /** When the schedules are stored and the servers start. */
  readonly from: InstantInput
  /** What is due later is left out. */
  readonly until: InstantInput
  readonly outages?: readonly SimulatedOutage[] | undefined
  /** How far a dispatch pass looks ahead; `10m` by default. */
  readonly ahead?: Duration | undefined
  /** The time between two passes; `5m` by default. */
  readonly interval?: Duration | undefined
  /** How many runs may be under way on all servers together; no limit by default. */
  readonly concurrency?: number | undefined
  /** Called for each run that has ended, and each that did not begin, in the order in which that happens. */
  readonly onRun?: ((run: SimulatedRun) => void) | undefined
}

/** What became of one occurrence. */
export interface SimulatedRun {
  readonly key: string
  readonly nominalAt: Date
  readonly dueAt: Date
  /** `ran`; `replaced` by a later run; `skipped` since there was no room; `unfinished` or `waiting` at the end. */
  readonly outcome: 'ran' | 'replaced' | 'skipped' | 'unfinished' | 'waiting'
  readonly startedAt: Date | undefined
  readonly endedAt: Date | undefined
  /** How long after its due instant it began. */
  readonly lateMs: number
  /** How often it has begun: more than once when an outage broke it off. */
  readonly attempt: number
  readonly origin: 'schedule' | 'catch-up'
}

/** What became of one schedule. */
export interface SimulatedOutcome {
  readonly key: string
  readonly namespace: string
  readonly ran: number
  readonly skipped: number
  readonly replaced: number
  /** How many were dropped, since no dispatcher passed in time. */
  readonly missed: number
  readonly missedRanges: readonly MissedRange[]
  /** How many were made up for. */
  readonly caughtUp: number
  /** How many begun runs an outage broke off. */
  readonly brokenOff: number
  /** What has not ended, or not begun, at the end. */
  readonly unfinished: number
  readonly waiting: number
  readonly mostAtOnce: number
  readonly latestMs: number
}

export interface Simulation {
  readonly from: Date
  readonly until: Date
  readonly schedules: readonly SimulatedOutcome[]
  /** The most runs that were under way at the same time, and when that was first. */
  readonly mostAtOnce: { readonly count: number; readonly at: Date }
  /** The minutes in which most runs began, the fullest first; ten at most. */
  readonly fullestMinutes: readonly { readonly at: Date; readonly began: number }[]
}
