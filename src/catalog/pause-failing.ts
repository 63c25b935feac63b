import { failedInARow, failedInARowText } from '../schedule/failed-in-a-row.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { parseDefinition } from '../store/schedule-record.ts'
import type { Tables, Transactions } from '../store/store.ts'
import { pauseSchedules } from '../store/pause-schedules.ts'
import { ifReadable } from '../schedule/if-readable.ts'

/**
 * Pauses a schedule of which a run has failed for good, if it is to be paused after so many failures in a row. What is
 * looked at is the ledger: a failure that nobody acted on, since its server was killed in between, counts at the next.
 *
 * @returns why it was paused; `undefined` when it was not
 * @see docs/design/runs.md
 */
export async function pauseFailing(
  store: Transactions,
  failed: OccurrenceRef & ScheduleIdentity,
): Promise<string | undefined> {
  let reason: string | undefined
  await store.transaction(async (tables) => {
    const before = reason
    reason = await pauseIn(tables, failed, before)
  })
  if (reason !== undefined) store.announce()
  return reason
}

/** @param before why an earlier try paused it, which was committed if the schedule tells so */
async function pauseIn(
  tables: Tables,
  failed: OccurrenceRef & ScheduleIdentity,
  before: string | undefined,
): Promise<string | undefined> {
  const record = await tables.lock(failed.namespace, failed.key)
  if (record?.id !== failed.scheduleId) return undefined
  if (record.state === 'paused' && before !== undefined && record.reason === before) return before
  // What came after the run's generation begins to count anew.
  if (record.state !== 'active' || record.generation !== failed.generation) return undefined

  const pauseAfter = ifReadable(() => parseDefinition(record.definitionText).pauseAfter)
  if (pauseAfter === undefined || pauseAfter === null) return undefined
  const ends = await tables.runs.lastEnds(record, pauseAfter)
  if (!failedInARow(ends, pauseAfter)) return undefined

  const reason = failedInARowText(pauseAfter)
  const author = { actor: 'carillon', note: reason }
  const pause = { ...author, at: tables.now, until: null, scope: null, isInactive: false }
  await pauseSchedules(tables, [{ record, pause }], author)
  await tables.schedules.giveReason(record.id, reason)
  return reason
}
