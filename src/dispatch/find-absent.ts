import type { Instant } from '../clock/clock.ts'
import type { Definition } from '../schedule/definition.ts'
import { expectedBy } from '../schedule/expected-by.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import { spreadOffsetMs } from '../schedule/spread.ts'
import type { Expectation } from '../store/expectation-table.ts'
import type { OverdueRow } from '../store/overdue-rows.ts'
import type { RunDefinition } from '../store/run-ledger.ts'
import { parseDefinition } from '../store/schedule-record.ts'
import type { TableSet } from '../store/store.ts'

/** An occurrence that has not begun, or not ended, by when it was expected to. */
export interface AbsentOccurrence extends Expectation {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly job: string
  readonly queue: string
  readonly dueAt: Instant
  /** Where it stands; `unplanned` when no pass has come to it. */
  readonly state: 'planned' | 'sent' | 'running' | 'unplanned'
  readonly attempt: number
  /** The server that runs it. */
  readonly owner: string | null
}

export interface AbsentSearch {
  readonly now: Instant
  /** How long after it was due a run is to begin whose schedule has no expectation of its own; 0 for no limit. */
  readonly beginWithinMs: number
  /** Whether also what was told before. */
  readonly withTold: boolean
  /** Whether also what no pass has come to. */
  readonly withUnplanned: boolean
  /** How many of a kind at most. */
  readonly limit: number
}

/** What was found, and the expectations that were met. */
export interface AbsentFound {
  readonly absent: readonly AbsentOccurrence[]
  readonly met: readonly OccurrenceRef[]
  /** Whether there may be more. */
  readonly isFull: boolean
}

/**
 * Looks for what is absent: what waits and nobody begins, what was sent and never came, what runs for longer than its
 * schedule expects, and what nobody planned.
 */
export async function findAbsent(tables: TableSet, search: AbsentSearch): Promise<AbsentFound> {
  const { now, beginWithinMs, withTold, withUnplanned, limit } = search
  const expected = await tables.expectations.due(now, limit)
  const told = withTold ? await tables.expectations.told(limit) : []
  const open = await tables.overdue.open([...expected, ...told])
  const byDefault =
    beginWithinMs === 0 ? undefined : { dueBy: now - beginWithinMs, withKnown: withTold, limit }
  const waiting = byDefault === undefined ? [] : await tables.overdue.waiting(byDefault)
  const sent = byDefault === undefined ? [] : await tables.overdue.sent(byDefault)
  const unplanned = { dueBy: now, withKnown: withTold, limit }
  const cursors = withUnplanned ? await tables.overdue.cursors(unplanned) : []

  const all = [...open, ...waiting, ...sent, ...cursors]
  const ids = [...new Set(all.map(({ scheduleId }) => scheduleId))]
  const schedules = await tables.runs.definitions(ids)
  const known = new Map([...expected, ...told].map((one) => [occurrenceId(one), one.expectedAt]))

  const absent = new Map<string, AbsentOccurrence>()
  for (const row of [...open, ...waiting, ...sent]) {
    const judged = judgeRow(row, schedules.get(row.scheduleId), known.get(occurrenceId(row)), search)
    if (judged !== undefined) absent.set(occurrenceId(row), judged)
  }
  for (const cursor of cursors) {
    const judged = judgeCursor(cursor, schedules.get(cursor.scheduleId), search)
    if (judged !== undefined) absent.set(occurrenceId(cursor), judged)
  }
  const isOpen = new Set(open.map(occurrenceId))
  return {
    absent: [...absent.values()].sort((a, b) => a.expectedAt - b.expectedAt),
    met: expected.filter((one) => !isOpen.has(occurrenceId(one))),
    isFull: [expected, waiting, sent, cursors].some(({ length }) => length >= limit),
  }
}

function judgeRow(
  row: OverdueRow,
  schedule: RunDefinition | undefined,
  knownAt: Instant | undefined,
  { now, beginWithinMs }: AbsentSearch,
): AbsentOccurrence | undefined {
  const definition = schedule && readable(schedule)
  if (schedule === undefined || definition === undefined) return undefined
  const { expectWithinMs } = definition
  const own = expectWithinMs === null ? undefined : knownAt
  const expectedAt = own ?? expectedBy(row, expectWithinMs, beginWithinMs)
  if (expectedAt === undefined || expectedAt > now) return undefined
  const { namespace, key, group } = schedule
  return { ...row, namespace, key, group, expectedAt }
}

function judgeCursor(
  cursor: OccurrenceRef,
  schedule: RunDefinition | undefined,
  { now, beginWithinMs }: AbsentSearch,
): AbsentOccurrence | undefined {
  const definition = schedule && readable(schedule)
  if (schedule === undefined || definition === undefined) return undefined
  const { namespace, key, group } = schedule
  const { job, queue, expectWithinMs } = definition
  const dueAt = dueAtOf(cursor.nominalAt, schedule, definition)
  const expectedAt = expectedBy({ state: 'planned', dueAt, plannedAt: dueAt }, expectWithinMs, beginWithinMs)
  if (expectedAt === undefined || expectedAt > now) return undefined
  const where = { state: 'unplanned', attempt: 0, owner: null } as const
  return { ...cursor, namespace, key, group, job, queue, dueAt, ...where, expectedAt }
}

/** When an occurrence that was never planned would have been due. */
export function dueAtOf(
  nominalAt: Instant,
  { namespace, key }: RunDefinition,
  { spreadMs }: Definition,
): Instant {
  return nominalAt + spreadOffsetMs(namespace, key, spreadMs)
}

/** The definition; a broken schedule is told of in another way. */
export function readable({ definitionText }: RunDefinition): Definition | undefined {
  try {
    return parseDefinition(definitionText)
  } catch {
    return undefined
  }
}
