import { ScheduleConflictError } from '../errors.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { OccurrenceRecord } from '../store/ledger.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { Tables } from '../store/store.ts'

/**
 * Puts a run back that failed for good: due now, with all its retries.
 *
 * @param ref which one; that with the newest nominal instant by default
 * @throws {ScheduleConflictError} when none has failed, or it would not be let through
 */
export async function retryOccurrence(
  tables: Tables,
  record: ScheduleRecord,
  ref: OccurrenceRef | undefined,
): Promise<OccurrenceRecord> {
  const found = ref === undefined ? await newestFailed(tables, record) : await tables.ledger.find(ref)
  const refuse = (why: string): never => {
    throw new ScheduleConflictError(`a run of "${record.key}" cannot be tried again: ${why}`, record.key)
  }
  if (found === undefined || found.scheduleId !== record.id)
    return refuse(ref === undefined ? 'none has failed' : `it has no run ${occurrenceId(ref)}`)
  if (found.state !== 'failed')
    return refuse(`run ${occurrenceId(found)} has not failed, it is ${found.state}`)
  if (found.generation !== record.generation)
    return refuse('the schedule has been changed since; trigger() runs it as it is now')
  if (record.state === 'paused' && found.origin !== 'manual')
    return refuse('the schedule is paused: resume it first')

  await tables.ledger.retry(found, tables.now)
  return (await tables.ledger.find(found))!
}

async function newestFailed(tables: Tables, { id }: ScheduleRecord): Promise<OccurrenceRecord | undefined> {
  const [newest] = await tables.ledger.history({ scheduleIds: [id], states: ['failed'], limit: 1 })
  return newest
}
