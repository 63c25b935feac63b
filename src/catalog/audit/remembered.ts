import { InvalidInputError } from '../../errors.ts'
import type { Instant } from '../../clock/clock.ts'
import type { ChangeKind, ChangeRecord } from '../../store/change-table.ts'
import type { Life } from '../../store/operating-table.ts'
import type { ScheduleRecord } from '../../store/schedule-record.ts'
import type { TableSet } from '../../store/store.ts'
import { scheduleInputOf } from '../schedule-input-of.ts'
import { describeRecord } from '../schedule-view.ts'
import { diffInputs, type FieldChange } from './diff-inputs.ts'

/** What was done to a schedule. */
export interface ScheduleChange {
  /** Names the change, for the next page. */
  readonly id: string
  /** The revision that it made. */
  readonly revision: number
  readonly kind: 'created' | ChangeKind
  readonly at: Date
  /** Who did it; `undefined` where nobody said so, and where a pause ended by itself. */
  readonly by: string | undefined
  readonly note: string | undefined
  /** What it changed, in the words of `schedule()`. */
  readonly fields: readonly FieldChange[]
}

/** A schedule as it was at a revision. */
export type Snapshot = Pick<ScheduleRecord, 'definitionText' | 'group' | 'state'>

/** No revision is larger. */
const LARGEST = 2 ** 31 - 1

/**
 * One page of what was done to a key, newest first.
 *
 * @param lives what is remembered of the key, newest first
 */
export async function changesOf(
  tables: TableSet,
  lives: readonly Life[],
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
  now: Instant,
): Promise<ScheduleChange[]> {
  const page: ScheduleChange[] = []
  const from = after === undefined ? undefined : parseChangeId(after)
  for (const life of lives) {
    const { record } = life
    if (from !== undefined && record.id > from.scheduleId) continue
    const before = from?.scheduleId === record.id ? from.revision : LARGEST
    const rows = await tables.changes.list(record.id, before, limit - page.length)
    page.push(...(await told(tables, life, rows, now)))
    if (page.length < limit && before > 1) page.push(creationOf(life))
    if (page.length >= limit) break
  }
  return page
}

async function told(
  tables: TableSet,
  { record }: Life,
  rows: readonly ChangeRecord[],
  now: Instant,
): Promise<ScheduleChange[]> {
  const newest = rows[0]
  if (newest === undefined) return []
  let after = (await snapshotAt(tables, record, newest.revision)) ?? record
  return rows.map((row) => {
    const before = {
      definitionText: row.definitionText ?? after.definitionText,
      group: row.group,
      state: row.state,
    }
    const fields = diffSnapshots(record, before, after, now)
    after = before
    return {
      id: changeId(record, row.revision),
      revision: row.revision,
      kind: row.kind,
      at: new Date(row.at),
      by: row.actor ?? undefined,
      note: row.note ?? undefined,
      fields,
    }
  })
}

function creationOf({ record, created }: Life): ScheduleChange {
  return {
    id: changeId(record, 1),
    revision: 1,
    kind: 'created',
    at: new Date(record.createdAt),
    by: created.actor ?? undefined,
    note: created.note ?? undefined,
    fields: [],
  }
}

/** What a schedule was at a revision; `undefined` when that is not remembered. */
async function snapshotAt(
  tables: TableSet,
  record: ScheduleRecord,
  revision: number,
): Promise<Snapshot | undefined> {
  if (revision === record.revision) return record
  const { next, definitionText } = await tables.changes.after(record.id, revision)
  if (next?.revision !== revision + 1) return undefined
  const { group, state } = next
  return { definitionText: definitionText ?? record.definitionText, group, state }
}

/** @throws {InvalidInputError} when the revision is not remembered */
export async function rememberedAt(
  tables: TableSet,
  record: ScheduleRecord,
  revision: number,
): Promise<Snapshot> {
  const found = Number.isInteger(revision) ? await snapshotAt(tables, record, revision) : undefined
  if (found !== undefined) return found

  const first = ((await tables.changes.first(record.id)) ?? record.revision + 1) - 1
  const known = first === record.revision ? `only ${first}` : `${first} to ${record.revision}`
  throw new InvalidInputError(
    `revision ${revision} of schedule "${record.key}" is not remembered: known is ${known}`,
    'revision',
  )
}

/** What differs between two states of a schedule, in the words of `schedule()`. */
export function diffSnapshots(
  record: ScheduleRecord,
  before: Snapshot,
  after: Snapshot,
  now: Instant,
): FieldChange[] {
  const inputOf = ({ definitionText, group, state }: Snapshot) => {
    // Whether it is broken is not of its definition.
    const shown = {
      ...record,
      definitionText,
      group,
      state: state === 'paused' ? state : ('active' as const),
    }
    const { key: _, ...input } = scheduleInputOf(describeRecord(shown, now))
    return input
  }
  return diffInputs(inputOf(before), inputOf(after))
}

function changeId({ id }: ScheduleRecord, revision: number): string {
  return `${id}-${revision}`
}

function parseChangeId(text: string): { scheduleId: number; revision: number } {
  const [, scheduleId, revision] = /^(\d{1,15})-(\d{1,9})$/.exec(text) ?? []
  if (scheduleId === undefined)
    throw new InvalidInputError(`${JSON.stringify(text)} is not the id of a change`, 'after')
  return { scheduleId: Number(scheduleId), revision: Number(revision) }
}
