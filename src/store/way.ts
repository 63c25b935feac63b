import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceOrigin, OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece, RowColumns, RowValue } from '../sql/flavor.ts'
import { refOf, SENT_ATTEMPT } from './occurrence-refs.ts'
import type { LockedRow } from './occurrence-rows.ts'
import type { RunRef } from './run-end.ts'

/** An occurrence that the fence let through. */
export interface BegunOccurrence extends RunRef {
  readonly dueAt: Instant
  readonly plannedAt: Instant
  readonly origin: OccurrenceOrigin
  /** How many earlier attempts failed. */
  readonly failures: number
  readonly startedAt: Instant
  /** How many missed ones right before it were dropped, for which it stands. */
  readonly standsFor: number
  /** The revision of its schedule at that moment. */
  readonly revision: number | null
  /** Whether a guard let it begin. */
  readonly isGuarded: boolean
}

/** An attempt that a message brought. */
export interface SentAttempt extends OccurrenceRef {
  /** How often the occurrence had begun, or been told to wait for its turn, when the message was sent. */
  readonly attempt: number
}

/** What is particular to the way on which an occurrence came to its worker. */
export interface Way<Ref> {
  /** It has not begun. */
  readonly waits: Piece
  /** It has begun here, on this delivery. */
  readonly runs: Piece
  readonly set: Readonly<Record<string, Piece>>
  readonly columns: RowColumns
  readonly valuesOf: (ref: Ref) => readonly RowValue[]
}

/** It was claimed, and is held by this owner. */
export function claimedBy(owner: string): Way<OccurrenceRef> {
  return {
    waits: sql`o.state = 'planned' and o.owner = ${owner}`,
    runs: sql`o.state = 'running' and o.owner = ${owner}`,
    set: {},
    columns: {},
    valuesOf: () => [],
  }
}

/** A message brought it, and only these jobs can be run here. */
export function broughtTo(owner: string, jobs: readonly string[]): Way<SentAttempt> {
  return {
    waits: waitsFor(jobs.length === 0 ? sql`1 = 0` : sql`o.job in (${sql.join(jobs)})`),
    runs: sql`o.state = 'running' and o.owner = ${owner} and ${SENT_ATTEMPT} = r.of_attempt + 1`,
    set: { owner: sql`${owner}` },
    columns: { of_attempt: 'integer' },
    valuesOf: ({ attempt }) => [attempt],
  }
}

/** Planned, when its dispatcher was gone before it could say that it had sent it. */
export function waitsFor(jobs: Piece): Piece {
  return sql`o.state in ('planned', 'sent') and ${SENT_ATTEMPT} = r.of_attempt and ${jobs}`
}

/** What a list of occurrences has to say for the conditions of a way. */
export function valuesOf<Ref>({ columns, valuesOf: values }: Way<Ref>, refs: readonly Ref[]) {
  return { columns, valuesOf: (i: number) => values(refs[i]!) }
}

/**
 * The occurrence `o` is of the generation in force of a schedule that lives, and may run. As a value rather than with
 * `exists`, which PostgreSQL makes a join: without statistics it would begin that with all schedules there are.
 */
export const MAY_BEGIN = mayBegin(sql``)
/** The same, and any number of runs of the schedule may be under way. */
export const MAY_BEGIN_FREELY = mayBegin(
  sql`and s.overlap is null and (o.overlap is null or o.overlap = 'allow')`,
)
/** The same, and it is to be decided by a guard whether it does. */
export const MAY_BEGIN_IN_TURN = mayBegin(sql`and (s.overlap is not null or o.overlap <> 'allow')`)

function mayBegin(besides: Piece): Piece {
  // A backfill makes up for instants of the generation that was in force then.
  return sql`o.generation = coalesce((
    select case when o.origin = 'backfill' then o.generation else s.generation end from ${sql.table('carillon_schedules')} as s
    where s.id = o.schedule_id and s.deleted_at = 0 and (s.state <> 'paused' or o.origin = 'manual') ${besides}), -1)`
}

/** What becomes of the row of an occurrence that begins. */
export function beginning<Ref>(
  { set }: Way<Ref>,
  flavor: Flavor,
  now: Instant,
  leaseMs: number,
): Readonly<Record<string, Piece>> {
  return {
    lease_until: flavor.integer(now + leaseMs),
    ...set,
    state: sql`'running'`,
    attempt: sql`o.attempt + 1`,
    started_at: flavor.greater(sql`o.due_at`, flavor.integer(now)),
    error: sql`null`,
    result: sql`null`,
  }
}

/** @param row as it is after it */
export function toBegun(row: LockedRow, now: Instant, isGuarded: boolean): BegunOccurrence {
  return {
    ...refOf(row),
    attempt: row.attempt,
    dueAt: row.due_at,
    plannedAt: row.planned_at,
    origin: row.origin as OccurrenceOrigin,
    failures: row.failures,
    startedAt: Math.max(row.due_at, now),
    standsFor: row.missed_count ?? 0,
    revision: row.revision ?? null,
    isGuarded,
  }
}
