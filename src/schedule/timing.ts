import type { Instant } from '../clock/clock.ts'
import { compileRecurrence } from './compile-recurrence.ts'
import type { Recurrence, RecurrenceSpec } from './recurrence.ts'

/**
 * Everything that decides *when* and *where to* a schedule's occurrences go. A change of any part of it opens a new
 * generation; all else in a definition is a policy that applies to what has not begun.
 */
export interface Timing {
  readonly recurrence: RecurrenceSpec
  /** No occurrence is earlier than this. */
  readonly startsAt: Instant | null
  /** No occurrence is later than this. */
  readonly endsAt: Instant | null
  /** How many occurrences the schedule plans in its whole life. */
  readonly maxRuns: number | null
  /** The window over which a stable hash of the key delays its runs, in milliseconds. */
  readonly spreadMs: number
  /** The window over which a stable hash of the key and the nominal instant delays each run, in milliseconds. */
  readonly jitterMs: number
  /** The queue that delivers the occurrences. */
  readonly queue: string
}

/** Whether two definitions ask for the same instants on the same queue. Both come from `resolveDefinition`. */
export function sameTiming(a: Timing, b: Timing): boolean {
  return JSON.stringify(timingOf(a)) === JSON.stringify(timingOf(b))
}

/** The timing alone, of a larger definition. */
function timingOf({ recurrence, startsAt, endsAt, maxRuns, spreadMs, jitterMs, queue }: Timing): Timing {
  return { recurrence, startsAt, endsAt, maxRuns, spreadMs, jitterMs, queue }
}

/**
 * The recurrence of a timing, held within `startsAt` and `endsAt`.
 *
 * @throws {CronSyntaxError | UnknownZoneError} as `compileRecurrence`
 */
export function compileTiming(
  timing: Pick<Timing, 'recurrence' | 'startsAt' | 'endsAt'>,
  seed: string,
): Recurrence {
  const recurrence = compileRecurrence(timing.recurrence, seed)
  const { startsAt, endsAt } = timing
  if (startsAt === null && endsAt === null) return recurrence

  const earliest = startsAt ?? -Infinity
  const latest = endsAt ?? Infinity
  return {
    nextMs: (after, until = Infinity) =>
      recurrence.nextMs(Math.max(after, earliest - 1), Math.min(until, latest)),
    previousMs: (before, since = -Infinity) =>
      recurrence.previousMs(Math.min(before, latest + 1), Math.max(since, earliest)),
    clockChangeAt: (instant) => recurrence.clockChangeAt?.(instant),
    ...(recurrence.countMs !== undefined && {
      countMs: (since, until) => recurrence.countMs!(Math.max(since, earliest), Math.min(until, latest)),
    }),
  }
}
