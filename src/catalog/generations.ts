import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../clock/clock.ts'
import { ScheduleConflictError } from '../errors.ts'
import type { Definition } from '../schedule/definition.ts'
import { flowOf } from '../schedule/flow.ts'
import { plan, type Plan, type Plannable } from '../schedule/plan.ts'
import { seedOf, type ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { compiledAs, compileTerms, plannableAt, termsOf } from '../schedule/terms.ts'
import type { CompiledSchedule, ResolvedSchedule } from '../schedule/resolve-definition.ts'
import { compileTiming, sameTiming } from '../schedule/timing.ts'
import type { ChangeKind } from '../store/change-table.ts'
import { closeGenerations, readable } from '../store/close-generations.ts'
import { isPausedBy, owed, PLANNED_BY_A_WRITE, resumeSchedules } from '../store/pause-schedules.ts'
import { NO_COVER, type Cover, type Missed } from '../store/pause-table.ts'
import type { Author } from '../store/pause.ts'
import { recordPlans } from '../store/record-plans.ts'
import {
  parseDefinition,
  type GenerationCause,
  type ScheduleOrigin,
  type ScheduleRecord,
} from '../store/schedule-record.ts'
import type { NewCursor } from '../store/cursor-table.ts'
import { storedOverlap, type NewSchedule, type ScheduleWrite } from '../store/schedule-table.ts'
import type { Tables } from '../store/store.ts'
import { storedTerms } from '../store/stored-terms.ts'
import { activityOf, scopeText } from './activity.ts'

/** A schedule that is to be stored. */
export interface ScheduleToWrite extends CompiledSchedule {
  readonly key: string
  /** The revision that is to be replaced, 0 when there must be none yet; any when left out. */
  readonly expected?: number | undefined
}

/** Whose new schedules are, and who stores them. */
export interface NewOwner {
  readonly namespace: string
  readonly origin: ScheduleOrigin
  readonly author: Author
}

/**
 * Stores new schedules and plans what they have within the horizon, in a handful of statements for all of them.
 *
 * @param cover which pauses of many are in force: what one of them covers is stored paused by it
 * @returns them as they are stored
 */
export async function createSchedules(
  tables: Tables,
  owner: NewOwner,
  schedules: readonly ScheduleToWrite[],
  aheadMs: number,
  cover: Cover,
): Promise<ScheduleRecord[]> {
  const { namespace } = owner
  if (schedules.length === 0) return []

  const { now } = tables
  const terms = schedules.map(({ key, definition }) => termsOf(definition, { namespace, key }))
  const activities = schedules.map(({ group, active }) => activityOf(undefined, group, active, cover))
  const planned = schedules.map(({ recurrence }, i) => {
    const compiled = compiledAs(terms[i]!, recurrence)
    return activities[i]!.state === 'active'
      ? planWithin(plannableAt(compiled, now + 1, 0), now, aheadMs)
      : NOTHING_PLANNED
  })
  const writes = schedules.map(({ key, group, definition }, i): NewSchedule => ({
    key,
    group,
    ...activities[i]!,
    job: definition.job,
    definitionText: JSON.stringify(definition),
    terms: storedTerms(terms[i]!),
    overlap: storedOverlap(definition),
  }))
  const ids = await tables.schedules.insert(owner, writes, now)
  const flow = flowOf(owner.namespace)
  const cursors = writes.map((write, i): NewCursor => {
    const { nextAt = null, occurrences } = planned[i]!
    return {
      id: ids[i]!,
      generation: 1,
      nextAt,
      lastAt: occurrences.at(-1)?.nominalAt ?? null,
      planned: occurrences.length,
      termsKey: write.terms.key,
      flow,
    }
  })
  await tables.cursors.insert(cursors)
  const removing = cursors.filter(
    ({ nextAt }, i) => nextAt === null && activities[i]!.state === 'active' && terms[i]!.removes,
  )
  await tables.removals.add(removing.map(({ id }) => id))
  const occurrences = schedules.flatMap(({ definition: { queue, job, expectWithinMs } }, i) =>
    planned[i]!.occurrences.map((occurrence) => ({
      ...occurrence,
      scheduleId: ids[i]!,
      generation: 1,
      queue,
      job,
      flow,
      expectWithinMs,
    })),
  )
  await tables.ledger.insert(occurrences, now)
  return writes.map((write, i) => newRecord(owner, write, cursors[i]!, now))
}

function newRecord(
  { namespace, origin }: NewOwner,
  { key, group, state, pause, definitionText }: NewSchedule,
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
    pause,
    createdAt: now,
    updatedAt: now,
  }
}

const NOTHING_PLANNED: Plan = { occurrences: [], missed: undefined, nextAt: undefined }

/** Whether `changeSchedule` would change anything, as long as no pause of many is begun or ended. */
export function isChange(record: ScheduleRecord, { group, active, definition }: ResolvedSchedule): boolean {
  const isWithOthers = record.pause?.scope != null
  const { state, pause } = activityOf(record, group, active, NO_COVER)
  if (!isWithOthers && !isDeepStrictEqual(record.pause, pause)) return true
  if (causeOf(record, !isWithOthers && state === 'active', definition) !== undefined) return true
  return record.group !== group || !isDeepStrictEqual(parseDefinition(record.definitionText), definition)
}

