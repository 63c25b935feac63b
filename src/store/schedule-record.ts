import type { Instant } from '../clock/clock.ts'
import { DriverError } from '../errors.ts'
import type { Backoff, Definition } from '../schedule/definition.ts'
import type { Pause } from './pause.ts'
import type { Terms } from '../schedule/terms.ts'

/** Whether a schedule is planned from. A broken one cannot be read or planned, and says why. */
export type ScheduleState = 'active' | 'paused' | 'broken'

/** Who brought a schedule in: a user at run time, or code that declares it. */
export type ScheduleOrigin = 'user' | 'code'

/** What a dispatch pass needs of a schedule. */
export interface CursorRecord {
  readonly id: number
  readonly generation: number
  /** The cursor: the first nominal instant that is not in the ledger yet. */
  readonly nextAt: Instant | null
  /** How many occurrences were planned, for `maxRuns`. */
  readonly planned: number
  /** Stands for the schedule's terms, and for equal ones of others. */
  readonly termsKey: string
  /** `flowOf` its namespace. */
  readonly flow: number
}

/** A schedule as it is stored. */
export interface ScheduleRecord extends Omit<CursorRecord, 'termsKey' | 'flow'> {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly origin: ScheduleOrigin
  readonly state: ScheduleState
  /** Since when the generation is in force. */
  readonly validFrom: Instant
  readonly revision: number
  /** The definition as stored; `parseDefinition` reads it. */
  readonly definitionText: string
  /** The newest nominal instant that was planned. */
  readonly lastAt: Instant | null
  /** Why the schedule is broken, or was paused by itself. */
  readonly reason: string | null
  /** An operator's pause; a schedule may also be paused by its definition alone. */
  readonly pause: Pause | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** Why a generation was opened. */
export type GenerationCause = 'created' | 'changed' | 'paused' | 'resumed' | 'deleted'

/** A definition as an earlier release may have stored it, without what there was not then. */
type Stored = Omit<
  Definition,
  'overlap' | 'jitterMs' | 'whenFinished' | 'backoff' | 'pauseAfter' | 'expectWithinMs'
> & {
  readonly expectWithinMs?: Definition['expectWithinMs']
  readonly pauseAfter?: Definition['pauseAfter']
  readonly overlap?: Definition['overlap']
  readonly jitterMs?: number
  readonly whenFinished?: Definition['whenFinished']
  readonly backoff: Omit<Backoff, 'jitter'> & Partial<Backoff>
}
const NO_JITTER = { jitter: 0 }

/**
 * The definition that a row holds. Only Carillon writes them, so this checks that the text is one of its own making,
 * not each value; what else may be wrong shows when it is compiled.
 *
 * @throws {DriverError} when it is not, so that the schedule can be marked as broken
 */
export function parseDefinition(text: string): Definition {
  const stored = parseStored(text, 'definition') as Stored
  const { overlap = null, jitterMs = 0, whenFinished = 'keep' } = stored
  const { pauseAfter = null, expectWithinMs = null, backoff, ...rest } = stored
  const later = { overlap, jitterMs, whenFinished, pauseAfter, expectWithinMs }
  return { ...rest, ...later, backoff: { ...NO_JITTER, ...backoff } }
}

/** Whether a schedule has nothing left to plan, and is to be removed then. One that cannot be read is not. */
export function isOver({ state, nextAt, definitionText }: ScheduleRecord): boolean {
  if (state !== 'active' || nextAt !== null) return false
  try {
    return parseDefinition(definitionText).whenFinished === 'remove'
  } catch (error) {
    if (error instanceof DriverError) return false
    throw error
  }
}

/** The terms that a row holds, checked in the same way. */
export function parseTerms(text: string): Terms {
  return parseStored(text, 'terms') as Terms
}

function parseStored(text: string, what: string): Partial<Terms> {
  try {
    const stored = JSON.parse(text) as Partial<Terms> | null
    if (typeof stored?.recurrence === 'object' && typeof stored.job === 'string') return stored
  } catch (cause) {
    throw new DriverError(`the stored ${what} cannot be read: no JSON`, { retryable: false, cause })
  }
  throw new DriverError(`the stored ${what} has no recurrence or no job`, { retryable: false })
}
