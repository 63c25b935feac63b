import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { Json } from '../schedule/json.ts'
import type { OccurrenceOrigin, OccurrenceRef } from '../schedule/occurrence.ts'
import { rowList, type RowValue } from '../sql/row-list.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { Schema } from '../sql/schema.ts'
import { among } from './among.ts'
import type { RunError } from './ledger.ts'

/** A waiting occurrence that a worker holds until it is due. */
export interface ClaimedOccurrence extends OccurrenceRef {
  readonly dueAt: Instant
}

/** Who claims what. */
export interface Claim {
  readonly queue: string
  readonly jobs: readonly string[]
  readonly owner: string
  /** How long before they are due occurrences are given out. */
  readonly aheadMs: number
  /** How long past its due instant an occurrence is held. */
  readonly holdMs: number
  readonly limit: number
}

/** One attempt at an occurrence, and by what it proves that it is the present one. */
export interface RunRef extends OccurrenceRef {
  /** Counts the attempts; what an earlier attempt writes matches no row. */
  readonly attempt: number
}

/** A run that the fence let through, with the definition as it is at this moment. */
export interface BegunRun extends RunRef {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly definitionText: string
  readonly dueAt: Instant
  readonly plannedAt: Instant
  readonly origin: OccurrenceOrigin
  /** How many earlier attempts failed. */
  readonly failures: number
  readonly startedAt: Instant
}

/** How an attempt ended. */
export type RunOutcome =
  | { readonly kind: 'succeeded'; readonly result: Json }
  /** It failed; with `retryAt`, another attempt follows then. */
  | {
      readonly kind: 'failed'
      readonly error: RunError
      readonly result: Json
      readonly retryAt: Instant | undefined
    }
  /** It was broken off because its server stops, and begins again elsewhere. */
  | { readonly kind: 'given-back' }

export interface FinishedRun {
  readonly run: RunRef
  readonly outcome: RunOutcome
}

/** What the reaper found. */
export interface Reaped {
  /** Runs whose server is gone, and that begin again. */
  readonly returned: number
  /** Runs whose server is gone, and that do not begin again. */
  readonly failed: number
}

/** An occurrence whose server vanished this often is taken for what kills its servers, and fails. */
const MAX_LOST_LEASES = 5

/**
 * How runs move through the ledger: claimed, begun, kept alive, finished, or taken back from a server that vanished.
 * Each step names what must still be true and does nothing to rows for which it is not; so it does not matter which
 * process is late, asleep or dead.
 *
 * @see docs/design/runs.md
 */
export class RunLedger {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** When the next occurrence falls due that a worker for these jobs could claim. */
  async nextDue(queue: string, jobs: readonly string[]): Promise<Instant | undefined> {
    const row = await this.#claimable(queue, jobs)
      .select('o.due_at')
      .orderBy('o.due_at')
      .limit(1)
      .executeTakeFirst()
    return row?.due_at
  }

