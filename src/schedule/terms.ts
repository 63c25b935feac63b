import type { Instant } from '../clock/clock.ts'
import type { CatchUp, Definition } from './definition.ts'
import { jitterOf, type Jitter } from './jitter.ts'
import type { Plannable } from './plan.ts'
import { seedOf, type ScheduleIdentity } from './schedule-identity.ts'
import { spreadOffsetMs } from './spread.ts'
import { compileTiming, type Timing } from './timing.ts'
import type { Recurrence } from './recurrence.ts'

/**
 * What a dispatch pass needs of a definition, and nothing else. Stored apart from it, so that a pass over ten thousand
 * schedules reads no payload; and the same for schedules that run at the same times, so that they are compiled and
 * planned once.
 */
export interface Terms extends Omit<Timing, 'spreadMs' | 'jitterMs'> {
  readonly job: string
  readonly catchUp: CatchUp
  /** The delay of due over nominal that `spread` gives this schedule, in milliseconds. */
  readonly offsetMs: number
  /** What delays each of its occurrences by another amount; absent where nothing does. */
  readonly jitter?: Jitter
  /** Whether the schedule is to be removed when it has finished; absent where it is not. */
  readonly removes?: true
  /** What `H` in an expression is drawn from; absent where there is none. */
  readonly seed?: string
  /** How long after they are due its occurrences are to have ended; absent where nothing is expected. */
  readonly expectWithinMs?: number
}

/** Terms made ready for the planner. */
export interface CompiledTerms extends Pick<Plannable, 'recurrence' | 'catchUp' | 'offsetMs' | 'jitter'> {
  readonly terms: Terms
  readonly recurrence: Recurrence
}

/** The terms of a definition for one schedule. */
export function termsOf(definition: Definition, identity: ScheduleIdentity): Terms {
  const { recurrence, startsAt, endsAt, maxRuns, spreadMs, jitterMs, queue, job, catchUp } = definition
  const offsetMs = spreadOffsetMs(identity.namespace, identity.key, spreadMs)
  const terms = { recurrence, startsAt, endsAt, maxRuns, queue, job, catchUp, offsetMs }
  const { expectWithinMs } = definition
  return {
    ...terms,
    ...(jitterMs > 0 && { jitter: jitterOf(identity, jitterMs) }),
    ...(definition.whenFinished === 'remove' && { removes: true as const }),
    ...(mayHash(definition) && { seed: seedOf(identity) }),
    ...(expectWithinMs !== null && { expectWithinMs }),
  }
}

/** @throws {CronSyntaxError | UnknownZoneError} when the recurrence cannot be compiled */
export function compileTerms(terms: Terms): CompiledTerms {
  return compiledAs(terms, compileTiming(terms, terms.seed ?? ''))
}

/** The same where the recurrence is compiled already. */
export function compiledAs(terms: Terms, recurrence: Recurrence): CompiledTerms {
  const { catchUp, offsetMs, jitter } = terms
  return { terms, recurrence, catchUp, offsetMs, jitter }
}

/**
 * What the planner needs.
 *
 * @param nextAt the cursor
 * @param planned how many occurrences were planned before
 */
export function plannableAt({ terms, ...rest }: CompiledTerms, nextAt: Instant, planned: number): Plannable {
  const runsLeft = terms.maxRuns === null ? Infinity : Math.max(terms.maxRuns - planned, 0)
  return { ...rest, nextAt, runsLeft }
}

/** Whether an expression may hold an `H`. One too many only keeps the terms from being shared. */
function mayHash({ recurrence }: Definition): boolean {
  return (
    recurrence.kind === 'cron' && recurrence.expressions.some((text) => /H/.test(text.replace(/THU/gi, '')))
  )
}
