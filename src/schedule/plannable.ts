import type { Instant } from '../clock/clock.ts'
import type { Definition } from './definition.ts'
import type { Plannable } from './plan.ts'
import { spreadOffsetMs } from './spread.ts'
import { compileTiming } from './timing.ts'

/** Who a schedule is: what its stable random choices are drawn from. */
export interface ScheduleIdentity {
  readonly namespace: string
  readonly key: string
}

/** The seed of a schedule's `H` fields. */
export function seedOf({ namespace, key }: ScheduleIdentity): string {
  return `${namespace}/${key}`
}

/**
 * A definition made ready for the planner.
 *
 * @param nextAt the cursor
 * @param planned how many occurrences were planned before
 * @throws {CronSyntaxError | UnknownZoneError} when the recurrence cannot be compiled
 */
export function plannableOf(
  definition: Definition,
  identity: ScheduleIdentity,
  nextAt: Instant,
  planned: number,
): Plannable {
  return {
    recurrence: compileTiming(definition, seedOf(identity)),
    nextAt,
    catchUp: definition.catchUp,
    runsLeft: definition.maxRuns === null ? Infinity : Math.max(definition.maxRuns - planned, 0),
    offsetMs: spreadOffsetMs(identity.namespace, identity.key, definition.spreadMs),
  }
}
