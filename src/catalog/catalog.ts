import { randomUUIDv7 } from 'node:crypto'
import {
  InvalidInputError,
  InvalidPayloadError,
  ScheduleConflictError,
  ScheduleNotFoundError,
} from '../errors.ts'
import { didYouMean } from '../suggestion.ts'
import { applyPatch } from '../schedule/apply-patch.ts'
import type { Definition } from '../schedule/definition.ts'
import { toJson } from '../schedule/json.ts'
import { parseOccurrenceId, type OccurrenceRef, type OccurrenceState } from '../schedule/occurrence.ts'
import { seedOf, type ScheduleIdentity } from '../schedule/plannable.ts'
import { instantMs } from '../schedule/instant-input.ts'
import { resolveDefinition, type ResolvedSchedule } from '../schedule/resolve-definition.ts'
import type {
  InstantInput,
  RecurrenceInput,
  ScheduleInput,
  SchedulePatch,
} from '../schedule/schedule-input.ts'
import { compileTiming } from '../schedule/timing.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { Store, Tables } from '../store/store.ts'
import type { Job } from '../task/job.ts'
import type { JobRegistry } from '../task/job-registry.ts'
import {
  changeSchedule,
  createSchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  storedDefinition,
} from './generations.ts'
import { describeOccurrence, type Occurrence } from './occurrence-view.ts'
import { describeRecord, type Schedule } from './schedule-view.ts'

/** A schedule to store. The job is named, or given as `defineJob` made it, which types the payload. */
export type ScheduleOptions<Input = unknown> = Omit<ScheduleInput, 'job' | 'payload'> & {
  // oxlint-disable-next-line typescript/no-explicit-any -- what the handler gets out of the schema does not matter here
  readonly job: string | Job<any, Input>
  readonly payload?: Input
}

/** Which schedules `describeAll` yields. */
export interface DescribeFilter {
  readonly group?: string | undefined
}

/** Which occurrences `history` answers. */
export interface HistoryOptions {
  /** How many at most; 50 by default. */
  readonly limit?: number | undefined
  /** Only occurrences in one of these states. */
  readonly states?: readonly OccurrenceState[] | undefined
  /** Only nominal instants up to this one; now by default, so that planned ones ahead are left out. */
  readonly until?: InstantInput | undefined
  /** Continues after the last occurrence of the page before, by its id. */
  readonly after?: string | undefined
}

/** What happens to the occurrences that a pause kept from running. */
export type ResumeAnswer = 'skip' | 'latest' | 'all'

/** What a catalog works with. */
export interface CatalogParts {
  readonly store: Store
  readonly jobs: JobRegistry
  /** The names of the queues that schedules may choose. */
  readonly queues: readonly string[]
  /** How far ahead the schedule's own occurrences are written when it is stored. */
  readonly aheadMs: number
  /** The largest payload, in bytes of JSON. */
  readonly maxPayloadBytes: number
}

const DESCRIBE_PAGE = 200
const RESUME_ANSWERS: readonly string[] = ['skip', 'latest', 'all'] satisfies ResumeAnswer[]

/**
 * The schedules of one namespace: create, change, pause, read. Everything is checked before it is stored, every change
 * is one transaction, and what it makes due within the horizon is planned in that same transaction.
 *
 * @see docs/design/schedules.md
 */
export class Catalog {
  /** The namespace that this handle is confined to. */
  readonly namespaceName: string
  readonly #parts: CatalogParts

  constructor(parts: CatalogParts, namespaceName: string) {
    this.#parts = parts
    this.namespaceName = namespaceName
  }