/** How a change of a schedule is made. */
export interface ChangeOptions {
  readonly author: Author
  readonly aheadMs: number
  /** The pauses of many that are in force; asked for when the change may let the schedule run. */
  readonly cover: Cover
  /** What it is called in the list of changes. */
  readonly kind?: ChangeKind
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
  { author, aheadMs, cover, kind }: ChangeOptions,
): Promise<boolean> {
  const { now } = tables
  const { state, pause } = activityOf(record, group, active, cover)
  const cause = causeOf(record, state === 'active', definition)
  const before = readable(record)?.definition
  const isSame = before !== undefined && isDeepStrictEqual(before, definition)
  if (cause === undefined && isSame && record.group === group && isDeepStrictEqual(record.pause, pause))
    return false

  const write = { group, state, pause, definition }
  if (cause !== undefined) {
    await openGeneration(tables, record, write, cause, author, aheadMs)
  } else {
    const { generation, nextAt } = record
    await tables.schedules.update(record, { ...write, state, generation, nextAt }, author, now)
    if (state === 'active' && nextAt === null && definition.whenFinished === 'remove')
      await tables.removals.add([record.id])
    if (before?.job !== definition.job) await tables.ledger.setJob(record.id, definition.job)
    if (before?.expectWithinMs !== definition.expectWithinMs)
      await tables.expectations.renew(record.id, definition.expectWithinMs)
  }
  if (!isDeepStrictEqual(before?.overlap ?? null, definition.overlap))
    await tables.turnMoves.move(record, definition.overlap)
  const isOfItself = isSame && record.group === group && (cause === 'paused' || cause === 'resumed')
  const change = {
    scheduleId: record.id,
    revision: record.revision + 1,
    kind: kind ?? (isOfItself ? cause : 'changed'),
    definitionText: isSame ? null : record.definitionText,
    group: record.group,
    state: record.state,
  }
  await tables.changes.insert([change], author, now)
  return true
}

/** The same, with the pauses of many that it may come under looked up. */
export async function changeUnderCover(
  tables: Tables,
  record: ScheduleRecord,
  resolved: ResolvedSchedule,
  options: Omit<ChangeOptions, 'cover'>,
): Promise<boolean> {
  const cover = needsCover(record, resolved)
    ? await tables.pauses.cover(record.namespace, [resolved.group], tables.now)
    : NO_COVER
  return changeSchedule(tables, record, resolved, { ...options, cover })
}

/** Whether a change may let a schedule run that a pause of many covers, so that those are to be looked at. */
export function needsCover(
  record: ScheduleRecord | undefined,
  { group, active }: Pick<ResolvedSchedule, 'group' | 'active'>,
): boolean {
  if (active === false) return false
  return record === undefined || record.state !== 'active' || record.group !== group
}

/**
 * Resumes a schedule that is paused or broken, and makes up for the pause as asked.
 *
 * @throws {ScheduleConflictError} when its definition cannot be read, or a pause of many keeps it paused
 */
export async function resumeSchedule(
  tables: Tables,
  record: ScheduleRecord,
  missed: Missed,
  author: Author,
  aheadMs: number,
): Promise<void> {
  if (record.state === 'active') return

  const { namespace, group, key } = record
  const covering = (await tables.pauses.cover(namespace, [group], tables.now))(group)
  if (covering !== undefined && isPausedBy(record, covering)) {
    const which = scopeText(covering)
    const message = `schedule "${key}" is paused with ${which}: end that pause with resumeAll, or move the schedule elsewhere`
    throw new ScheduleConflictError(message, key)
  }
  checkPlannable(record)
  await resumeSchedules(tables, [record], { kind: 'resumed', missed }, author, aheadMs, true)
}

/** Takes a schedule away; its rows stay until they are pruned, so that its history can be told. */
export async function deleteSchedule(tables: Tables, record: ScheduleRecord, author: Author): Promise<void> {
  await closeGenerations(tables, [record], 'deleted')
  await tables.schedules.bury(record.id, author, tables.now)
  const { id, revision, group, state } = record
  const change = { scheduleId: id, revision: revision + 1, kind: 'deleted', definitionText: null } as const
  await tables.changes.insert([{ ...change, group, state }], author, tables.now)
}

async function openGeneration(
  tables: Tables,
  record: ScheduleRecord,
  write: Pick<ScheduleWrite, 'group' | 'state' | 'pause' | 'definition'>,
  cause: GenerationCause,
  author: Author,
  aheadMs: number,
): Promise<void> {
  const isActive = write.state === 'active'
  const withdrawn = await closeGenerations(tables, [record], isActive ? 'superseded' : 'paused')
  const generation = record.generation + 1
  await tables.schedules.update(record, { ...write, generation, cause, nextAt: null }, author, tables.now)
  if (!isActive) return

  const planned = record.planned - (withdrawn.get(record.id) ?? 0)
  await planAhead(tables, { ...record, generation, planned }, write.definition, aheadMs)
}

/** Plans a schedule's own occurrences within the horizon, in the transaction that made them due. */
async function planAhead(
  tables: Tables,
  target: ScheduleIdentity & { id: number; generation: number; planned: number },
  definition: Definition,
  aheadMs: number,
): Promise<void> {
  const { queue, job, expectWithinMs } = definition
  const removes = definition.whenFinished === 'remove'
  const compiled = compileTerms(termsOf(definition, target))
  const decided = planWithin(plannableAt(compiled, tables.now + 1, target.planned), tables.now, aheadMs)
  await recordPlans(tables, [
    {
      scheduleId: target.id,
      generation: target.generation,
      queue,
      job,
      flow: flowOf(target.namespace),
      expectWithinMs,
      removes,
      plan: decided,
    },
  ])
}

function planWithin(plannable: Plannable, now: Instant, aheadMs: number): Plan {
  return owed(plan(plannable, now, now + aheadMs, PLANNED_BY_A_WRITE))
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
function checkPlannable(record: ScheduleRecord): void {
  compileTiming(storedDefinition(record), seedOf(record))
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
