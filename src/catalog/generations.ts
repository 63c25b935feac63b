import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../clock/clock.ts'
import { ScheduleConflictError } from '../errors.ts'
import type { Definition } from '../schedule/definition.ts'
import type { SkipReason } from '../schedule/occurrence.ts'
import { missedRange, plan, type Plan, type Plannable } from '../schedule/plan.ts'
import { seedOf, type ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { compiledAs, compileTerms, plannableAt, termsOf } from '../schedule/terms.ts'
import type { CompiledSchedule, ResolvedSchedule } from '../schedule/resolve-definition.ts'
import type { Recurrence } from '../schedule/recurrence.ts'
import { compileTiming, sameTiming } from '../schedule/timing.ts'
import type { NewMissedRange } from '../store/ledger.ts'
import { recordPlans } from '../store/record-plans.ts'
import {
  parseDefinition,
  type GenerationCause,
  type ScheduleOrigin,
  type ScheduleRecord,
} from '../store/schedule-record.ts'
import type { NewCursor } from '../store/cursor-table.ts'
import { storedOverlap, type NewSchedule } from '../store/schedule-table.ts'
import type { Tables } from '../store/store.ts'
import { storedTerms } from '../store/stored-terms.ts'
import { ifReadable } from './if-readable.ts'

/** How many occurrences one write plans at most; the dispatcher goes on from there. */
const PLANNED_BY_A_WRITE = 1_000
/** How many occurrences of a pause are made up for at most. */
const MADE_UP_BY_RESUME = 1_000

/** A schedule that is to be stored. */
export interface ScheduleToWrite extends CompiledSchedule {
  readonly key: string
  /** The size of the payload, as JSON. */
  readonly payloadBytes: number
}

/**
 * Stores new schedules and plans what they have within the horizon, in a handful of statements for all of them.
 *
 * @returns them as they are stored
 */
export async function createSchedules(
  tables: Tables,
  { namespace, origin }: { readonly namespace: string; readonly origin: ScheduleOrigin },
  schedules: readonly ScheduleToWrite[],
  aheadMs: number,
): Promise<ScheduleRecord[]> {
  if (schedules.length === 0) return []

  const { now } = tables
  const terms = schedules.map(({ key, definition }) => termsOf(definition, { namespace, key }))
  const planned = schedules.map(({ active, recurrence }, i) => {
    const compiled = compiledAs(terms[i]!, recurrence)
    return active ? planWithin(plannableAt(compiled, now + 1, 0), now, aheadMs) : NOTHING_PLANNED
  })
  const writes = schedules.map(({ key, group, active, definition }, i): NewSchedule => ({
    key,
    group,
    state: stateOf(active),
    job: definition.job,
    definitionText: JSON.stringify(definition),
    terms: storedTerms(terms[i]!),
    overlap: storedOverlap(definition),
  }))
  const ids = await tables.schedules.insert({ namespace, origin }, writes, now)
  const cursors = writes.map((write, i): NewCursor => {
    const { nextAt = null, occurrences } = planned[i]!
    return {
      id: ids[i]!,
      generation: 1,
      nextAt,
      lastAt: occurrences.at(-1)?.nominalAt ?? null,
      planned: occurrences.length,
      termsKey: write.terms.key,
    }
  })
  await tables.cursors.insert(cursors)
  const removing = cursors.filter(
    ({ nextAt }, i) => nextAt === null && schedules[i]!.active && terms[i]!.removes,
  )
  await tables.removals.add(removing.map(({ id }) => id))
  const occurrences = schedules.flatMap(({ definition: { queue, job } }, i) =>
    planned[i]!.occurrences.map((occurrence) => ({
      ...occurrence,
      scheduleId: ids[i]!,
      generation: 1,
      queue,
      job,
    })),
  )
  await tables.ledger.insert(occurrences, now)
  return writes.map((write, i) => newRecord({ namespace, origin }, write, cursors[i]!, now))
}

function newRecord(
  { namespace, origin }: { readonly namespace: string; readonly origin: ScheduleOrigin },
  { key, group, state, definitionText }: NewSchedule,
  { id, generation, nextAt, lastAt, planned }: NewCursor,
  now: Instant,
): ScheduleRecord {
  return {
    id,
    namespace,
    key,
    group,
    state,
    generation,
    validFrom: now,
    nextAt,
    lastAt,
    planned,
    origin,
    revision: 1,
    definitionText,
    reason: null,
    createdAt: now,
    updatedAt: now,
  }
}

const NOTHING_PLANNED: Plan = { occurrences: [], missed: undefined, nextAt: undefined }

/** Whether `changeSchedule` would change anything. */
export function isChange(record: ScheduleRecord, { group, active, definition }: ResolvedSchedule): boolean {
  if (causeOf(record, active, definition) !== undefined) return true
  return record.group !== group || !isDeepStrictEqual(parseDefinition(record.definitionText), definition)
}

/**
 * Replaces a schedule's definition. A change in when it runs, a pause and a resumption open a new generation: what the
 * older ones planned and did not begin is withdrawn, and the cursor starts again at now. Any other change applies to
 * what has not begun. Replacing a definition by the same leaves everything as it is.
 *
 * @returns whether it was another one
 */
export async function changeSchedule(
  tables: Tables,
  record: ScheduleRecord,
  { group, active, definition }: ResolvedSchedule,
  aheadMs: number,
): Promise<boolean> {
  const cause = causeOf(record, active, definition)
  if (cause !== undefined) {
    await openGeneration(tables, record, { group, active, definition }, cause, aheadMs)
    return true
  }
  const stored = parseDefinition(record.definitionText)
  if (record.group === group && isDeepStrictEqual(stored, definition)) return false

  const { state, generation, nextAt } = record
  await tables.schedules.update(record, { group, state, generation, nextAt, definition }, tables.now)
  if (state === 'active' && nextAt === null && definition.whenFinished === 'remove')
    await tables.removals.add([record.id])
  if (stored.job !== definition.job) await tables.ledger.setJob(record.id, definition.job)
  // What waits for its turn by the old policy asks again.
  if (!isDeepStrictEqual(stored.overlap, definition.overlap)) await tables.ledger.askAgain(record.id)
  return true
}

/**
 * Pauses a schedule that is not paused yet.
 *
 * @param reason why, where nobody asked for it
 */
export async function pauseSchedule(tables: Tables, record: ScheduleRecord, reason?: string): Promise<void> {
  if (record.state === 'paused') return

  const { group } = record
  const definition = storedDefinition(record)
  await openGeneration(tables, record, { group, active: false, definition }, 'paused', 0)
  if (reason !== undefined) await tables.schedules.giveReason(record.id, reason)
}

/** Resumes a schedule that is paused or broken, and makes up for the pause as asked. */
export async function resumeSchedule(
  tables: Tables,
  record: ScheduleRecord,
  missed: 'skip' | 'latest' | 'all',
  aheadMs: number,
): Promise<void> {
  if (record.state === 'active') return

  const { group } = record
  const definition = definitionOf(record)
  const write = { group, active: true, definition }
  if (missed === 'skip' || record.state !== 'paused') {
    return openGeneration(tables, record, write, 'resumed', aheadMs)
  }
  const madeUp = { from: record.validFrom + 1, policy: missed }
  await openGeneration(tables, record, write, 'resumed', aheadMs, madeUp)
}

/** Takes a schedule away; its rows stay until they are pruned, so that its history can be told. */
export async function deleteSchedule(tables: Tables, record: ScheduleRecord): Promise<void> {
  await withdraw(tables, record, 'deleted')
  await tables.generations.keep(record.id)
  await tables.schedules.bury(record.id, tables.now)
}

/** Which occurrences of a pause run after all. */
interface MadeUp {
  readonly from: Instant
  readonly policy: 'latest' | 'all'
}

async function openGeneration(
  tables: Tables,
  record: ScheduleRecord,
  { group, active, definition }: ResolvedSchedule,
  cause: GenerationCause,
  aheadMs: number,
  madeUp?: MadeUp,
): Promise<void> {
  const withdrawn = await withdraw(tables, record, active ? 'superseded' : 'paused')

  const generation = record.generation + 1
  await tables.generations.keep(record.id)
  await tables.schedules.update(
    record,
    { group, state: stateOf(active), generation, cause, nextAt: null, definition },
    tables.now,
  )
  if (!active) return

  const planned = record.planned - withdrawn
  const target = { ...record, generation, planned }
  if (madeUp === undefined) return planAhead(tables, target, definition, aheadMs)

  const catchUp = { withinMs: Number.MAX_SAFE_INTEGER, policy: madeUp.policy, max: MADE_UP_BY_RESUME }
  await planAhead(tables, target, { ...definition, catchUp }, aheadMs, madeUp.from)
}

/** Plans a schedule's own occurrences within the horizon, in the transaction that made them due. */
async function planAhead(
  tables: Tables,
  target: ScheduleIdentity & { id: number; generation: number; planned: number },
  definition: Definition,
  aheadMs: number,
  from: Instant = tables.now + 1,
): Promise<void> {
  const { queue, job } = definition
  const removes = definition.whenFinished === 'remove'
  const compiled = compileTerms(termsOf(definition, target))
  const decided = planWithin(plannableAt(compiled, from, target.planned), tables.now, aheadMs)
  await recordPlans(tables, [
    { scheduleId: target.id, generation: target.generation, queue, job, removes, plan: decided },
  ])
}

function planWithin(plannable: Plannable, now: Instant, aheadMs: number): Plan {
  // What a pause kept from running was never owed, so none of it counts as missed.
  return { ...plan(plannable, now, now + aheadMs, PLANNED_BY_A_WRITE), missed: undefined }
}

/**
 * Closes a generation: what it has planned is withdrawn, and what fell due without being planned, since nobody
 * dispatched, is told as missed. Catch-up does not reach behind the change.
 *
 * @returns how many planned occurrences were withdrawn
 */
async function withdraw(tables: Tables, record: ScheduleRecord, reason: SkipReason): Promise<number> {
  const missed = unplanned(record, tables.now)
  if (missed !== undefined) await tables.ledger.insertMissed([missed], tables.now)

  const owed = await withdrawOwed(tables, record, reason)
  const withdrawn = owed + (await tables.ledger.withdraw(record.id, reason, tables.now))
  if (withdrawn > 0) {
    const lastAt = await tables.ledger.lastKept(record.id)
    await tables.schedules.forgetPlanned(record.id, withdrawn, lastAt ?? null)
  }
  return withdrawn
}

/** The same for what is still to be caught up. */
async function withdrawOwed(tables: Tables, record: ScheduleRecord, reason: SkipReason): Promise<number> {
  const owed = await tables.owed.take(record.id)
  if (owed.length === 0) return 0
  const { queue = '', job = '' } = readable(record)?.definition ?? {}
  const ranges = owed.map(({ scheduleId, generation, from, until, count }) => ({
    scheduleId,
    generation,
    from,
    until,
    count,
    queue,
    job,
    reason,
  }))
  await tables.ledger.insertMissed(ranges, tables.now)
  return owed.reduce((sum, { count }) => sum + count, 0)
}

/** What a schedule's present generation owes and has not planned. */
function unplanned(record: ScheduleRecord, now: Instant): NewMissedRange | undefined {
  const stored = record.nextAt !== null && record.nextAt <= now ? readable(record) : undefined
  if (stored === undefined) return undefined

  const { recurrence, definition } = stored
  const missed = missedRange(recurrence, recurrence.nextMs(record.nextAt! - 1), undefined, now)
  const { queue, job } = definition
  return missed && { ...missed, scheduleId: record.id, generation: record.generation, queue, job }
}

/** Why a change opens a new generation, if it does. */
function causeOf(
  record: ScheduleRecord,
  active: boolean,
  definition: Definition,
): GenerationCause | undefined {
  const isPaused = record.state === 'paused'
  if (active && isPaused) return 'resumed'
  if (!active && !isPaused) return 'paused'
  const stored = readable(record)
  if (record.state === 'broken' || stored === undefined) return 'changed'
  return sameTiming(stored.definition, definition) ? undefined : 'changed'
}

/** A definition that can be planned from again. */
function definitionOf(record: ScheduleRecord): Definition {
  const definition = storedDefinition(record)
  compileTiming(definition, seedOf(record))
  return definition
}

/** @throws {ScheduleConflictError} when the row is damaged: nothing can be made of the schedule then but a new one */
export function storedDefinition(record: ScheduleRecord): Definition {
  try {
    return parseDefinition(record.definitionText)
  } catch {
    const message = `the definition of schedule "${record.key}" cannot be read: store it anew with schedule()`
    throw new ScheduleConflictError(message, record.key)
  }
}

/** The definition and what it compiles to; `undefined` when it cannot be read, whether or not anybody noticed yet. */
function readable(record: ScheduleRecord): { definition: Definition; recurrence: Recurrence } | undefined {
  return ifReadable(() => {
    const definition = parseDefinition(record.definitionText)
    return { definition, recurrence: compileTiming(definition, seedOf(record)) }
  })
}

function stateOf(active: boolean): 'active' | 'paused' {
  return active ? 'active' : 'paused'
}
