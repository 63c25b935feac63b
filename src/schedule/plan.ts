import type { Instant } from '../clock/clock.ts'
import type { CatchUp } from './definition.ts'
import { jitterMs, type Jitter } from './jitter.ts'
import type { Recurrence } from './recurrence.ts'

/** What the planner needs to know of a schedule. */
export interface Plannable {
  readonly recurrence: Recurrence
  /** The cursor: no instant before it is ever planned. */
  readonly nextAt: Instant
  readonly catchUp: CatchUp
  /** How many occurrences may still be planned; `Infinity` without a limit. */
  readonly runsLeft: number
  /** The delay of due over nominal, in milliseconds; cut short so as not to reach the next occurrence. */
  readonly offsetMs: number
  /** What adds a delay to it that is each occurrence's own; cut short with it. */
  readonly jitter: Jitter | undefined
}

/** What says which occurrence comes next. */
type Planned = Pick<Plannable, 'recurrence' | 'nextAt' | 'catchUp'>

export interface PlannedOccurrence {
  readonly nominalAt: Instant
  readonly dueAt: Instant
  readonly origin: 'schedule' | 'catch-up'
  /** How many missed ones right before it were dropped, for which it stands; only of the first that is caught up. */
  readonly standsFor?: number
}

/** Occurrences that were dropped, as one range; both ends are occurrences. */
export interface MissedRange {
  readonly from: Instant
  readonly until: Instant
  /** How many there are; for a cron expression, `MISSED_COUNT_LIMIT` stands for that many or more. */
  readonly count: number
}

/** Missed occurrences that are to run and are not written yet; both ends are occurrences. */
export interface OwedRange extends MissedRange {
  /** How many before it were dropped, for which the first of it stands. */
  readonly standsFor: number
}

export interface Plan {
  /** What to write to the ledger, in rising order. */
  readonly occurrences: readonly PlannedOccurrence[]
  readonly missed: MissedRange | undefined
  /** What is to be caught up, where that is asked for as a range. */
  readonly owed?: OwedRange | undefined
  /** Where the cursor goes; `undefined` when nothing is left to plan. */
  readonly nextAt: Instant | undefined
}

/** Dropped occurrences of an expression are counted up to here, so that a year of missed seconds costs no more than a day of them. */
export const MISSED_COUNT_LIMIT = 10_000

/**
 * Decides what a dispatch pass does with one schedule: which occurrences of `(now, horizon]` to write, which missed
 * ones to catch up, which to drop, and where the cursor goes.
 *
 * At most `limit` occurrences are planned; when there are more, the cursor stops at the first that is left, and
 * planning again with the same `now` and `horizon` goes on from there. The work is bounded by `limit`, by
 * `catchUp.max`, and by `MISSED_COUNT_LIMIT`, however long ago the cursor was.
 *
 * @param owes whether what is to be caught up is answered as one range, to be written at a rate, however much it is
 * @see docs/design/dispatch.md
 */
export function plan(schedule: Plannable, now: Instant, horizon: Instant, limit: number, owes = false): Plan {
  const { recurrence, nextAt, runsLeft } = schedule

  const caughtUp = firstToCatchUp(schedule, now)
  const first = caughtUp ?? firstToCome(schedule, now)
  const missed = missedRange(recurrence, nextAt, first, now)
  const standsFor = missed?.count ?? 0
  const owed =
    owes && caughtUp !== undefined && runsLeft > 0
      ? { ...rangeFrom(recurrence, caughtUp, now, runsLeft), standsFor }
      : undefined
  const mostRuns = runsLeft - (owed?.count ?? 0)

  const occurrences: PlannedOccurrence[] = []
  let nominalAt = owed === undefined ? first : firstToCome(schedule, now)
  while (nominalAt !== undefined && nominalAt <= horizon) {
    if (occurrences.length >= Math.min(limit, mostRuns)) break

    const following = recurrence.nextMs(nominalAt)
    const dueAt = dueOf(schedule, nominalAt, following)
    occurrences.push({ nominalAt, dueAt, origin: nominalAt > now ? 'schedule' : 'catch-up' })
    nominalAt = following
  }
  const [oldest] = occurrences
  if (standsFor > 0 && oldest?.origin === 'catch-up') occurrences[0] = { ...oldest, standsFor }

  const isUsedUp = occurrences.length >= mostRuns
  return { occurrences, missed, owed, nextAt: isUsedUp ? undefined : nominalAt }
}

/** The occurrences from one of them up to `now`, the first `most` of them. */
function rangeFrom(recurrence: Recurrence, from: Instant, now: Instant, most: number): MissedRange {
  let until = from
  let count = 1
  for (; count < most; count++) {
    const next = recurrence.nextMs(until, now)
    if (next === undefined) break
    until = next
  }
  return { from, until, count }
}

/** The first occurrence that is not dropped: the first that is caught up, or what is still to come. */
export function firstToRun(schedule: Planned, now: Instant): Instant | undefined {
  return firstToCatchUp(schedule, now) ?? firstToCome(schedule, now)
}

/** The cursor may stem from older time zone data: it is a bound, and the recurrence says what lies behind it. */
function firstToCome({ recurrence, nextAt }: Planned, now: Instant): Instant | undefined {
  return recurrence.nextMs(Math.max(nextAt - 1, now))
}

/** When an occurrence falls due: later than its nominal instant by the delay, but before the `following` one. */
export function dueOf(
  { offsetMs, jitter }: Pick<Plannable, 'offsetMs' | 'jitter'>,
  nominalAt: Instant,
  following: Instant | undefined,
): Instant {
  const ownMs = jitter === undefined ? 0 : jitterMs(jitter, nominalAt)
  return Math.min(nominalAt + offsetMs + ownMs, (following ?? Infinity) - 1)
}

/** The first missed occurrence that is still to run, if any. Those that are exactly `within` old are too old. */
function firstToCatchUp({ recurrence, nextAt, catchUp }: Planned, now: Instant): Instant | undefined {
  if (catchUp.withinMs === 0) return undefined

  const oldest = recurrence.nextMs(Math.max(nextAt - 1, now - catchUp.withinMs), now)
  if (oldest === undefined) return undefined

  return nthNewest(recurrence, catchUp.policy === 'latest' ? 1 : catchUp.max, oldest, now)
}

/** The `n`-th newest occurrence up to `now`, or `oldest` when there are fewer. */
function nthNewest(recurrence: Recurrence, n: number, oldest: Instant, now: Instant): Instant {
  let instant = now + 1
  for (let i = 0; i < n; i++) {
    const previous = recurrence.previousMs(instant, oldest)
    if (previous === undefined) break
    instant = previous
  }
  return instant
}

/** The occurrences from `nextAt` up to `now` that come before the `first` one that is planned, if there are any. */
export function missedRange(
  recurrence: Recurrence,
  nextAt: Instant,
  first: Instant | undefined,
  now: Instant,
): MissedRange | undefined {
  const last = Math.min((first ?? Infinity) - 1, now)
  if (nextAt > last) return undefined

  const from = recurrence.nextMs(nextAt - 1, last)
  if (from === undefined) return undefined

  const until = recurrence.previousMs(last + 1, from)!
  const count = recurrence.countMs?.(from, until) ?? countUpTo(MISSED_COUNT_LIMIT, recurrence, from, until)
  return { from, until, count }
}

/** How many occurrences there are between two of them, both included: counted one by one, up to the limit. */
function countUpTo(limit: number, recurrence: Recurrence, from: Instant, until: Instant): number {
  let count = 1
  for (let at = from; at < until && count < limit; count++) at = recurrence.nextMs(at)!
  return count
}
