import type { Instant } from '../clock/clock.ts'
import { ScheduleConflictError } from '../errors.ts'
import { isRefusal } from '../sql/sql-error.ts'
import { NO_COVER, type Cover } from '../store/pause-table.ts'
import { endPauses } from '../store/pause-schedules.ts'
import { EVERYTHING, type Reach } from '../store/reach.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { Tables, Transactions } from '../store/store.ts'
import { Quotas } from './quotas.ts'
import { checkAbsent, checkRevision, isAs } from './revision.ts'
import {
  changeSchedule,
  createSchedules,
  needsCover,
  type NewOwner,
  type ScheduleToWrite,
} from './generations.ts'

/** How many schedules are written in one transaction at most. */
const WRITTEN_AT_ONCE = 1_000
/** What their payloads may come to: a database does not take statements of any length. */
const BYTES_AT_ONCE = 2 * 1024 * 1024
/** How often a key may be taken by somebody else between our look and our write. */
const MOST_COLLISIONS = 5

/** What became of a schedule that was to be stored. */
export interface WrittenSchedule {
  /** When it was written, by the store's clock. */
  readonly at: Instant
  readonly record: ScheduleRecord
  readonly change: 'created' | 'changed' | 'unchanged'
}

/** Schedules that can be written in one transaction: not too many, not too large, each key once. */
export class WriteStep {
  readonly #schedules = new Map<string, ScheduleToWrite>()
  #bytes = 0

