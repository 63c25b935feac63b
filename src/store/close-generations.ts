import { compileTiming } from '../schedule/timing.ts'
import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import { ifReadable } from '../schedule/if-readable.ts'
import type { SkipReason } from '../schedule/occurrence.ts'
import { missedRange } from '../schedule/plan.ts'
import type { Recurrence } from '../schedule/recurrence.ts'
import { seedOf } from '../schedule/schedule-identity.ts'
import type { NewMissedRange } from './ledger.ts'
import { parseDefinition, type ScheduleRecord } from './schedule-record.ts'
import type { Tables } from './store.ts'

/**
 * Closes the present generations of schedules, which are held: what they have planned is withdrawn, and what fell due
 * without being planned, since nobody dispatched, is told as missed. Catch-up does not reach behind the change. The
 * generations are kept, for others to follow.
 *
 * @returns how many planned occurrences of each were withdrawn; schedules without any are left out
 */
export async function closeGenerations(
  tables: Tables,
  records: readonly ScheduleRecord[],
  reason: SkipReason,
): Promise<Map<number, number>> {
  if (records.length === 0) return new Map()
  const missed = records.flatMap((record) => unplanned(record, tables.now) ?? [])
  await tables.ledger.insertMissed(missed, tables.now)

  const ids = records.map(({ id }) => id)
  const withdrawn = await tables.ledger.withdraw(ids, reason, tables.now)
  for (const [id, count] of await withdrawOwed(tables, records, reason))
    withdrawn.set(id, (withdrawn.get(id) ?? 0) + count)
  const lastKept = await tables.ledger.lastKept([...withdrawn.keys()])
  await tables.cursors.forgetPlanned(
    Array.from(withdrawn, ([id, count]) => ({ id, withdrawn: count, lastAt: lastKept.get(id) ?? null })),
  )
  await tables.generations.keep(ids)
  return withdrawn
}

/** Withdraws what is still to be caught up. @returns how many runs of each */
async function withdrawOwed(
  tables: Tables,
  records: readonly ScheduleRecord[],
  reason: SkipReason,
): Promise<Map<number, number>> {
  const owed = await tables.owed.take(records.map(({ id }) => id))
  const counts = new Map<number, number>()
  if (owed.length === 0) return counts
  const byId = new Map(records.map((record) => [record.id, record]))
  const ranges = owed.map(({ scheduleId, generation, from, until, count }) => {
    counts.set(scheduleId, (counts.get(scheduleId) ?? 0) + count)
    const { queue = '', job = '' } = readable(byId.get(scheduleId)!)?.definition ?? {}
    return { scheduleId, generation, from, until, count, queue, job, reason }
  })
  await tables.ledger.insertMissed(ranges, tables.now)
  return counts
}

/** What a schedule's present generation owes and has not planned. */
function unplanned(record: ScheduleRecord, now: Instant): NewMissedRange | undefined {
  const stored = record.nextAt !== null && record.nextAt <= now ? readable(record) : undefined
  if (stored === undefined) return undefined

  const { recurrence, definition } = stored
  const missed = missedRange(recurrence, record.nextAt!, undefined, now)
  const { queue, job } = definition
  return missed && { ...missed, scheduleId: record.id, generation: record.generation, queue, job }
}

/** The definition and what it compiles to; `undefined` when it cannot be read, whether or not anybody noticed yet. */
export function readable(
  record: ScheduleRecord,
): { definition: Definition; recurrence: Recurrence } | undefined {
  return ifReadable(() => {
    const definition = parseDefinition(record.definitionText)
    return { definition, recurrence: compileTiming(definition, seedOf(record)) }
  })
}
