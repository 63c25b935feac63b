import type { Instant } from '../clock/clock.ts'
import type { Json } from '../schedule/json.ts'
import type { OccurrenceOrigin, OccurrenceRef } from '../schedule/occurrence.ts'
import type { RowValue } from '../sql/flavor.ts'
import type { RunError } from './ledger.ts'
import type { ToldDetails } from './told-details.ts'

/** One attempt at an occurrence, and by what it proves that it is the present one. */
export interface RunRef extends OccurrenceRef {
  /** Counts the attempts; what an earlier attempt writes matches no row. */
  readonly attempt: number
}

/** An attempt of which the end was written, and what its occurrence has become. */
export interface EndedRun extends RunRef {
  readonly state: 'planned' | 'succeeded' | 'failed'
}

/** How an attempt ended. */
export type RunOutcome =
  | { readonly kind: 'succeeded'; readonly result: Json }
  /** It failed; with `retryInMs`, another attempt follows after that time. */
  | {
      readonly kind: 'failed'
      readonly error: RunError
      readonly result: Json
      readonly retryInMs: number | undefined
    }
  /** It was broken off because its server stops, and begins again elsewhere. */
  | { readonly kind: 'given-back' }

/** What a guard writes on the row of a run: somebody waits for its end, or it is told to end. */
export type GuardMark = 'awaited' | 'overlap'

export interface FinishedRun {
  readonly run: RunRef & { readonly origin?: OccurrenceOrigin }
  /** Whether it is known to run under a guard, which others wait for. */
  readonly isGuarded: boolean
  /** The mark that was seen on its row. With another one its end does not count: who made it has to be called. */
  readonly mark?: GuardMark | undefined
  readonly outcome: RunOutcome
  /** What its handler told of it, if it told anything. */
  readonly told?: ToldDetails | undefined
}

/** What one statement writes of results and errors: a database does not take statements of any length. */
const CHARACTERS_AT_ONCE = 1_000_000
/** Whether another attempt may follow, so that it must be written in a transaction. */
export function beginsAgain({ outcome }: FinishedRun): boolean {
  return outcome.kind === 'given-back' || (outcome.kind === 'failed' && outcome.retryInMs !== undefined)
}

/** Whether its end is written together with other things. */
export function takesTransaction(finished: FinishedRun): boolean {
  return finished.isGuarded || finished.told !== undefined || beginsAgain(finished)
}

/** The state, next due instant, failures to add, error, result and end of an occurrence after an attempt. */
export function columnsAfter(outcome: RunOutcome, mayRetry: boolean, now: Instant): RowValue[] {
  switch (outcome.kind) {
    case 'succeeded':
      return ['succeeded', null, 0, null, JSON.stringify(outcome.result), now]
    case 'failed': {
      const error = JSON.stringify(outcome.error)
      const result = JSON.stringify(outcome.result)
      const { retryInMs } = outcome
      const isFinal = retryInMs === undefined || !mayRetry
      return isFinal
        ? ['failed', null, 1, error, result, now]
        : ['planned', now + retryInMs, 1, error, result, null]
    }
    case 'given-back':
      return mayRetry
        ? ['planned', null, 0, null, null, null]
        : ['failed', null, 0, JSON.stringify(lostLeaseError()), null, now]
  }
}

export function lostLeaseError(): RunError {
  return {
    code: 'LEASE_LOST',
    message: 'the server that ran it stopped or vanished, and it was not to begin again',
  }
}

/** Cuts rows into pieces that a statement can carry. @returns where each begins, and where the next one does */
export function* pieces(rows: readonly (readonly RowValue[])[]): Generator<[from: number, to: number]> {
  let from = 0
  let length = 0
  for (const [i, row] of rows.entries()) {
    const own = row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0)
    if (i > from && length + own > CHARACTERS_AT_ONCE) {
      yield [from, i]
      from = i
      length = 0
    }
    length += own
  }
  if (rows.length > from) yield [from, rows.length]
}
