import type { CompiledSchedule } from '../schedule/resolve-definition.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { Tables, Transactions } from '../store/store.ts'
import { checkRevision, isAs } from './revision.ts'

/** What changes a schedule that was read before. */
export interface Rewrite {
  /** What it is to be. This may take its time, so it is asked outside of the transaction. */
  readonly resolve: (present: ScheduleRecord) => Promise<CompiledSchedule>
  readonly lock: (tables: Tables) => Promise<ScheduleRecord>
  readonly write: (tables: Tables, record: ScheduleRecord, resolved: CompiledSchedule) => Promise<unknown>
}

/**
 * Changes a schedule by what it is: read, resolved, and written if it is still the same then.
 *
 * @param present as it was read
 * @throws {ScheduleConflictError} when it is at another revision than the expected one
 */
export async function rewrite(
  store: Transactions,
  present: ScheduleRecord,
  expected: number | undefined,
  { resolve, lock, write }: Rewrite,
): Promise<void> {
  checkRevision(present, expected)
  for (;;) {
    const resolved = await resolve(present)
    const { id, revision } = present
    let isWritten = false
    const found = await store.transaction(async (tables) => {
      const record = await lock(tables)
      // A second try, after the answer to the first was lost, finds the change made.
      isWritten &&= isAs(record, resolved)
      if (isWritten || record.id !== id || record.revision !== revision) return record
      isWritten = true
      await write(tables, record, resolved)
      return record
    })
    if (isWritten) return

    present = found
    checkRevision(present, expected)
  }
}
