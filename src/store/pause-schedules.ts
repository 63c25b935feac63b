import type { Instant } from '../clock/clock.ts'
import { MAX_CAUGHT_UP, type CatchUp } from '../schedule/definition.ts'
import { flowOf } from '../schedule/flow.ts'
import { plan, type Plan } from '../schedule/plan.ts'
import { compileTerms, plannableAt, termsOf } from '../schedule/terms.ts'
import type { NewChange } from './change-table.ts'
import { closeGenerations, readable } from './close-generations.ts'
import type { Turn } from './operating-table.ts'
import { NO_COVER, type Cover, type Missed, type ScopePause } from './pause-table.ts'
import { NOBODY, sameScope, type Author, type Pause } from './pause.ts'
import { recordPlans, type PlanToRecord } from './record-plans.ts'
import type { ScheduleRecord } from './schedule-record.ts'
import type { Tables } from './store.ts'

/** How many occurrences one write plans of a schedule at most; the dispatcher goes on from there. */
export const PLANNED_BY_A_WRITE = 1_000
/** How many occurrences of a pause are made up for at most. */
const MADE_UP_BY_RESUME = 1_000
/** From this many on, what is resumed together is enough for one transaction. */
const ENOUGH_PLANNED = 10_000

/** How a pause ends. */
export type Ending =
  /** Somebody ends it now, with an answer for what it kept from running. */
  | { readonly kind: 'resumed'; readonly missed: Missed }
  /** It ends at the instant that it was given, and what falls due from then on, inclusively, is owed. */
  | { readonly kind: 'ended' }

/** What a resumption did. */
export interface Resumed {
  /** How many of the schedules it has dealt with, the first ones; the others are left for another transaction. */
  readonly done: number
  readonly planned: number
  readonly missed: number
}

/** The pause of a schedule that a pause of many covers. */
export function pauseBy({ namespace, group, ...pause }: ScopePause, isInactive = false): Pause {
  const { actor, note, begunAt: at, endsAt: until } = pause
  return { actor, note, at, until, scope: { namespace, group }, isInactive }
}

/**
 * Pauses schedules, which are held, each by its own pause; one that is paused already is paused by this one from now on.
 * The statements are as many for a thousand as for one.
 */
export async function pauseSchedules(
  tables: Tables,
  schedules: readonly { readonly record: ScheduleRecord; readonly pause: Pause }[],
  author: Author,
): Promise<void> {
  const running = schedules.filter(({ record }) => record.state !== 'paused')
  await closeGenerations(
    tables,
    running.map(({ record }) => record),
    'paused',
  )
  const turns = schedules.map(({ record, pause }): Turn => {
    if (record.state === 'paused')
      return { id: record.id, state: 'paused', generation: record.generation, pause }
    const opened = { cause: 'paused', validFrom: tables.now } as const
    return { id: record.id, state: 'paused', generation: record.generation + 1, opened, pause }
  })
  await tables.operating.turn(turns, author, tables.now)
  const changes = schedules.map(({ record }) => changeOf(record, 'paused'))
  await tables.changes.insert(changes, author, tables.now)
}

/**
 * Ends the pauses of schedules, which are held; one that is broken begins anew. What a pause of many covers stays paused, by
 * that; what its definition pauses too, as its definition has it.
 *
 * @param isForced whether they run whatever their definitions say
 */
export async function resumeSchedules(
  tables: Tables,
  records: readonly ScheduleRecord[],
  ending: Ending,
  author: Author,
  aheadMs: number,
  isForced = false,
): Promise<Resumed> {
  const covers = await coversOf(tables, records)
  const turns: Turn[] = []
  const closed: ScheduleRecord[] = []
  const plans = new Map<number, PlanToRecord>()
  let [planned, missed] = [0, 0]
  for (const record of records) {
    if (planned >= ENOUGH_PLANNED) break
    const { id, generation } = record
    const pause = stillPausing(record, covers, isForced)
    const isInactive = !isForced && record.pause?.isInactive === true
    if (pause !== undefined || isInactive) {
      if (record.state !== 'paused') closed.push(record)
      const opened =
        record.state === 'paused' ? undefined : ({ cause: 'paused', validFrom: tables.now } as const)
      const of = opened === undefined ? generation : generation + 1
      turns.push({ id, state: 'paused', generation: of, opened, pause: pause ?? null })
      continue
    }
    closed.push(record)
    const made = planAfter(record, ending, tables.now, aheadMs)
    planned += made.plan.occurrences.length
    missed += made.plan.missed?.count ?? 0
    plans.set(id, made)
    const validFrom = ending.kind === 'ended' ? endOf(record, tables.now) - 1 : tables.now
    const opened = { cause: 'resumed', validFrom } as const
    turns.push({ id, state: 'active', generation: generation + 1, opened, pause: null })
  }

  const withdrawn = await closeGenerations(tables, closed, 'superseded')
  // A pause has planned nothing; what a broken schedule had planned is withdrawn, and counts no more.
  for (const record of closed) {
    const count = withdrawn.get(record.id)
    if (count === undefined || !plans.has(record.id)) continue
    const counted = { ...record, planned: record.planned - count }
    plans.set(record.id, planAfter(counted, ending, tables.now, aheadMs))
  }
  await tables.operating.turn(turns, author, tables.now)
  await recordPlans(tables, [...plans.values()])
  const done = records.slice(0, turns.length)
  const kindOf = (i: number) => (turns[i]!.pause === null ? 'resumed' : 'paused')
  const changes = done.map((record, i) => changeOf(record, kindOf(i)))
  await tables.changes.insert(changes, author, tables.now)
  return { done: done.length, planned, missed }
}

