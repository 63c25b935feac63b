import type { Selectable } from 'kysely'
import type { CursorsTable, SchedulesTable } from '../sql/schema.ts'
import { parsePause } from './pause.ts'
import type { ScheduleOrigin, ScheduleRecord, ScheduleState } from './schedule-record.ts'

export type ScheduleRow = Omit<
  Selectable<SchedulesTable>,
  | 'deleted_at'
  | 'cause'
  | 'job'
  | 'terms'
  | 'overlap'
  | 'pause_scope'
  | 'actor'
  | 'actor_note'
  | 'created_by'
  | 'created_note'
> &
  Pick<Selectable<CursorsTable>, 'next_at' | 'last_at' | 'planned'>

/** The columns of a record; the terms are for the dispatcher. */
export const COLUMNS = [
  's.id',
  's.namespace',
  's.key',
  's.group',
  's.origin',
  's.state',
  's.generation',
  's.valid_from',
  's.revision',
  's.definition',
  's.reason',
  's.pause',
  's.paused_until',
  's.created_at',
  's.updated_at',
  'c.next_at',
  'c.last_at',
  'c.planned',
] as const

export function toRecord(row: ScheduleRow): ScheduleRecord {
  return {
    id: row.id,
    namespace: row.namespace,
    key: row.key,
    group: row.group,
    origin: row.origin as ScheduleOrigin,
    state: row.state as ScheduleState,
    generation: row.generation,
    validFrom: row.valid_from,
    revision: row.revision,
    definitionText: row.definition,
    nextAt: row.next_at,
    lastAt: row.last_at === 0 ? null : row.last_at,
    planned: row.planned,
    reason: row.reason,
    pause: parsePause(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
