import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { RunError } from '../store/ledger.ts'
import type { RunRef } from '../store/run-end.ts'
import type { BegunRun } from './definitions.ts'

/** A run that has failed for good: no further attempt follows. */
export interface FailedRun extends OccurrenceRef {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  /** `undefined` when the definition could not be read. */
  readonly job: string | undefined
  /** How often it had begun. */
  readonly attempt: number
  readonly error: RunError
  /** After how many failures in a row its schedule is to be paused. */
  readonly pauseAfter: number | null
}

/** Told of runs once the ledger has them as failed. Must not throw, and is not waited for. */
export type OnFailed = (failed: readonly FailedRun[]) => void

/** @param of what is known of its schedule */
export function failedRun(
  { scheduleId, generation, nominalAt, attempt }: RunRef,
  of: Pick<BegunRun, 'namespace' | 'key' | 'group' | 'definition'>,
  error: RunError,
): FailedRun {
  const { namespace, key, group, definition } = of
  const { job, pauseAfter } = definition instanceof Error ? { job: undefined, pauseAfter: null } : definition
  const run = { scheduleId, generation, nominalAt, attempt, error }
  return { ...run, namespace, key, group, job, pauseAfter }
}
