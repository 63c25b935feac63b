import { ScheduleNotFoundError, UnsupportedByDriverError } from '../errors.ts'
import { applyPatch } from '../schedule/apply-patch.ts'
import { parseOccurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { instantMs } from '../schedule/instant-input.ts'
import type { InstantInput, SchedulePatch } from '../schedule/schedule-input.ts'
import type { ResolvedSchedule } from '../schedule/resolve-definition.ts'
import type { OccurrenceRecord } from '../store/ledger.ts'
import type { ScheduleOrigin, ScheduleRecord } from '../store/schedule-record.ts'
import type { Store, Tables, Transactions } from '../store/store.ts'
import { compareSchedules, type ScheduleComparison } from './compare-schedules.ts'
import type { PauseOptions, ResumeAnswer, Rollback, RollbackOptions } from './catalog-options.ts'
import type { ChangeKind } from '../store/change-table.ts'
import { activeOf } from './activity.ts'
import { rollbackOf } from './audit/rollback.ts'
import { endPauses, pauseSchedules } from '../store/pause-schedules.ts'
import { EVERYTHING } from '../store/reach.ts'
import { NOBODY, type Author } from '../store/pause.ts'
import { changeUnderCover, deleteSchedule, resumeSchedule, storedDefinition } from './generations.ts'
import { authorOf, checkMissed, noting, ownPause, untilMs } from './operator.ts'
import { OneRequest } from './requests/one-request.ts'
import { ManyPauser, type PauserParts } from './many-pauser.ts'
import { describeOccurrence, type Occurrence } from './occurrence-view.ts'
import {
  ScheduleResolver,
  type ResolverParts,
  type ScheduleOptions,
  type Schedules,
} from './schedule-resolver.ts'
import { describeRecord, type Schedule } from './schedule-view.ts'
import { getSchedule, notFound } from './schedule-reader.ts'
import { BulkWriter, type WriteCounts } from './bulk-writer.ts'
import { ScheduleWriter } from './schedule-writer.ts'
import { Quotas } from './quotas.ts'
import { retryOccurrence } from './retry.ts'
import { backfillSchedule, type BackfillOptions, type BackfillReport } from './backfill/backfill.ts'
import { checkRevision } from './revision.ts'
import { narrowed } from './narrow-reach.ts'
import { rewrite } from './rewrite.ts'
import { triggerSchedule } from './trigger.ts'

/** What a catalog works with. */
export interface CatalogParts extends ResolverParts, PauserParts {
  readonly store: Transactions & Partial<Pick<Store, 'join'>>
  /** Who brings in what is new; `user` by default. */
  readonly origin?: ScheduleOrigin
}

/**
 * The schedules of one namespace: create, change, pause, read. Everything is checked before it is stored, every change
 * is one transaction, and what it makes due within the horizon is planned in that same transaction.
 *
 * @see docs/design/schedules.md
 */
export class Catalog extends ManyPauser {
  readonly #parts: CatalogParts
  readonly #resolver: ScheduleResolver
  readonly #writer: ScheduleWriter
  readonly #quotas: Quotas
  readonly #author: Author

  constructor(parts: CatalogParts, namespaceName: string) {
    super(parts, namespaceName)
    this.#parts = parts
    this.#resolver = new ScheduleResolver(parts, namespaceName)
    this.#quotas = parts.quotas ?? new Quotas(undefined)
    const { origin = 'user', author = NOBODY } = parts
    this.#author = author
    this.#writer = new ScheduleWriter(parts, { namespace: namespaceName, origin, author })
  }

  /**
   * The same schedules, changed by somebody: what is changed through this handle carries their name and note. Both are text
   * for people; nothing is decided by them.
   *
   * @param actor who makes the changes
   * @param note what they say about them
   * @throws {InvalidInputError} when either is empty, or too long to be kept
   */
  as(actor: string, note?: string): Catalog {
    return new Catalog({ ...this.#parts, author: authorOf(actor, note) }, this.namespaceName)
  }

  /**
   * The same door, as somebody sees it who reaches only some of the schedules: those in one of these groups, of one of these
   * jobs. All others are as if they were not there, and what is stored through it is within reach: with one group alone, in
   * that one. It takes no `mutex`, which others share, and pauses many only where all of them are within reach.
   *
   * @throws {InvalidInputError} when it is a list of none
   */
  only({ groups, jobs }: { groups?: readonly string[]; jobs?: readonly string[] }): Catalog {
    const { store, ...parts } = this.#parts
    const reach = narrowed(parts.reach ?? EVERYTHING, { groups, jobs })
    const own = reach.jobs === null ? parts.jobs : parts.jobs.among(reach.jobs)
    return new Catalog({ ...parts, jobs: own, reach, store: store.reaching(reach) }, this.namespaceName)
  }

  /**
   * The same schedules, for one change that is to be made once, as by a message that may come twice. The change and its name
   * come true together, and the name is known for a day: the next change under it throws an `AlreadyDoneError`.
   *
   * @param name what it is known by, in this namespace
   */
  once(name: string | OneRequest): Catalog {
    const request = typeof name === 'string' ? new OneRequest([this.namespaceName, name]) : name
    return new Catalog({ ...this.#parts, store: request.within(this.#parts.store) }, this.namespaceName)
  }

  /**
   * The same schedules inside a transaction that the application has begun: what is stored, changed or deleted through
   * this handle comes true when that transaction is committed, and never if it is rolled back.
   *
   * @param connection the connection with the transaction: a client of `pg`, a connection of `mysql2`
   * @throws {UnsupportedByDriverError} on SQLite
   * @throws {ConfigError} when it is not a connection of this database's driver
   */
  within(connection: unknown): Catalog {
    const { store } = this.#parts
    if (store.join === undefined)
      throw new UnsupportedByDriverError(
        'this handle is inside a transaction already, or limited by only(): begin with within()',
      )
    return new Catalog({ ...this.#parts, store: store.join(connection) }, this.namespaceName)
  }

  /**
   * Stores a schedule: a new one, or one that replaces the present one with this key in full. What is left out has its
   * default, also on replacement. An operator's pause stays, unless `active` is given as true: so a deployment that stores
   * its schedules resumes none. Storing the same again changes nothing.
   *
   * @throws {InvalidInputError | CronSyntaxError | UnknownZoneError} when an option is not valid
   * @throws {UnknownJobError} when no such job is registered
   * @throws {InvalidPayloadError} when the job's schema refuses the payload, or it is too large
   * @throws {ScheduleConflictError} when it is at another revision than the expected one; 0 is that of a free key
   */
  async schedule<Input = unknown>(
    options: ScheduleOptions<Input>,
    expected: { revision?: number } = {},
  ): Promise<Schedule> {
    const toWrite = await this.#resolver.toWrite(options)
    const { record, at } = await this.#writer.write({ ...toWrite, expected: expected.revision })
    this.#parts.store.announce()
    return describeRecord(record, at)
  }

  /**
   * Stores many schedules, each as `schedule` would. They are written in steps of up to 1,000, each of them whole or not
   * at all and two at a time where the database takes them, so that a hundred thousand need no memory for all of them; what was stored before an error stays.
   *
   * @throws as `schedule`; the message tells which one was meant
   */
  async scheduleMany(
    schedules: Schedules,
    { onProgress = () => {} }: { onProgress?: (counts: WriteCounts) => void } = {},
  ): Promise<WriteCounts> {
    const bulk = new BulkWriter(this.#writer, this.#parts.store, onProgress)
    try {
      for await (const schedule of this.#resolver.toWriteMany(schedules)) await bulk.add(schedule)
      return await bulk.end()
    } finally {
      await bulk.settle()
    }
  }

  /**
   * What `scheduleMany` would do with each, in pages of 500; nothing is stored.
   *
   * @throws as `scheduleMany`, but for quotas of all that a namespace has: they are judged by what is written
   */
  compareMany(schedules: Schedules): AsyncGenerator<ScheduleComparison, void, undefined> {
    return compareSchedules(this.#parts.store, this.namespaceName, this.#resolver.toWriteMany(schedules))
  }

  /**
   * Changes the named parts of a schedule. `null` takes a part back to its default.
   *
   * @param expected with `revision`, the change is only made to that revision
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {ScheduleConflictError} when it is at another revision
   * @throws as `schedule`
   */
  async patch(key: string, patch: SchedulePatch, expected: { revision?: number } = {}): Promise<Schedule> {
    const { store } = this.#parts
    const present = await store.read((tables) => getSchedule(tables, this.#identity(key)))
    await rewrite(store, present, expected.revision, {
      resolve: async (stored) => {
        const { group } = stored
        const base = { group, active: activeOf(stored), definition: storedDefinition(stored) }
        const isForJob = 'job' in patch || 'payload' in patch
        return this.#resolver.resolve(applyPatch(base, patch), key, isForJob)
      },
      lock: (tables) => this.#lock(tables, key),
      write: (tables, record, resolved) => this.#changeTo(tables, record, resolved, this.#author),
    })
    return this.#changed(key)
  }

  /**
   * Stores the definition that a schedule had at an earlier revision, with its group, as a new change. Whether it is paused
   * stays as it is.
   *
   * @param dryRun only tells what would change
   * @param note why; that of the handle by default
   * @param expected with `revision`, the change is only made to that revision
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {InvalidInputError} when that revision is not remembered
   * @throws {ScheduleConflictError} when it is at another revision than the expected one
   * @throws as `schedule`, when that definition cannot be stored any more
   */
  async rollback(
    key: string,
    { revision, dryRun = false, note }: RollbackOptions,
    expected: { revision?: number } = {},
  ): Promise<Rollback> {
    const { store } = this.#parts
    const author = noting(this.#author, note)
    const back = await store.read(async (tables) =>
      rollbackOf(tables, await getSchedule(tables, this.#identity(key)), revision),
    )
    const { present, fields } = back
    const resolve = (stored: ScheduleRecord) => this.#resolver.resolve(back.inputFor(stored), key)
    if (dryRun) {
      checkRevision(present, expected.revision)
      await resolve(present)
      return { fields, schedule: describeRecord(present, await store.now()) }
    }
    await rewrite(store, present, expected.revision, {
      resolve,
      lock: (tables) => this.#lock(tables, key),
      write: (tables, record, resolved) => this.#changeTo(tables, record, resolved, author, 'rolled-back'),
    })
    return { fields, schedule: await this.#changed(key) }
  }

  /**
   * Deletes a schedule; what it has planned and not begun is withdrawn.
   *
   * @param expected with `revision`, it is only deleted at that revision
   * @returns whether it was there
   * @throws {ScheduleConflictError} when it is at another revision
   */
  async delete(key: string, expected: { revision?: number } = {}): Promise<boolean> {
    let isDeleted = false
    const wasThere = await this.#parts.store.transaction(async (tables) => {
      const record = await tables.lock(this.namespaceName, key)
      // A second try, after the answer to the first was lost, finds it gone.
      if (record === undefined) return isDeleted
      checkRevision(record, expected.revision)
      await deleteSchedule(tables, record, this.#author)
      isDeleted = true
      return true
    })
    // Its messages are to be taken out of their queue.
    this.#parts.store.announce()
    return wasThere
  }

  /**
   * Stops a schedule from running until it is resumed, or until an instant; what it has planned and not begun is withdrawn.
   * No change of the schedule ends the pause but one that says `active: true`.
   *
   * @param until when it ends by itself; what falls due then or later runs. For good by default
   * @param note why; that of the handle by default
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {InvalidInputError} when `until` has passed
   */
  async pause(key: string, { until, note }: PauseOptions = {}): Promise<Schedule> {
    const author = noting(this.#author, note)
    return this.#change(async (tables) => {
      const record = await this.#lock(tables, key)
      const { now } = tables
      const end = until === undefined ? null : untilMs(until, now)
      const pause = ownPause(record, { until: end, note }, author, now)
      if (pause !== undefined) await pauseSchedules(tables, [{ record, pause }], author)
      return key
    })
  }

  /**
   * Lets a paused or broken schedule run again.
   *
   * @param missed what happens to the occurrences of the pause: `skip` them, run the `latest`, or `all` (the newest
   * 1,000 at most)
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {ScheduleConflictError} when it is paused with many others; `resumeAll` ends that
   * @throws {InvalidInputError} when `missed` is none of these
   */
  async resume(
    key: string,
    { missed = 'skip', note }: { missed?: ResumeAnswer; note?: string } = {},
  ): Promise<Schedule> {
    checkMissed(missed)
    const author = noting(this.#author, note)
    return this.#change(async (tables) => {
      const record = await this.#lock(tables, key)
      await this.#quotas.watch(tables, this.namespaceName, () =>
        resumeSchedule(tables, record, missed, author, this.#parts.aheadMs),
      )
      return key
    })
  }

  /**
   * Runs a schedule once, now, whether or not it is paused. The cursor stays where it is.
   *
   * @param nominalAt the instant that the run stands for; for one that has a run already, that is the answer. Now by default
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {ScheduleConflictError} when it is broken
   */
  async trigger(key: string, { nominalAt }: { nominalAt?: InstantInput } = {}): Promise<Occurrence> {
    const { store } = this.#parts
    const instant = nominalAt === undefined ? undefined : instantMs(nominalAt, 'nominalAt')
    let written: OccurrenceRef | undefined
    const occurrence = await store.transaction(async (tables) => {
      const record = await this.#lock(tables, key)
      // A second try, after the answer to the first was lost, must not run it twice.
      const before = written && (await tables.ledger.find(written))
      const triggered = before ?? (await triggerSchedule(tables, record, instant))
      written = triggered
      return triggered
    })
    store.announce()
    return describeOccurrence(occurrence)
  }

  /**
   * Runs once more what failed for good, as soon as it can, with all its retries.
   *
   * @param id the run, as `history` names it; the one with the newest nominal instant that failed, by default
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {ScheduleConflictError} when that run has not failed, or the schedule was changed or paused since
   */
  async retry(key: string, { id }: { id?: string } = {}): Promise<Occurrence> {
    const { store } = this.#parts
    const ref = id === undefined ? undefined : parseOccurrenceId(id)
    let done: OccurrenceRecord | undefined
    const occurrence = await store.transaction(async (tables) => {
      const record = await this.#lock(tables, key)
      // A second try, after the answer to the first was lost, finds it put back.
      const before = done && (await tables.ledger.find(done))
      done =
        before !== undefined && before.state !== 'failed'
          ? before
          : await retryOccurrence(tables, record, ref)
      return done
    })
    store.announce()
    return describeOccurrence(occurrence)
  }

  /**
   * Makes up for what did not run in a time that is over; each instant as the definition names it that was in force then.
   *
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {ScheduleConflictError} when it is paused or broken, or changed meanwhile
   * @throws {InvalidInputError} when there are too many instants in this time
   */
  async backfill(key: string, options: BackfillOptions): Promise<BackfillReport> {
    const lock = (tables: Tables) => this.#lock(tables, key)
    return backfillSchedule(
      { store: this.#parts.store, identity: { namespace: this.namespaceName, key }, lock },
      options,
    )
  }

  /** The schedule, for a change of it. A pause that is to have ended by itself has, by then. */
  async #lock(tables: Tables, key: string): Promise<ScheduleRecord> {
    const record = await tables.lock(this.namespaceName, key)
    if (record === undefined) throw notFound(this.#identity(key))
    if (!(await endPauses(tables, [record], this.#parts.aheadMs))) return record
    return getSchedule(tables, this.#identity(key))
  }

  async #changeTo(
    tables: Tables,
    record: ScheduleRecord,
    resolved: ResolvedSchedule,
    author: Author,
    kind?: ChangeKind,
  ): Promise<void> {
    const options = { author, aheadMs: this.#parts.aheadMs, ...(kind && { kind }) }
    const change = () => changeUnderCover(tables, record, resolved, options)
    await this.#quotas.watch(tables, this.namespaceName, change)
  }

  #identity(key: string): ScheduleIdentity {
    return { namespace: this.namespaceName, key }
  }

  async #change(work: (tables: Tables) => Promise<string>): Promise<Schedule> {
    return this.#changed(await this.#parts.store.transaction(work))
  }

  async #changed(key: string): Promise<Schedule> {
    this.#parts.store.announce()
    const schedule = await this.describe(key)
    if (schedule !== undefined) return schedule
    throw new ScheduleNotFoundError(`schedule "${key}" was deleted by somebody else in the meantime`, key)
  }
}