  get schedules(): ScheduleToWrite[] {
    return [...this.#schedules.values()]
  }

  /** Whether both hold schedules with the same key. */
  overlaps(other: WriteStep): boolean {
    return [...other.#schedules.keys()].some((key) => this.#schedules.has(key))
  }

  /** Takes one more, if there is room for it. */
  add(schedule: ScheduleToWrite): boolean {
    const { key, payloadBytes } = schedule
    const size = this.#schedules.size
    const isFull = size >= WRITTEN_AT_ONCE || (size > 0 && this.#bytes + payloadBytes > BYTES_AT_ONCE)
    if (isFull || this.#schedules.has(key)) return false

    this.#schedules.set(key, schedule)
    this.#bytes += payloadBytes
    return true
  }
}

interface Waiting {
  readonly schedule: ScheduleToWrite
  readonly resolve: (written: WrittenSchedule) => void
  readonly reject: (error: unknown) => void
}

/** What a writer works with. */
export interface WriterParts {
  readonly store: Transactions
  readonly aheadMs: number
  readonly quotas?: Quotas
  readonly reach?: Reach
}

/**
 * Stores schedules of one namespace, new ones and replacements. Those that are asked for while others are being written
 * go together in the next transaction: many single calls cost little more than one for all of them.
 */
export class ScheduleWriter {
  readonly #store: Transactions
  readonly #owner: NewOwner
  readonly #aheadMs: number
  readonly #quotas: Quotas
  readonly #reach: Reach
  #waiting: Waiting[] = []
  #isAtWork = false

  constructor({ store, aheadMs, quotas, reach = EVERYTHING }: WriterParts, owner: NewOwner) {
    this.#store = store
    this.#reach = reach
    this.#quotas = quotas ?? new Quotas(undefined)
    this.#owner = owner
    this.#aheadMs = aheadMs
  }

  /** Stores one schedule, perhaps together with others. */
  async write(schedule: ScheduleToWrite): Promise<WrittenSchedule> {
    const { promise, resolve, reject } = Promise.withResolvers<WrittenSchedule>()
    this.#waiting.push({ schedule, resolve, reject })
    if (!this.#isAtWork) void this.#work()
    return promise
  }

  /** Stores schedules with different keys, all or none of them. */
  async writeAll(schedules: readonly ScheduleToWrite[]): Promise<WrittenSchedule[]> {
    const tried = new Set<ScheduleToWrite>()
    for (let collisions = 0; ; collisions++) {
      try {
        return await this.#store.transaction((tables) =>
          this.#quotas.watch(tables, this.#owner.namespace, () => this.#writeIn(tables, schedules, tried)),
        )
      } catch (error) {
        // Somebody else has just stored one of the keys, so that it is there now, to be replaced.
        if (!isRefusal(error) || (collisions >= MOST_COLLISIONS && this.#reach === EVERYTHING)) throw error
        // Or a schedule that is out of reach has it.
        if (collisions >= MOST_COLLISIONS) throw taken(schedules)
      }
    }
  }

  async #work(): Promise<void> {
    this.#isAtWork = true
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        settle(batch, await this.writeAll(batch.map(({ schedule }) => schedule)))
      } catch (error) {
        await this.#oneByOne(batch, error)
      }
    }
    this.#isAtWork = false
  }

  #takeBatch(): Waiting[] {
    const step = new WriteStep()
    let size = 0
    while (size < this.#waiting.length && step.add(this.#waiting[size]!.schedule)) size++
    return this.#waiting.splice(0, size)
  }

  /** The fault may be one schedule's alone, and the others must not suffer from it. */
  async #oneByOne(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length === 1) return batch[0]!.reject(error)
    for (const waiting of batch) {
      try {
        settle([waiting], await this.writeAll([waiting.schedule]))
      } catch (own) {
        waiting.reject(own)
      }
    }
  }

  /** @param tried what was written before, perhaps, when the answer to that was lost */
  async #writeIn(
    tables: Tables,
    schedules: readonly ScheduleToWrite[],
    tried: Set<ScheduleToWrite>,
  ): Promise<WrittenSchedule[]> {
    const keys = schedules.map(({ key }) => key)
    const { namespace, author } = this.#owner
    const present = byKey(await this.#lock(tables, keys))
    checkExpected(schedules, present, tried)
    const cover = await this.#cover(tables, schedules, present)

    const missing = schedules.filter(({ key }) => !present.has(key))
    const created = byKey(await createSchedules(tables, this.#owner, missing, this.#aheadMs, cover))

    const changed = new Set<string>()
    const options = { author, cover, aheadMs: this.#aheadMs }
    for (const schedule of schedules) {
      const record = present.get(schedule.key)
      if (record !== undefined && (await changeSchedule(tables, record, schedule, options)))
        changed.add(schedule.key)
    }
    const rewritten = byKey(await tables.schedules.findMany(namespace, [...changed]))
    return keys.map((key): WrittenSchedule => {
      const at = tables.now
      if (created.has(key)) return { at, record: created.get(key)!, change: 'created' }
      if (changed.has(key)) return { at, record: rewritten.get(key)!, change: 'changed' }
      return { at, record: present.get(key)!, change: 'unchanged' }
    })
  }

  async #lock(tables: Tables, keys: readonly string[]): Promise<ScheduleRecord[]> {
    const records = await tables.lockAll(this.#owner.namespace, keys)
    if (!(await endPauses(tables, records, this.#aheadMs))) return records
    return tables.schedules.findMany(this.#owner.namespace, keys)
  }

  /** The pauses of many that the schedules may come under. */
  async #cover(
    tables: Tables,
    schedules: readonly ScheduleToWrite[],
    present: ReadonlyMap<string, ScheduleRecord>,
  ): Promise<Cover> {
    const toRun = schedules.filter((schedule) => needsCover(present.get(schedule.key), schedule))
    if (toRun.length === 0) return NO_COVER
    const groups = toRun.map(({ group }) => group)
    return tables.pauses.cover(this.#owner.namespace, groups, tables.now)
  }
}

/** @throws {ScheduleConflictError} when one is not at the revision that is expected of it */
function checkExpected(
  schedules: readonly ScheduleToWrite[],
  present: ReadonlyMap<string, ScheduleRecord>,
  tried: Set<ScheduleToWrite>,
): void {
  for (const schedule of schedules) {
    const { key, expected } = schedule
    const record = present.get(key)
    if (record === undefined) checkAbsent(key, expected)
    else if (!tried.has(schedule) || !isAs(record, schedule)) checkRevision(record, expected)
    tried.add(schedule)
  }
}

function taken(schedules: readonly ScheduleToWrite[]): ScheduleConflictError {
  const keys = schedules.map(({ key }) => key)
  const which = keys.length === 1 ? `the key "${keys[0]}"` : 'one of the keys'
  return new ScheduleConflictError(`${which} is taken`, keys[0]!)
}

function settle(batch: readonly Waiting[], written: readonly WrittenSchedule[]): void {
  for (const [i, { resolve }] of batch.entries()) resolve(written[i]!)
}

function byKey(records: readonly ScheduleRecord[]): Map<string, ScheduleRecord> {
  return new Map(records.map((record) => [record.key, record]))
}
