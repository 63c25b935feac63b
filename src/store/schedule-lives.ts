import type { Instant } from '../clock/clock.ts'
import type { Sql } from '../sql/sql-database.ts'
import { parsePause, type Author, type Pause } from './pause.ts'
import { isReached, type Reach } from './reach.ts'
import type { GenerationCause, ScheduleState } from './schedule-record.ts'

/** A generation as it was stored. */
export interface StoredGeneration {
  readonly generation: number
  readonly cause: GenerationCause
  readonly validFrom: Instant
  readonly definitionText: string
  /** Who opened it, and what they said about it. */
  readonly author: Author
}

/** A schedule from when it was stored to when it was deleted, with all its generations. */
export interface ScheduleLife {
  readonly id: number
  readonly createdAt: Instant
  /** `null` while it lives. */
  readonly deletedAt: Instant | null
  readonly state: ScheduleState
  /** Why it is broken, or was paused by itself. */
  readonly reason: string | null
  /** An operator's pause that it is in. */
  readonly pause: Pause | null
  readonly group: string | null
  /** The cursor. */
  readonly nextAt: Instant | null
  /** In rising order; that of a deletion is the last. */
  readonly generations: readonly StoredGeneration[]
}

/** What is remembered of a key: one life for each time that it was stored and not there, newest first. */
export async function livesOf(
  sql: Sql,
  reach: Reach,
  namespace: string,
  key: string,
): Promise<ScheduleLife[]> {
  const schedules = await sql
    .selectFrom('carillon_schedules as s')
    .innerJoin('carillon_cursors as c', 'c.schedule_id', 's.id')
    .select([
      's.id',
      's.created_at',
      's.deleted_at',
      's.state',
      's.reason',
      's.generation',
      's.cause',
      's.valid_from',
      's.definition',
      's.actor',
      's.actor_note as note',
      's.pause',
      's.paused_until',
      's.group',
      'c.next_at',
    ])
    .where('s.namespace', '=', namespace)
    .where('s.key', '=', key)
    .where(isReached(reach, 's'))
    .orderBy('s.id', 'desc')
    .execute()
  if (schedules.length === 0) return []

  const ids = schedules.map(({ id }) => id)
  const earlier = await sql
    .selectFrom('carillon_generations')
    .select(['schedule_id', 'generation', 'cause', 'valid_from', 'definition', 'actor', 'note'])
    .where('schedule_id', 'in', ids)
    .orderBy('generation')
    .execute()
  const byId = Map.groupBy(earlier, (row) => row.schedule_id)
  return schedules.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    deletedAt: row.deleted_at === 0 ? null : row.deleted_at,
    state: row.state as ScheduleState,
    reason: row.reason,
    pause: parsePause(row),
    group: row.group,
    nextAt: row.next_at,
    generations: [...(byId.get(row.id) ?? []), row].map(toGeneration),
  }))
}

function toGeneration(row: {
  generation: number
  cause: string
  valid_from: number
  definition: string
  actor: string | null
  note: string | null
}): StoredGeneration {
  return {
    generation: row.generation,
    cause: row.cause as GenerationCause,
    validFrom: row.valid_from,
    definitionText: row.definition,
    author: { actor: row.actor, note: row.note },
  }
}
