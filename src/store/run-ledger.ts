import { sql } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { RunEnd } from '../schedule/failed-in-a-row.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { Flavor, Piece, RowValue } from '../sql/flavor.ts'
import type { Sql } from '../sql/sql-database.ts'
import type { Passed } from './fence.ts'
import { FlowTurns, type FlowClaim, type FlowTurn } from './flow-turns.ts'
import { refOf, toRef } from './occurrence-refs.ts'
import {
  beginsAgain,
  columnsAfter,
  lostLeaseError,
  pieces,
  type EndedRun,
  type FinishedRun,
  type GuardMark,
  type RunRef,
} from './run-end.ts'
import { RunDetails } from './run-details.ts'
import {
  OccurrenceRows,
  type LockedRow,
  type RefColumns,
  type RowChange,
  type ScheduleRow,
} from './occurrence-rows.ts'
import { Turns } from './turns.ts'

/** A waiting occurrence that a worker holds until it is due. */
export interface ClaimedOccurrence extends OccurrenceRef {
  readonly dueAt: Instant
  readonly job: string
}

/** Who claims what. */
export interface Claim extends FlowClaim {
  readonly owner: string
  /** How long before they are due occurrences are given out. */
  readonly aheadMs: number
  /** How long past its due instant an occurrence is held. */
  readonly holdMs: number
}

/** What a run is told of its schedule. */
export interface RunDefinition {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  readonly revision: number
  readonly definitionText: string
}

/** A run whose lease was extended, with the mark of a guard on its row. */
export interface HeldRun extends RunRef {
  readonly mark: GuardMark | undefined
}

/** What the reaper found. */
export interface Reaped {
  /** All that was taken back, claimed and not begun among it. */
  readonly taken: number
  /** Runs whose server is gone, and that begin again. */
  readonly returned: number
  /** Runs whose server is gone, and that do not begin again. */
  readonly failed: number
  /** Those of them. */
  readonly failedRuns: readonly RunRef[]
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
  readonly #flavor: Flavor
  readonly #rows: OccurrenceRows
  readonly #turns: Turns
  readonly #details: RunDetails
  readonly #flows: FlowTurns

  constructor(sql: Sql, flavor: Flavor) {
    this.#sql = sql
    this.#flavor = flavor
    this.#rows = new OccurrenceRows(sql, flavor)
    this.#turns = new Turns(sql, flavor)
    this.#details = new RunDetails(sql, flavor)
    this.#flows = new FlowTurns(sql, flavor)
  }

  /** When the next occurrence falls due that a worker for these jobs could claim. */
  async nextDue(queue: string, jobs: readonly string[]): Promise<Instant | undefined> {
    if (jobs.length === 0) return undefined

    const { rows } = await sql<{ due_at: Instant }>`
      select due_at from ${this.#claimable(queue, jobs)} order by due_at limit 1`.execute(this.#sql)
    return rows[0]?.due_at
  }

  /**
   * Takes up to `limit` occurrences that fall due soon. Nobody else is given them until a little after they are
   * due, when they count as abandoned unless they have begun.
   */
  async claim(claim: Claim, now: Instant): Promise<ClaimedOccurrence[]> {
    if (claim.jobs.length === 0) return []

    const found = sql<RefColumns>`
      select schedule_id, generation, nominal_at from ${this.#claimable(claim.queue, claim.jobs)}
        and due_at <= ${now + claim.aheadMs}
      order by due_at limit ${claim.limit}`
    return (await this.#rows.changeFound(found, this.#hold(claim, now), 'job')).map(toClaimed)
  }

  /**
   * Up to `limit` occurrences that are overdue and free, from as many flows in turn as there are: an equal part of each, the
   * oldest first. It may find less than there is.
   *
   * @param after the flow that was last at the turn before
   */
  async overdueInTurn(claim: FlowClaim, after: number, now: Instant): Promise<FlowTurn> {
    return this.#flows.take(claim, after, now)
  }

  /** As `claim`, of these occurrences, as far as nobody has them. */
  async claimThese(
    refs: readonly OccurrenceRef[],
    claim: Pick<Claim, 'owner' | 'holdMs'>,
    now: Instant,
  ): Promise<ClaimedOccurrence[]> {
    const claimed = await this.#rows.change(refs, {
      condition: sql`o.state = 'planned' and o.lease_until is null`,
      set: this.#hold(claim, now),
      isRelaxed: true,
      passesOverHeld: true,
      extra: 'job',
    })
    return claimed.map(toClaimed)
  }