/**
 * Ends those of the pauses that are to have ended by themselves, or that somebody who resumes many has not come to yet; until
 * that is done, whoever changes such a schedule does it first.
 *
 * @returns whether there were any
 */
export async function endPauses(
  tables: Tables,
  records: readonly ScheduleRecord[],
  aheadMs: number,
): Promise<boolean> {
  const ended = records.filter((record) => hasEnded(record, tables.now))
  await resumeAllOf(tables, ended, { kind: 'ended' }, NOBODY, aheadMs)

  const others = records.filter((record) => !ended.includes(record))
  const resuming = await tables.pauses.resuming(others.flatMap(({ pause }) => pause?.scope ?? []))
  for (const pause of resuming) {
    const own = others.filter((record) => isPausedBy(record, pause))
    const ending = { kind: 'resumed', missed: pause.missed ?? 'skip' } as const
    await resumeAllOf(tables, own, ending, { actor: pause.actor, note: pause.note }, aheadMs)
  }
  return ended.length > 0 || resuming.length > 0
}

async function resumeAllOf(
  tables: Tables,
  records: readonly ScheduleRecord[],
  ending: Ending,
  author: Author,
  aheadMs: number,
): Promise<void> {
  for (let left = records; left.length > 0;) {
    const { done } = await resumeSchedules(tables, left, ending, author, aheadMs)
    left = left.slice(done)
  }
}

/** Whether the pause of a schedule is to have ended by itself. */
export function hasEnded({ pause }: ScheduleRecord, now: Instant): boolean {
  return pause !== null && pause.until !== null && pause.until <= now
}

/** The pauses of many that cover the groups of schedules, by namespace. */
async function coversOf(tables: Tables, records: readonly ScheduleRecord[]): Promise<Map<string, Cover>> {
  const covers = new Map<string, Cover>()
  for (const [namespace, own] of Map.groupBy(records, (record) => record.namespace)) {
    const groups = own.map(({ group }) => group)
    covers.set(namespace, await tables.pauses.cover(namespace, groups, tables.now))
  }
  return covers
}

/** The pause of many that keeps a schedule paused when its own ends. */
function stillPausing(
  { namespace, group, pause }: ScheduleRecord,
  covers: ReadonlyMap<string, Cover>,
  isForced: boolean,
): Pause | undefined {
  const covering = (covers.get(namespace) ?? NO_COVER)(group)
  return covering && pauseBy(covering, !isForced && pause?.isInactive === true)
}

function endOf({ pause }: ScheduleRecord, now: Instant): Instant {
  return Math.min(pause?.until ?? now, now)
}

/** What a schedule has within the horizon when its pause ends. */
function planAfter(record: ScheduleRecord, ending: Ending, now: Instant, aheadMs: number): PlanToRecord {
  const from = fromOf(record, ending, now)
  const flow = flowOf(record.namespace)
  const target = { scheduleId: record.id, generation: record.generation + 1, flow }
  const definition = readable(record)?.definition
  // A pass finds out what is wrong with it, and says so.
  if (definition === undefined)
    return {
      ...target,
      queue: '',
      job: '',
      removes: false,
      plan: { occurrences: [], missed: undefined, nextAt: from },
    }

  const { queue, job, expectWithinMs } = definition
  const catchUp = catchUpAfter(definition.catchUp, ending, aheadMs)
  const compiled = compileTerms(termsOf({ ...definition, catchUp }, record))
  const limit = ending.kind === 'ended' ? PLANNED_BY_A_WRITE + MAX_CAUGHT_UP : PLANNED_BY_A_WRITE
  const made = plan(plannableAt(compiled, from, record.planned), now, now + aheadMs, limit)
  const removes = definition.whenFinished === 'remove'
  return { ...target, queue, job, expectWithinMs, removes, plan: ending.kind === 'ended' ? made : owed(made) }
}

function fromOf(record: ScheduleRecord, ending: Ending, now: Instant): Instant {
  if (ending.kind === 'ended') return endOf(record, now)
  const isMadeUp = ending.missed !== 'skip' && record.state === 'paused'
  return (isMadeUp ? record.validFrom : now) + 1
}

/**
 * What is made up for. A schedule that is not paused is planned `aheadMs` ahead, so nothing is too late for it that a
 * dispatcher comes upon within that time; beyond it, its own policy decides.
 */
function catchUpAfter(own: CatchUp, ending: Ending, aheadMs: number): CatchUp {
  if (ending.kind === 'ended')
    return own.withinMs > aheadMs ? own : { withinMs: aheadMs + 1, policy: 'all', max: MAX_CAUGHT_UP }
  const policy = ending.missed === 'latest' ? 'latest' : 'all'
  return { withinMs: Number.MAX_SAFE_INTEGER, policy, max: MADE_UP_BY_RESUME }
}

/** What a pause kept from running was never owed, so none of it counts as missed. */
export function owed(made: Plan): Plan {
  return { ...made, missed: undefined }
}

/** Whether it is part of this pause of many. */
export function isPausedBy({ pause }: ScheduleRecord, scope: ScopePause): boolean {
  return pause?.scope != null && sameScope(pause.scope, scope)
}

function changeOf({ id, revision, group, state }: ScheduleRecord, kind: NewChange['kind']): NewChange {
  return { scheduleId: id, revision: revision + 1, kind, definitionText: null, group, state }
}