  /**
   * Takes up to `limit` occurrences that fall due soon. Nobody else is given them until a little after they are
   * due, when they count as abandoned unless they have begun.
   */
  async claim(claim: Claim, now: Instant): Promise<ClaimedOccurrence[]> {
    const rows = await this.#claimable(claim.queue, claim.jobs)
      .select(['o.schedule_id', 'o.generation', 'o.nominal_at', 'o.due_at'])
      .where('o.due_at', '<=', now + claim.aheadMs)
      .orderBy('o.due_at')
      .limit(claim.limit)
      .execute()
    if (rows.length === 0) return []

    const claimed = rows.map((row) => ({ ...toRef(row), dueAt: row.due_at }))
    await sql`
      update carillon_occurrences as o
      set owner = ${claim.owner}, lease_until = max(o.due_at, ${now}) + ${claim.holdMs}
      where ${among(claimed)}`.execute(this.#sql)
    return claimed
  }

  /** Puts claimed occurrences back, which have not begun. */
  async release(refs: readonly OccurrenceRef[], owner: string): Promise<void> {
    if (refs.length === 0) return
    await sql`
      update carillon_occurrences as o set owner = null, lease_until = null
      where ${among(refs)} and o.state = 'planned' and o.owner = ${owner}`.execute(this.#sql)
  }

  /**
   * The fence. Of these occurrences, lets those begin that are still to run: not begun, held by this owner, of the
   * present generation of a schedule that lives and is not paused (a run by hand may be of a paused one).
   */
  async begin(
    refs: readonly OccurrenceRef[],
    owner: string,
    now: Instant,
    leaseMs: number,
  ): Promise<BegunRun[]> {
    const rows = await this.#sql
      .selectFrom('carillon_occurrences as o')
      .innerJoin('carillon_schedules as s', 's.id', 'o.schedule_id')
      .select(['o.schedule_id', 'o.generation', 'o.nominal_at', 'o.due_at', 'o.planned_at', 'o.origin'])
      .select(['o.attempt', 'o.failures', 's.namespace', 's.key', 's.group', 's.definition'])
      .where(among(refs))
      .where('o.state', '=', 'planned')
      .where('o.owner', '=', owner)
      .where(isCurrent)
      .where((eb) => eb.or([eb('s.state', '!=', 'paused'), eb('o.origin', '=', 'manual')]))
      .execute()
    if (rows.length === 0) return []

    const begun = rows.map((row) => ({
      ...toRef(row),
      attempt: row.attempt + 1,
      namespace: row.namespace,
      key: row.key,
      group: row.group,
      definitionText: row.definition,
      dueAt: row.due_at,
      plannedAt: row.planned_at,
      origin: row.origin as OccurrenceOrigin,
      failures: row.failures,
      startedAt: now,
    }))
    await sql`
      update carillon_occurrences as o
      set state = 'running', attempt = o.attempt + 1, started_at = ${now}, lease_until = ${now + leaseMs},
          error = null, result = null
      where ${among(begun)}`.execute(this.#sql)
    return begun
  }

  /** Extends the leases of all runs of one owner. @returns those that it really holds */
  async heartbeat(owner: string, now: Instant, leaseMs: number): Promise<RunRef[]> {
    await this.#sql
      .updateTable('carillon_occurrences')
      .set({ lease_until: now + leaseMs })
      .where('owner', '=', owner)
      .where('state', '=', 'running')
      .where('lease_until', 'is not', null)
      .execute()
    const rows = await this.#sql
      .selectFrom('carillon_occurrences')
      .select(['schedule_id', 'generation', 'nominal_at', 'attempt'])
      .where('owner', '=', owner)
      .where('state', '=', 'running')
      .where('lease_until', 'is not', null)
      .execute()
    return rows.map((row) => ({ ...toRef(row), attempt: row.attempt }))
  }

  /**
   * Writes how runs ended. Only the present attempt of the present owner counts. A further attempt follows only while
   * the occurrence's generation is the schedule's; otherwise the failure is final.
   *
   * @returns the runs that counted
   */
  async finish(finished: readonly FinishedRun[], owner: string, now: Instant): Promise<RunRef[]> {
    const rows = await this.#sql
      .selectFrom('carillon_occurrences as o')
      .leftJoin('carillon_schedules as s', (join) => join.onRef('s.id', '=', 'o.schedule_id').on(isCurrent))
      .select(['o.schedule_id', 'o.generation', 'o.nominal_at', 'o.attempt', 's.id as current'])
      .where(among(finished.map(({ run }) => run)))
      .where('o.state', '=', 'running')
      .where('o.owner', '=', owner)
      .execute()
    const held = new Map(rows.map((row) => [keyOf(toRef(row), row.attempt), row.current !== null]))

    const counted = finished.filter(({ run }) => held.has(keyOf(run, run.attempt)))
    const updates = counted.map(({ run, outcome }): RowValue[] => {
      const mayRetry = held.get(keyOf(run, run.attempt)) === true
      return [run.scheduleId, run.generation, run.nominalAt, ...columnsAfter(outcome, mayRetry, now)]
    })
    if (updates.length > 0) {
      await sql`
        update carillon_occurrences as o
        set state = u.c3, due_at = coalesce(u.c4, o.due_at), failures = o.failures + u.c5, error = u.c6,
            result = u.c7, finished_at = u.c8, lease_until = null,
            owner = case when u.c3 = 'planned' then null else o.owner end
        from ${rowList(updates, 9)} as u
        where o.schedule_id = u.c0 and o.generation = u.c1 and o.nominal_at = u.c2`.execute(this.#sql)
    }
    return counted.map(({ run }) => run)
  }

  /** When the lease that runs out first runs out. */
  async nextExpiry(): Promise<Instant | undefined> {
    const row = await this.#sql
      .selectFrom('carillon_occurrences')
      .select('lease_until')
      .where('lease_until', 'is not', null)
      .orderBy('lease_until')
      .limit(1)
      .executeTakeFirst()
    return row?.lease_until ?? undefined
  }

  /** Takes back what servers held that have not been heard of for the length of a lease. */
  async reap(now: Instant, limit: number): Promise<Reaped> {
    const expired = await this.#sql
      .selectFrom('carillon_occurrences as o')
      .leftJoin('carillon_schedules as s', (join) => join.onRef('s.id', '=', 'o.schedule_id').on(isCurrent))
      .select([
        'o.schedule_id',
        'o.generation',
        'o.nominal_at',
        'o.state',
        'o.lost',
        'o.owner',
        's.id as current',
      ])
      .where('o.lease_until', '<=', now)
      .orderBy('o.lease_until')
      .limit(limit)
      .execute()

    const runs = expired.filter((row) => row.state === 'running')
    const isOver = (row: (typeof runs)[number]) => row.current === null || row.lost + 1 >= MAX_LOST_LEASES
    const failed = runs.filter(isOver)
    const returned = expired.filter((row) => !failed.includes(row))

    if (returned.length > 0) {
      await sql`
        update carillon_occurrences as o
        set lost = case when o.state = 'running' then o.lost + 1 else o.lost end,
            state = 'planned', owner = null, lease_until = null
        where ${among(returned.map(toRef))}`.execute(this.#sql)
    }
    if (failed.length > 0) {
      const error = JSON.stringify(lostLeaseError())
      await sql`
        update carillon_occurrences as o
        set state = 'failed', lost = o.lost + 1, error = ${error}, finished_at = ${now}, lease_until = null
        where ${among(failed.map(toRef))}`.execute(this.#sql)
    }
    return { returned: runs.length - failed.length, failed: failed.length }
  }

  #claimable(queue: string, jobs: readonly string[]) {
    return this.#sql
      .selectFrom('carillon_occurrences as o')
      .innerJoin('carillon_schedules as s', 's.id', 'o.schedule_id')
      .where('o.queue', '=', queue)
      .where('o.state', '=', sql.lit('planned'))
      .where('o.lease_until', 'is', null)
      .where('s.job', 'in', jobs)
  }
}

type Aliased = { o: Schema['carillon_occurrences']; s: Schema['carillon_schedules'] }

/** The occurrence belongs to the generation in force of a schedule that lives. */
function isCurrent(eb: ExpressionBuilder<Aliased, 'o' | 's'>): Expression<SqlBool> {
  return eb.and([eb('s.generation', '=', eb.ref('o.generation')), eb('s.deleted_at', '=', 0)])
}

/** The state, next due instant, failures to add, error, result and end of an occurrence after an attempt. */
function columnsAfter(outcome: RunOutcome, mayRetry: boolean, now: Instant): RowValue[] {
  switch (outcome.kind) {
    case 'succeeded':
      return ['succeeded', null, 0, null, JSON.stringify(outcome.result), now]
    case 'failed': {
      const error = JSON.stringify(outcome.error)
      const result = JSON.stringify(outcome.result)
      const isFinal = outcome.retryAt === undefined || !mayRetry
      return isFinal
        ? ['failed', null, 1, error, result, now]
        : ['planned', outcome.retryAt, 1, error, result, null]
    }
    case 'given-back':
      return mayRetry
        ? ['planned', null, 0, null, null, null]
        : ['failed', null, 0, JSON.stringify(lostLeaseError()), null, now]
  }
}

function lostLeaseError(): RunError {
  return {
    code: 'LEASE_LOST',
    message: 'the server that ran it stopped or vanished, and it was not to begin again',
  }
}

function toRef(row: { schedule_id: number; generation: number; nominal_at: number }): OccurrenceRef {
  return { scheduleId: row.schedule_id, generation: row.generation, nominalAt: row.nominal_at }
}

function keyOf({ scheduleId, generation, nominalAt }: OccurrenceRef, attempt: number): string {
  return `${scheduleId}-${generation}-${nominalAt}-${attempt}`
}
