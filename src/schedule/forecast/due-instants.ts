import type { Instant } from '../../clock/clock.ts'
import { dueOf, type Plannable } from '../plan.ts'
import type { Buckets } from './buckets.ts'

/** The occurrences of one schedule, or of all that have the same. */
export interface DueInstants extends Pick<Plannable, 'recurrence' | 'offsetMs' | 'jitter'> {
  /** No nominal instant up to this one is an occurrence: the definition was not in force. */
  readonly after: Instant
  /** Where the number of runs is limited, what is left of it. */
  readonly limit: RunLimit | undefined
}

/** Occurrences from the cursor on are limited; those before it were planned. */
export interface RunLimit {
  readonly nextAt: Instant
  readonly runsLeft: number
}

/** After how many instants others get their turn. */
const AT_ONCE = 20_000

/**
 * Counts how many occurrences fall due in each bucket. Where the recurrence can count without a search, a second-long
 * interval costs no more over a year than over an hour of as many buckets; otherwise the instants are walked through.
 *
 * @param add told a bucket and how many more fall due in it
 * @returns yields, every now and then, how many instants were looked at since
 */
export function* countDue(
  due: DueInstants,
  buckets: Buckets,
  add: (bucket: number, count: number) => void,
): Generator<number, void> {
  const last = yield* lastOf(due, buckets.until)
  const { recurrence } = due
  const { from, until } = buckets
  const isDense = (recurrence.countMs?.(from, until) ?? 0) > buckets.length
  yield* isDense ? countByBucket(due, last, buckets, add) : walk(due, last, buckets, add)
}

function* walk(
  due: DueInstants,
  last: Instant,
  buckets: Buckets,
  add: (bucket: number, count: number) => void,
): Generator<number, void> {
  const { recurrence, after } = due
  const { from, until } = buckets
  let steps = 0
  let nominalAt = firstThatMayBeDue(due, from)
  while (nominalAt !== undefined && nominalAt < until && nominalAt <= last) {
    const following = recurrence.nextMs(nominalAt)
    const dueAt = dueOf(due, nominalAt, following)
    if (nominalAt > after && dueAt >= from && dueAt < until) add(buckets.indexOf(dueAt), 1)
    nominalAt = following
    if (++steps % AT_ONCE === 0) yield AT_ONCE
  }
  yield (steps % AT_ONCE) + 1
}

/** Since an occurrence is due before the next one's instant, only the newest one before `from` may be due after it. */
function firstThatMayBeDue(due: DueInstants, from: Instant): Instant | undefined {
  const { recurrence } = due
  return recurrence.previousMs(from, from - longestDelayMs(due)) ?? recurrence.nextMs(from - 1)
}

/** How much later than its nominal instant an occurrence may be due. */
export function longestDelayMs({ offsetMs, jitter }: Pick<DueInstants, 'offsetMs' | 'jitter'>): number {
  return offsetMs + (jitter?.withinMs ?? 0)
}

function* countByBucket(
  due: DueInstants,
  last: Instant,
  buckets: Buckets,
  add: (bucket: number, count: number) => void,
): Generator<number, void> {
  const first = firstThatMayBeDue(due, buckets.from)
  if (first === undefined) return

  const since = Math.max(first, due.after + 1)
  let before = dueBefore(due, since, last, buckets.from)
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    const upTo = dueBefore(due, since, last, buckets.partOf(bucket).until)
    if (upTo > before) add(bucket, upTo - before)
    before = upTo
  }
  yield buckets.length
}

/** How many occurrences with nominal instants from `since` to `last` are due before an instant: all but the newest surely. */
function dueBefore(due: DueInstants, since: Instant, last: Instant, before: Instant): number {
  const { recurrence } = due
  const latest = Math.min(before - 1, last)
  if (latest < since) return 0

  const count = recurrence.countMs!(since, latest)
  const newest = recurrence.previousMs(before, since)
  if (newest === undefined || newest > latest) return count
  const isDue = dueOf(due, newest, recurrence.nextMs(newest)) < before
  return isDue ? count : count - 1
}

/** The last nominal instant that the limit leaves; `Infinity` when it does not matter before `until`. */
function* lastOf({ recurrence, limit }: DueInstants, until: Instant): Generator<number, Instant> {
  if (limit === undefined) return Infinity
  const { nextAt, runsLeft } = limit
  if (runsLeft === 0) return nextAt - 1
  if (recurrence.countMs !== undefined) return lastByCount(limit, until, recurrence.countMs.bind(recurrence))

  let instant = nextAt - 1
  for (let run = 1; run <= runsLeft; run++) {
    const next = recurrence.nextMs(instant, until)
    if (next === undefined) return Infinity
    instant = next
    if (run % AT_ONCE === 0) yield AT_ONCE
  }
  yield (runsLeft % AT_ONCE) + 1
  return instant
}

/** The first instant up to which there are as many as are left, found by halves. */
function lastByCount(
  { nextAt, runsLeft }: RunLimit,
  until: Instant,
  countMs: (since: Instant, until: Instant) => number,
): Instant {
  if (countMs(nextAt, until) < runsLeft) return Infinity

  let low = nextAt
  let high = until
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (countMs(nextAt, middle) >= runsLeft) high = middle
    else low = middle + 1
  }
  return low
}
