import type { Instant } from '../clock/clock.ts'
import { ScheduleConflictError } from '../errors.ts'
import type { Definition } from '../schedule/definition.ts'
import { flowOf } from '../schedule/flow.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import { seedOf } from '../schedule/schedule-identity.ts'
import { compileTiming } from '../schedule/timing.ts'
import type { OccurrenceRecord } from '../store/ledger.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { Tables } from '../store/store.ts'
import { storedDefinition } from './generations.ts'

/**
 * Writes one occurrence by hand, due at once. The cursor stays where it is.
 *
 * @param nominalAt its instant, which may have an occurrence already; the first free one by default
 * @throws {ScheduleConflictError} when the schedule is broken
 */
export async function triggerSchedule(
  tables: Tables,
  record: ScheduleRecord,
  nominalAt?: Instant,
): Promise<OccurrenceRecord> {
  if (record.state === 'broken') {
    const message = `schedule "${record.key}" is broken and cannot run: ${record.reason}`
    throw new ScheduleConflictError(message, record.key)
  }
  const definition = storedDefinition(record)
  const given = nominalAt === undefined ? undefined : refAt(record, nominalAt)
  const present = given && (await tables.ledger.find(given))
  if (present !== undefined) return present
  const ref = given ?? (await freeInstant(tables, record, definition))
  const { queue, job, expectWithinMs } = definition
  const flow = flowOf(record.namespace)
  const occurrence = {
    ...ref,
    dueAt: tables.now,
    origin: 'manual',
    queue,
    job,
    flow,
    expectWithinMs,
  } as const
  await tables.ledger.insert([occurrence], tables.now)
  return (await tables.ledger.find(ref))!
}

/**
 * Now, or the first millisecond after it that belongs to nobody: an occurrence has its nominal instant to itself, and
 * one by hand must not take that of one which is still to be planned.
 */
async function freeInstant(
  tables: Tables,
  record: ScheduleRecord,
  definition: Definition,
): Promise<OccurrenceRef> {
  const recurrence = compileTiming(definition, seedOf(record))
  for (let nominalAt = tables.now; ; nominalAt++) {
    const isOfRecurrence = recurrence.nextMs(nominalAt - 1, nominalAt) !== undefined
    const ref = refAt(record, nominalAt)
    if (!isOfRecurrence && (await tables.ledger.find(ref)) === undefined) return ref
  }
}

function refAt({ id, generation }: ScheduleRecord, nominalAt: Instant): OccurrenceRef {
  return { scheduleId: id, generation, nominalAt }
}