  /**
   * Stores a schedule: a new one, or one that replaces the present one with this key in full. What is left out has its
   * default, also on replacement: a paused one is active again, unless `active` is false. Storing the same again changes
   * nothing.
   *
   * @throws {InvalidInputError | CronSyntaxError | UnknownZoneError} when an option is not valid
   * @throws {UnknownJobError} when no such job is registered
   * @throws {InvalidPayloadError} when the job's schema refuses the payload, or it is too large
   */
  async schedule<Input = unknown>(options: ScheduleOptions<Input>): Promise<Schedule> {
    const job = typeof options.job === 'string' ? options.job : options.job?.name
    const key = options.key ?? randomUUIDv7()
    const resolved = await this.#resolve({ ...options, key, job }, key)

    return this.#change(async (tables) => {
      const present = await tables.schedules.find(this.namespaceName, key)
      if (present === undefined)
        await createSchedule(tables, this.#identity(key), resolved, this.#parts.aheadMs)
      else await changeSchedule(tables, present, resolved, this.#parts.aheadMs)
      return key
    })
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
    for (;;) {
      const present = await this.#parts.store.read((tables) => this.#get(tables, key))
      checkRevision(present, expected.revision)

      const stored = {
        group: present.group,
        active: present.state !== 'paused',
        definition: storedDefinition(present),
      }
      const resolved = await this.#resolve(
        applyPatch(stored, patch),
        key,
        'job' in patch || 'payload' in patch,
      )

      // A job's schema may take its time, so it is asked outside of the transaction, and the row looked at again.
      const changed = await this.#parts.store.transaction(async (tables) => {
        const record = await this.#get(tables, key)
        if (record.id !== present.id || record.revision !== present.revision) return false
        await changeSchedule(tables, record, resolved, this.#parts.aheadMs)
        return true
      })
      if (changed) return this.#changed(key)
    }
  }

  /** Deletes a schedule; what it has planned and not begun is withdrawn. @returns whether it was there */
  async delete(key: string): Promise<boolean> {
    return this.#parts.store.transaction(async (tables) => {
      const record = await tables.schedules.find(this.namespaceName, key)
      if (record === undefined) return false
      await deleteSchedule(tables, record)
      return true
    })
  }

  /**
   * Stops a schedule from running until it is resumed; what it has planned and not begun is withdrawn.
   *
   * @throws {ScheduleNotFoundError} when there is no such schedule
   */
  async pause(key: string): Promise<Schedule> {
    return this.#change(async (tables) => {
      await pauseSchedule(tables, await this.#get(tables, key))
      return key
    })
  }

  /**
   * Lets a paused or broken schedule run again.
   *
   * @param missed what happens to the occurrences of the pause: `skip` them, run the `latest`, or `all` (the newest
   * 1,000 at most)
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {InvalidInputError} when `missed` is none of these
   */
  async resume(key: string, { missed = 'skip' }: { missed?: ResumeAnswer } = {}): Promise<Schedule> {
    if (!RESUME_ANSWERS.includes(missed)) {
      const message = `missed ${JSON.stringify(missed)} is not one of ${RESUME_ANSWERS.join(', ')}`
      const hint = typeof missed === 'string' ? didYouMean(missed, RESUME_ANSWERS) : ''
      throw new InvalidInputError(message + hint, 'missed')
    }
    return this.#change(async (tables) => {
      await resumeSchedule(tables, await this.#get(tables, key), missed, this.#parts.aheadMs)
      return key
    })
  }

  /**
   * Runs a schedule once, now, whether or not it is paused. The cursor stays where it is.
   *
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {ScheduleConflictError} when it is broken
   */
  async trigger(key: string): Promise<Occurrence> {
    const { store } = this.#parts
    const occurrence = await store.transaction(async (tables) => {
      const record = await this.#get(tables, key)
      if (record.state === 'broken') {
        throw new ScheduleConflictError(`schedule "${key}" is broken and cannot run: ${record.reason}`, key)
      }
      const definition = storedDefinition(record)
      const ref = await freeInstant(tables, record, definition)
      const { queue } = definition
      await tables.ledger.insert([{ ...ref, dueAt: tables.now, origin: 'manual', queue }], tables.now)
      return (await tables.ledger.find(ref))!
    })
    store.announce()
    return describeOccurrence(occurrence)
  }

  /** The schedule with this key. */
  async describe(key: string): Promise<Schedule | undefined> {
    return this.#parts.store.read(async (tables) => {
      const record = await tables.schedules.find(this.namespaceName, key)
      return record && describeRecord(record, tables.now)
    })
  }

  /** All schedules of the namespace, or of one group, by key. They are read in pages, so memory stays flat. */
  async *describeAll({ group }: DescribeFilter = {}): AsyncGenerator<Schedule, void, undefined> {
    let afterKey: string | undefined
    for (;;) {
      const page = await this.#parts.store.read(async (tables) => {
        const filter = { namespace: this.namespaceName, group, afterKey, limit: DESCRIBE_PAGE }
        return (await tables.schedules.list(filter)).map((record) => describeRecord(record, tables.now))
      })
      yield* page

      afterKey = page.at(-1)?.key
      if (page.length < DESCRIBE_PAGE) return
    }
  }

  /** The newest nominal instant of a schedule that was handed to the queue; ahead-of-time ones count. */
  async lastScheduled(key: string): Promise<Date | undefined> {
    const record = await this.#parts.store.read((tables) => tables.schedules.find(this.namespaceName, key))
    return record?.lastAt == null ? undefined : new Date(record.lastAt)
  }

  /**
   * The next instants of a schedule, or of a recurrence as it would be stored; nothing is written.
   *
   * @param count how many at most
   * @param after the instant to begin after; now by default
   * @throws {ScheduleNotFoundError} when a key is given and there is no such schedule
   * @throws as `schedule`, for a recurrence
   */
  async preview(
    target: string | RecurrenceInput,
    count = 5,
    { after }: { after?: InstantInput } = {},
  ): Promise<Date[]> {
    checkCount(count, 'count')
    const { definition, seed } = await this.#previewed(target)
    const recurrence = compileTiming(definition, seed)

    const instants: Date[] = []
    let at = after === undefined ? await this.#parts.store.now() : instantMs(after, 'after')
    while (instants.length < count) {
      const next = recurrence.nextMs(at)
      if (next === undefined) break
      instants.push(new Date(next))
      at = next
    }
    return instants
  }

  /** What became of a schedule's occurrences, newest first; also of a deleted one, while its rows are kept. */
  async history(
    key: string,
    { limit = 50, states, until, after }: HistoryOptions = {},
  ): Promise<Occurrence[]> {
    checkCount(limit, 'limit')
    const untilMs = until === undefined ? await this.#parts.store.now() : instantMs(until, 'until')
    const page = after === undefined ? undefined : parseOccurrenceId(after)
    const records = await this.#parts.store.read(async (tables) => {
      const scheduleIds = await tables.schedules.idsOf(this.namespaceName, key)
      return tables.ledger.history({ scheduleIds, limit, states, until: untilMs, after: page })
    })
    return records.map(describeOccurrence)
  }

  #identity(key: string): ScheduleIdentity {
    return { namespace: this.namespaceName, key }
  }

  /** @param isForJob whether the job is to be asked about the payload; one that did not change was asked before */
  async #resolve(input: ScheduleInput, key: string, isForJob = true): Promise<ResolvedSchedule> {
    const { jobs, queues, maxPayloadBytes } = this.#parts
    const resolved = resolveDefinition(input, seedOf(this.#identity(key)))
    const { job, payload } = resolved.definition

    const { bytes } = toJson(payload)!
    const { queue } = resolved.definition
    if (!queues.includes(queue)) {
      throw new InvalidInputError(
        `unknown queue "${queue}"${didYouMean(queue, queues) || `: known are ${queues.join(', ')}`}`,
        'queue',
      )
    }
    if (bytes > maxPayloadBytes) {
      const message = `the payload for job "${job}" has ${bytes} bytes as JSON; at most ${maxPayloadBytes} are allowed`
      throw new InvalidPayloadError(message, job)
    }
    if (isForJob) await jobs.checkPayload(job, payload)
    return resolved
  }

  async #previewed(target: string | RecurrenceInput) {
    if (typeof target !== 'string') {
      const seed = seedOf(this.#identity(''))
      return { seed, definition: resolveDefinition({ ...target, job: '-' }, seed).definition }
    }
    const record = await this.#parts.store.read((tables) => this.#get(tables, target))
    return { seed: seedOf(record), definition: storedDefinition(record) }
  }

  async #get(tables: Tables, key: string): Promise<ScheduleRecord> {
    const record = await tables.schedules.find(this.namespaceName, key)
    if (record !== undefined) return record
    throw new ScheduleNotFoundError(
      `no schedule has the key "${key}" in namespace "${this.namespaceName}"`,
      key,
    )
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

function checkRevision(record: ScheduleRecord, expected: number | undefined): void {
  if (expected === undefined || record.revision === expected) return

  const message = `schedule "${record.key}" is at revision ${record.revision}, not ${expected}: read it again, then change it`
  throw new ScheduleConflictError(message, record.key)
}

/**
 * Now, or the first millisecond after it that belongs to nobody: an occurrence has its nominal instant to itself, and
 * one by hand must not take that of one which is still to be planned.
 */
async function freeInstant(
  tables: Tables,
  record: ScheduleRecord,
  definition: Definition,
): Promise<OccurrenceRef> {
  const recurrence = compileTiming(definition, seedOf(record))
  const ref = { scheduleId: record.id, generation: record.generation }
  for (let nominalAt = tables.now; ; nominalAt++) {
    const isOfRecurrence = recurrence.nextMs(nominalAt - 1, nominalAt) !== undefined
    if (!isOfRecurrence && (await tables.ledger.find({ ...ref, nominalAt })) === undefined)
      return { ...ref, nominalAt }
  }
}

/** @throws {InvalidInputError} when it is not a whole number from 1 to 10,000 */
function checkCount(count: number, path: string): void {
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return
  throw new InvalidInputError(`${path} ${count} is not a whole number from 1 to 10,000`, path)
}
