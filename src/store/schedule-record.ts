import type { Instant } from '../clock/clock.ts'
import { DriverError } from '../errors.ts'
import type { Definition } from '../schedule/definition.ts'

/** Whether a schedule is planned from. A broken one cannot be read or planned, and says why. */
export type ScheduleState = 'active' | 'paused' | 'broken'

/** Who brought a schedule in: a user at run time, or code that declares it. */
export type ScheduleOrigin = 'user' | 'code'

/** What a dispatch pass needs of a schedule. */
export interface PlannableRecord {
  readonly id: number
  readonly namespace: string
  readonly key: string
  readonly generation: number
  /** The cursor: the first nominal instant that is not in the ledger yet. */
  readonly nextAt: Instant | null
  /** How many occurrences were planned, for `maxRuns`. */
  readonly planned: number
  /** The definition as stored; `parseDefinition` reads it. */
  readonly definitionText: string
}

/** A schedule as it is stored. */
export interface ScheduleRecord extends PlannableRecord {
  readonly group: string | null
  readonly origin: ScheduleOrigin
  readonly state: ScheduleState
  readonly revision: number
  /** The newest nominal instant that was planned. */
  readonly lastAt: Instant | null
  /** Why the schedule is broken. */
  readonly reason: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** Why a generation was opened. */
export type GenerationCause = 'created' | 'changed' | 'paused' | 'resumed' | 'deleted'

/**
 * The definition that a row holds. Only Carillon writes them, so this checks that the text is one of its own making,
 * not each value; what else may be wrong shows when it is compiled.
 *
 * @throws {DriverError} when it is not, so that the schedule can be marked as broken
 */
export function parseDefinition(text: string): Definition {
  try {
    const definition = JSON.parse(text) as Partial<Definition> | null
    if (typeof definition?.recurrence === 'object' && typeof definition.job === 'string')
      return definition as Definition
  } catch (cause) {
    throw new DriverError('the stored definition is not JSON', { retryable: false, cause })
  }
  throw new DriverError('the stored definition has no recurrence or no job', { retryable: false })
}
