import type { Instant } from '../clock/clock.ts'
import { ScheduleNotFoundError } from '../errors.ts'
import { occurrenceId, parseOccurrenceId } from '../schedule/occurrence.ts'
import { seedOf, type ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { instantMs } from '../schedule/instant-input.ts'
import type { Forecast, ForecastOptions } from '../schedule/forecast/forecast.ts'
import { nextInstants } from '../schedule/next-instants.ts'
import { resolveDefinition } from '../schedule/resolve-definition.ts'
import type { InstantInput, RecurrenceInput } from '../schedule/schedule-input.ts'
import { compileTiming } from '../schedule/timing.ts'
import type { OccurrenceFilter } from '../store/occurrence-filter.ts'
import type { ListedRecord } from '../store/run-listing.ts'
import type { ScheduleLife } from '../store/schedule-lives.ts'
import type { ScheduleRecord } from '../store/schedule-record.ts'
import type { TableSet, Transactions } from '../store/store.ts'
import type { FieldChange } from './audit/diff-inputs.ts'
import { changesOf, diffSnapshots, rememberedAt, type ScheduleChange } from './audit/remembered.ts'
import { explainInstant } from './explain/explain-instant.ts'
import type { Explanation } from './explain/explanation.ts'
import { factsOf } from './explain/facts.ts'
import type {
  ChangesOptions,
  DescribeFilter,
  HistoryOptions,
  OccurrenceOptions,
  RunsOptions,
} from './catalog-options.ts'
import { checkCount } from './check-count.ts'
import { checkWords } from './check-words.ts'
import { forecastSchedules } from './forecast/forecast-schedules.ts'
import { storedDefinition } from './generations.ts'
import { describeListed, describeOccurrence, type Occurrence, type RunsPage } from './occurrence-view.ts'
import { describeRun, type RunDetails } from './run-view.ts'
import { describeRecord, type Schedule } from './schedule-view.ts'

/** What a reader works with. */
export interface ReaderParts {
  readonly store: Pick<Transactions, 'now' | 'read'>
  /** How long what finished is kept, in milliseconds. */
  readonly keepMs: number
  /** How far ahead schedules are planned. */
  readonly aheadMs: number
}

const DESCRIBE_PAGE = 200
/** How often `runs` looks further before it answers with less than was asked for. */
const RUNS_STEPS = 50

/** What is read of the schedules of one namespace. Writes nothing. */
export class ScheduleReader {
  /** The namespace that this handle is confined to. */
  readonly namespaceName: string
  readonly #parts: ReaderParts

  constructor(parts: ReaderParts, namespaceName: string) {
    this.#parts = parts
    this.namespaceName = namespaceName
  }

  /** The schedule with this key. */
  async describe(key: string): Promise<Schedule | undefined> {
    const { store } = this.#parts
    const record = await store.read((tables) => tables.schedules.find(this.namespaceName, key))
    return record && describeRecord(record, await store.now())
  }

  /**
   * The schedules of the namespace that the filter lets through, by key. They are read in pages as they are asked for, so
   * memory stays flat however many there are.
   */
  async *describeAll(filter: DescribeFilter = {}): AsyncGenerator<Schedule, void, undefined> {
    let { afterKey } = filter
    let left = filter.limit ?? Infinity
    for (;;) {
      const limit = Math.min(left, DESCRIBE_PAGE)
      const wanted = { ...filter, namespace: this.namespaceName, afterKey, limit }
      const page = await this.#parts.store.read((tables) => tables.schedules.list(wanted))
      const now = await this.#parts.store.now()
      for (const record of page) yield describeRecord(record, now)

      afterKey = page.at(-1)?.key
      left -= page.length
      if (page.length < limit || left <= 0) return
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
    const from = after === undefined ? await this.#parts.store.now() : instantMs(after, 'after')
    return nextInstants(compileTiming(definition, seed), from, count)
  }

  /**
   * How many occurrences of the active schedules fall due ahead, minute by minute, and of what the fullest minutes are full.
   *
   * @throws {InvalidInputError} when an option is not valid, or the schedules have too many instants in that time
   */
  async forecast(options: ForecastOptions = {}): Promise<Forecast> {
    return forecastSchedules(this.#parts.store, options, { namespace: this.namespaceName })
  }

  /** What became of a schedule's occurrences, newest first; also of a deleted one, while its rows are kept. */
  async history(key: string, options: HistoryOptions = {}): Promise<Occurrence[]> {
    const { limit = 50, after } = options
    checkCount(limit, 'limit')
    const filter = await this.#filterOf(options)
    const page = after === undefined ? undefined : parseOccurrenceId(after)
    const records = await this.#parts.store.read(async (tables) => {
      const scheduleIds = await tables.schedules.idsOf(this.namespaceName, key)
      return tables.ledger.history({ ...filter, scheduleIds, limit, after: page })
    })
    return records.map(describeOccurrence)
  }

  /**
   * What became of the occurrences of all schedules of the namespace, newest nominal instant first; deleted schedules
   * among them, while their rows are kept.
   *
   * The ledger is never read from end to end at once: where the filter lets little through, a page may hold less than
   * `limit`, or nothing, and still name a `next` one.
   */
  async runs(options: RunsOptions = {}): Promise<RunsPage> {
    const { limit = 50, group, job, after } = options
    checkCount(limit, 'limit')
    const filter = { ...(await this.#filterOf(options)), namespace: this.namespaceName, group, job }

    const runs: ListedRecord[] = []
    let next = after === undefined ? undefined : parseOccurrenceId(after)
    for (let steps = 0; steps < RUNS_STEPS; steps++) {
      const from = next
      const step = await this.#parts.store.read(({ listing }) =>
        listing.step(filter, from, limit - runs.length),
      )
      runs.push(...step.found)
      next = step.next
      if (next === undefined || runs.length === limit) break
    }
    return { runs: runs.map(describeListed), next: next && occurrenceId(next) }
  }

  /**
   * One run with all that is kept of it: the lines that its handler logged, how far it has come, what became of its last
   * attempts. Also of a deleted schedule, while its rows are kept.
   *
   * @param id as `history` and `runs` name it
   */
  async run(id: string): Promise<RunDetails | undefined> {
    const ref = parseOccurrenceId(id)
    return this.#parts.store.read(async ({ listing, details }) => {
      const record = await listing.find(this.namespaceName, ref)
      return record && describeRun(record, await details.of(ref))
    })
  }

  /**
   * What was done to a schedule, by whom and why, newest first; also to a deleted one, while its rows are kept.
   *
   * @throws {ScheduleNotFoundError} when nothing is remembered of this key
   */
  async changes(key: string, { limit = 50, after }: ChangesOptions = {}): Promise<ScheduleChange[]> {
    checkCount(limit, 'limit')
    const now = await this.#parts.store.now()
    return this.#parts.store.read(async (tables) => {
      const lives = await tables.operating.lives(this.namespaceName, key)
      if (lives.length === 0) throw notFound(this.#identity(key))
      return changesOf(tables, lives, { limit, after }, now)
    })
  }

  /**
   * What differs between two revisions of a schedule.
   *
   * @throws {ScheduleNotFoundError} when there is no such schedule
   * @throws {InvalidInputError} when one of the revisions is not remembered
   */
  async diff(key: string, before: number, after: number): Promise<FieldChange[]> {
    const now = await this.#parts.store.now()
    return this.#parts.store.read(async (tables) => {
      const record = await getSchedule(tables, this.#identity(key))
      const [old, present] = [
        await rememberedAt(tables, record, before),
        await rememberedAt(tables, record, after),
      ]
      return diffSnapshots(record, old, present, now)
    })
  }

  /**
   * Why a schedule ran at an instant, or did not, or whether it will: from the ledger, and from the definition that was in
   * force then. Also of a deleted schedule, while its rows are kept.
   *
   * @param instant a nominal instant, to the millisecond
   * @throws {ScheduleNotFoundError} when nothing is remembered of this key
   */
  async explain(key: string, instant: InstantInput): Promise<Explanation> {
    const at = instantMs(instant, 'instant')
    const { store, keepMs, aheadMs } = this.#parts
    const now = await store.now()
    const known = await store.read(async (tables) => {
      const [newest, ...older] = await tables.schedules.lives(this.namespaceName, key)
      const lives =
        newest === undefined ? [] : [await untilAllEnd(tables, this.#identity(key), newest, now), ...older]
      const ids = lives.map(({ id }) => id)
      return { lives, occurrences: await tables.ledger.at(ids, at), owed: await tables.owed.at(ids, at) }
    })
    if (known.lives.length === 0) throw notFound(this.#identity(key))
    return explainInstant(
      factsOf(this.#identity(key), at, { ...known, now, keptFrom: now - keepMs, aheadMs }),
    )
  }

  async #filterOf(options: OccurrenceOptions): Promise<OccurrenceFilter> {
    const { states, reasons, origins, errorCodes, from, until } = options
    checkWords({ states, reasons, origins, errorCodes })
    return {
      states,
      reasons,
      origins,
      errorCodes,
      from: optionalMs(from, 'from'),
      until: optionalMs(until, 'until') ?? (await this.#parts.store.now()),
    }
  }

  #identity(key: string): ScheduleIdentity {
    return { namespace: this.namespaceName, key }
  }

  async #previewed(target: string | RecurrenceInput) {
    if (typeof target !== 'string') {
      const seed = seedOf(this.#identity(''))
      return { seed, definition: resolveDefinition({ ...target, job: '-' }, seed).definition }
    }
    const record = await this.#parts.store.read((tables) => getSchedule(tables, this.#identity(target)))
    return { seed: seedOf(record), definition: storedDefinition(record) }
  }
}

function optionalMs(value: InstantInput | undefined, path: string): Instant | undefined {
  return value === undefined ? undefined : instantMs(value, path)
}

/** A schedule whose pause ends when its own and those of many that cover it have ended. */
async function untilAllEnd(
  tables: TableSet,
  { namespace }: ScheduleIdentity,
  life: ScheduleLife,
  now: Instant,
): Promise<ScheduleLife> {
  const { pause, group } = life
  if (pause === null || pause.until === null) return life
  const covering = (await tables.pauses.inForce(namespace, [group], now))(group)
  if (covering === undefined) return life
  const until = covering.endsAt === null ? null : Math.max(covering.endsAt, pause.until)
  return { ...life, pause: { ...pause, until } }
}

/** @throws {ScheduleNotFoundError} when there is no such schedule */
export async function getSchedule(tables: TableSet, identity: ScheduleIdentity): Promise<ScheduleRecord> {
  const record = await tables.schedules.find(identity.namespace, identity.key)
  if (record !== undefined) return record
  throw notFound(identity)
}

export function notFound({ namespace, key }: ScheduleIdentity): ScheduleNotFoundError {
  return new ScheduleNotFoundError(`no schedule has the key "${key}" in namespace "${namespace}"`, key)
}