  /** Puts claimed occurrences back, which have not begun. */
  async release(refs: readonly OccurrenceRef[], owner: string): Promise<void> {
    await this.#rows.change(refs, {
      condition: sql`o.state = 'planned' and o.owner = ${owner}`,
      set: { owner: NULL, lease_until: NULL },
      isRelaxed: true,
    })
  }

  /** The definitions of these schedules as they are now, by id; also of deleted ones. */
  async definitions(scheduleIds: readonly number[]): Promise<Map<number, RunDefinition>> {
    const refs = scheduleIds.map((scheduleId) => ({ scheduleId }))
    const schedules = await this.#rows.schedulesOf(refs, sql``, { withDeleted: true })
    return new Map(
      [...schedules].map(([id, { namespace, key, group, revision, definition }]) => [
        id,
        { namespace, key, group, revision, definitionText: definition },
      ]),
    )
  }

  /** Extends the leases of runs. @returns those that the owner really holds */
  async heartbeat(runs: readonly RunRef[], owner: string, now: Instant, leaseMs: number): Promise<HeldRun[]> {
    const held = await this.#rows.change(runs, {
      condition: sql`o.state = 'running' and o.owner = ${owner} and o.attempt = r.of_attempt`,
      set: { lease_until: this.#flavor.integer(now + leaseMs) },
      columns: { of_attempt: 'integer' },
      valuesOf: (i) => [runs[i]!.attempt],
      isRelaxed: true,
      extra: 'reason',
    })
    return held.map((row) => {
      const mark = (row.reason ?? undefined) as GuardMark | undefined
      return { ...refOf(row), attempt: row.attempt, mark }
    })
  }

  /**
   * Writes how runs ended. Only the present attempt of the present owner counts, and only as long as no guard has left a
   * mark on its row that was not seen. A further attempt follows only while the occurrence's generation is the schedule's;
   * otherwise the failure is final. Where one is to follow, a guard is left, or something was told, this must be in a
   * transaction.
   *
   * @returns the runs that counted, and those whose schedule another transaction is changing
   */
  async finish(finished: readonly FinishedRun[], owner: string, now: Instant): Promise<Passed<EndedRun>> {
    const again = finished.filter(beginsAgain).map(({ run }) => run)
    const { schedules, held } = await this.#holdSchedules(again)
    const isHeld = new Set(held.map(occurrenceId))
    const ready = finished.filter(({ run }) => !isHeld.has(occurrenceId(run)))

    const guarded = ready.filter(
      ({ isGuarded, run }) => isGuarded || schedules.get(run.scheduleId)?.overlap != null,
    )
    const ending = await this.#turns.holdOf(guarded.map(({ run }) => run))
    const ends = ready.map(({ run, outcome }) => columnsAfter(outcome, isCurrent(run, schedules), now))
    const done: EndedRun[] = []
    for (const [from, to] of pieces(ends)) {
      const piece = ready.slice(from, to)
      const values = (i: number) => [piece[i]!.run.attempt, ...ends[from + i]!]
      done.push(...(await this.#writeEnds(piece, owner, values)))
    }
    await this.#turns.end(ending, done, now)
    await this.#keepTold(ready, done, owner, now)
    return { done, held }
  }

  /** Of what ended, and counted, what the handlers told. */
  async #keepTold(
    finished: readonly FinishedRun[],
    done: readonly RunRef[],
    owner: string,
    now: Instant,
  ): Promise<void> {
    const told = finished.flatMap(({ run, told, outcome }) =>
      told === undefined ? [] : [{ run, told, error: outcome.kind === 'failed' ? outcome.error : undefined }],
    )
    if (told.length === 0) return
    const counted = new Set(done.map(occurrenceId))
    await this.#details.write(
      told.filter(({ run }) => counted.has(occurrenceId(run))),
      owner,
      now,
    )
  }

  /**
   * The living schedules of these occurrences, which nobody changes before the end of the transaction; and the occurrences
   * whose schedules are being changed.
   */
  async #holdSchedules(
    refs: readonly OccurrenceRef[],
  ): Promise<{ schedules: Map<number, ScheduleRow>; held: OccurrenceRef[] }> {
    const schedules = await this.#rows.schedulesOf(refs, this.#flavor.forShareSkipLocked)
    const others = refs.filter(({ scheduleId }) => !schedules.has(scheduleId))
    const living = await this.#rows.schedulesOf(others)
    return { schedules, held: others.filter(({ scheduleId }) => living.has(scheduleId)) }
  }

  async #writeEnds(
    finished: readonly FinishedRun[],
    owner: string,
    valuesOf: (index: number) => readonly RowValue[],
  ): Promise<EndedRun[]> {
    // A run without one, as nearly all are, takes no column for it.
    const isMarked = finished.some(({ mark }) => mark !== undefined)
    const written = await this.#rows.change(
      finished.map(({ run }) => run),
      {
        condition: sql`o.state = 'running' and o.owner = ${owner} and o.attempt = r.of_attempt
          and ${isMarked ? sql`(o.reason is null or o.reason = r.of_mark)` : sql`o.reason is null`}`,
        set: {
          state: sql`r.to_state`,
          reason: NULL,
          due_at: sql`coalesce(r.retry_at, o.due_at)`,
          failures: sql`o.failures + r.failed`,
          error: sql`r.error`,
          result: sql`r.result`,
          finished_at: sql`r.ended_at`,
          lease_until: NULL,
          owner: sql`case when r.to_state = 'planned' then null else o.owner end`,
        },
        columns: {
          of_attempt: 'integer',
          to_state: 'text',
          retry_at: 'integer',
          failed: 'integer',
          error: 'text',
          result: 'text',
          ended_at: 'integer',
          ...(isMarked && { of_mark: 'digest' }),
        },
        valuesOf: (i) => (isMarked ? [...valuesOf(i), finished[i]!.mark ?? null] : valuesOf(i)),
      },
    )
    return written.map((row) => {
      const state = row.state as EndedRun['state']
      return { ...refOf(row), attempt: row.attempt, state }
    })
  }

  /**
   * How the last runs of a schedule's generation ended, newest nominal instant first. A run by hand counts if it
   * succeeded; nor is it a failure of the job that another run took the place of one.
   */
  async lastEnds({ id, generation }: { id: number; generation: number }, limit: number): Promise<RunEnd[]> {
    const { rows } = await sql<{ state: RunEnd }>`
      select state from ${sql.table('carillon_occurrences')}
      where schedule_id = ${id} and generation = ${generation}
        and (state = 'succeeded' or (state = 'failed' and origin <> 'manual' and error not like ${REPLACED}))
      order by nominal_at desc limit ${limit}`.execute(this.#sql)
    return rows.map(({ state }) => state)
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
    const candidates = await this.#sql
      .selectFrom('carillon_occurrences')
      .select(['schedule_id', 'generation', 'nominal_at'])
      .where('lease_until', '<=', now)
      .orderBy('lease_until')
      .limit(limit)
      .execute()
    const found = candidates.map(toRef)
    const { schedules, held } = await this.#holdSchedules(found)
    const isHeld = new Set(held.map(occurrenceId))
    const free = found.filter((ref) => !isHeld.has(occurrenceId(ref)))
    // One guard that somebody keeps must not keep all others from being taken back.
    const { ending, held: guarded } = await this.#turns.holdFreeOf(free)
    const isGuarded = new Set(guarded.map(occurrenceId))
    const refs = free.filter((ref) => !isGuarded.has(occurrenceId(ref)))
    const expired = await this.#rows.lock(
      refs,
      sql`o.lease_until <= ${now}`,
      this.#flavor.forUpdateSkipLocked,
    )

    const runs = expired.filter((row) => row.state === 'running')
    const failed = runs.filter((row) => !isCurrent(row, schedules) || row.lost + 1 >= MAX_LOST_LEASES)
    const returned = expired.filter((row) => !failed.includes(row))
    const lostOf = (rows: readonly LockedRow[]) => (i: number) => [
      rows[i]!.lost + (rows[i]!.state === 'running' ? 1 : 0),
    ]

    const back = { state: sql`'planned'`, reason: NULL, lost: sql`r.lost`, owner: NULL, lease_until: NULL }
    await this.#rows.update(returned, back, { lost: 'integer' }, lostOf(returned))
    const end = {
      state: sql`'failed'`,
      reason: NULL,
      lost: sql`r.lost`,
      error: sql`${JSON.stringify(lostLeaseError())}`,
      finished_at: this.#flavor.integer(now),
      lease_until: NULL,
    }
    await this.#rows.update(failed, end, { lost: 'integer' }, lostOf(failed))
    await this.#turns.end(ending, runs, now)
    const failedRuns = failed.map((row) => ({ ...refOf(row), attempt: row.attempt }))
    const counts = { taken: expired.length, returned: runs.length - failed.length, failed: failed.length }
    return { ...counts, failedRuns }
  }

  /** What a claim writes. */
  #hold({ owner, holdMs }: Pick<Claim, 'owner' | 'holdMs'>, now: Instant): RowChange['set'] {
    const heldFrom = this.#flavor.greater(sql`o.due_at`, this.#flavor.integer(now))
    return { owner: sql`${owner}`, lease_until: sql`${heldFrom} + ${this.#flavor.integer(holdMs)}` }
  }

  /** The table with the condition of what can be claimed. */
  #claimable(queue: string, jobs: readonly string[]): Piece {
    const index = 'carillon_occurrences_claimable'
    return sql`${sql.table('carillon_occurrences')} ${this.#flavor.byIndex(index, index)}
      where queue = ${queue} and state = 'planned' and lease_until is null and job in (${sql.join(jobs)})`
  }
}

/** How the error of a run that another one took the place of begins, as `outcomeOf` writes it. */
const REPLACED = '{"code":"RUN_REPLACED"%'
const NULL = sql`null`

function toClaimed(row: LockedRow): ClaimedOccurrence {
  return { ...refOf(row), dueAt: row.due_at, job: row.job! }
}

/** The occurrence belongs to the generation in force of a schedule that lives; or makes up for one of another. */
function isCurrent(
  { scheduleId, generation, origin }: OccurrenceRef & { readonly origin?: string },
  schedules: ReadonlyMap<number, ScheduleRow>,
): boolean {
  const schedule = schedules.get(scheduleId)
  return schedule !== undefined && (schedule.generation === generation || origin === 'backfill')
}
