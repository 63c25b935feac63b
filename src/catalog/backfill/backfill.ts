import { giveWay } from '../../clock/give-way.ts'
import type { Instant } from '../../clock/clock.ts'
import { InvalidInputError, ScheduleConflictError } from '../../errors.ts'
import { flowOf } from '../../schedule/flow.ts'
import { OVERLAP_WORDS, overlapOf, type OverlapWord, type RunOverlap } from '../../schedule/overlap.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import type { InstantInput } from '../../schedule/schedule-input.ts'
import { seedOf, type ScheduleIdentity } from '../../schedule/schedule-identity.ts'
import { compileTiming } from '../../schedule/timing.ts'
import type { ScheduleRecord } from '../../store/schedule-record.ts'
import type { ScheduleLife } from '../../store/schedule-lives.ts'
import type { Tables, TableSet, Transactions } from '../../store/store.ts'
import { generationsOf } from '../explain/facts.ts'
import { storedDefinition } from '../generations.ts'
import { didYouMean } from '../../suggestion.ts'
import { ifReadable } from '../../schedule/if-readable.ts'
import { getSchedule } from '../schedule-reader.ts'
import {
  decideBackfill,
  instantsOf,
  type BackfillStep,
  type NamedInstant,
  type Stretch,
} from './backfill-plan.ts'

/** Which instants are made up for, and how fast. */
export interface BackfillOptions {
  /** The first instant; before the schedule was stored, what it was stored with first is taken. */
  readonly from: InstantInput
  /** The last one; now by default. */
  readonly until?: InstantInput | undefined
  /** Only says what it would do. */
  readonly dryRun?: boolean | undefined
  /**
   * What becomes of its runs that find no room, in place of what the schedule says: its `maxRunning`, `mutex` and
   * `minimumBreak` stay, and where it has no policy there is one run at a time. By default they wait for their turn where it
   * has one, and begin whatever runs where it has none.
   */
  readonly overlap?: OverlapWord | undefined
  /** How many runs a minute; 60 by default, `Infinity` for all of them at once. */
  readonly rate?: number | undefined
  /** Called after each step, and waited for before the next. */
  readonly onProgress?: ((report: BackfillReport) => unknown) | undefined
}

/** What a backfill did, or would do. */
export interface BackfillReport {
  /** Runs that are made up for. */
  readonly planned: number
  /** Instants that ran, run, or are to run already, and are left as they are. */
  readonly present: number
  /** The first and the last instant that is made up for. */
  readonly firstAt: Date | undefined
  readonly lastAt: Date | undefined
  /** When the last of the runs is due. */
  readonly dueUntil: Date | undefined
  /** What becomes of those that find no room. */
  readonly overlap: OverlapWord
  /** How many runs of their guard may be under way; `undefined` while any number of them may. */
  readonly maxRunning: number | undefined
  /** How many of them are named by which generation. */
  readonly generations: Readonly<Record<number, number>>
}

const DEFAULT_RATE = 60
const MINUTE_MS = 60_000
/** How many instants are written in one transaction. */
const STEP = 500
/** How many instants one backfill may name. */
const MOST = 100_000

/** What a backfill needs to find its schedule. */
export interface BackfillTarget {
  readonly store: Transactions
  readonly identity: ScheduleIdentity
  /** Holds it for a change, or says that there is none. */
  readonly lock: (tables: Tables) => Promise<ScheduleRecord>
}

/**
 * Makes up for what did not run. Each instant is named by the generation that was in force then; job, payload and policies are
 * those of now. Said again, it goes on where it was broken off.
 */
export async function backfillSchedule(
  target: BackfillTarget,
  { from, until, dryRun = false, overlap, rate = DEFAULT_RATE, onProgress = () => {} }: BackfillOptions,
): Promise<BackfillReport> {
  const { store } = target
  const now = await store.now()
  const fromMs = instantMs(from, 'from')
  const untilMs = Math.min(until === undefined ? now : instantMs(until, 'until'), now)
  if (untilMs < fromMs) throw new InvalidInputError('from lies behind until, or in the future', 'from')
  if (overlap !== undefined) checkOverlap(overlap)
  if (!(rate > 0)) throw new InvalidInputError('rate is a number of runs a minute, more than 0', 'rate')

  const { record, life } = await store.read((tables) => read(tables, target))
  checkState(record)
  const stretches = stretchesOf(life, record)
  // What is not dispatched yet is the next pass's.
  const last = Math.min(untilMs, (record.nextAt ?? Infinity) - 1)
  refuseTooMany(stretches, fromMs, last)

  const own = overlap ?? null
  const report = new Report(
    now,
    rate,
    overlapOf({ origin: 'backfill', own }, storedDefinition(record).overlap),
  )
  for (const named of instantsOf(stretches, fromMs, last, STEP)) {
    const ends = { named, stretches, id: record.id, overlap }
    const step = dryRun
      ? await store.read((tables) => decide(tables, ends))
      : await store.transaction(async (tables) => {
          const present = await target.lock(tables)
          if (present.id !== record.id || present.generation !== record.generation)
            throw new ScheduleConflictError(
              `schedule "${record.key}" was changed meanwhile: say it again`,
              record.key,
            )
          return write(tables, ends, present, report)
        })
    report.add(step)
    await onProgress(report.view)
    await giveWay()
  }
  if (!dryRun) store.announce()
  return report.view
}

async function read(tables: TableSet, { identity }: BackfillTarget) {
  const record = await getSchedule(tables, identity)
  const lives = await tables.schedules.lives(identity.namespace, identity.key)
  return { record, life: lives.find(({ id }) => id === record.id)! }
}

function checkOverlap(overlap: OverlapWord): void {
  if (OVERLAP_WORDS.includes(overlap)) return
  const hint = typeof overlap === 'string' ? didYouMean(overlap, OVERLAP_WORDS) : ''
  const message = `overlap ${JSON.stringify(overlap)} is not one of ${OVERLAP_WORDS.join(', ')}`
  throw new InvalidInputError(message + hint, 'overlap')
}

function checkState({ state, key }: ScheduleRecord): void {
  if (state === 'active') return
  const remedy = state === 'paused' ? 'resume it first' : 'it is broken: store it anew with schedule()'
  throw new ScheduleConflictError(`schedule "${key}" cannot be backfilled: ${remedy}`, key)
}

/** What was in force when; what cannot be read is left out. */
function stretchesOf(life: ScheduleLife, record: ScheduleRecord): Stretch[] {
  return generationsOf(life).flatMap(({ generation, definition, from, until }, i): Stretch[] => {
    const recurrence = definition && ifReadable(() => compileTiming(definition, seedOf(record)))
    return recurrence === undefined
      ? []
      : [{ generation, recurrence, from: i === 0 ? -Infinity : from, until }]
  })
}

function refuseTooMany(stretches: readonly Stretch[], from: Instant, until: Instant): void {
  let count = 0
  for (const step of instantsOf(stretches, from, until, STEP)) {
    count += step.length
    if (count > MOST)
      throw new InvalidInputError(
        `there are more than ${MOST.toLocaleString('en')} instants in this time: do it in several parts`,
        'from',
      )
  }
}

interface StepEnds {
  readonly id: number
  readonly named: readonly NamedInstant[]
  readonly stretches: readonly Stretch[]
  readonly overlap: OverlapWord | undefined
}

async function decide(
  tables: TableSet,
  { id, named, stretches }: Omit<StepEnds, 'overlap'>,
): Promise<BackfillStep> {
  const [first, last] = [named[0]!.nominalAt, named.at(-1)!.nominalAt]
  const rows = await tables.ledger.between(id, first, last)
  const owed = await tables.owed.of([id])
  const recurrences = new Map(stretches.map(({ generation, recurrence }) => [generation, recurrence]))
  return decideBackfill(named, rows, owed, (generation) => recurrences.get(generation))
}

async function write(
  tables: Tables,
  ends: StepEnds,
  record: ScheduleRecord,
  report: Report,
): Promise<BackfillStep> {
  const step = await decide(tables, ends)
  const { queue, job, expectWithinMs } = storedDefinition(record)
  const common = { scheduleId: record.id, queue, job }
  await tables.ledger.remove([...step.replaced, ...step.carved.map(({ range }) => range)])
  const rest = step.carved.flatMap(({ range, rest: sides }) =>
    sides.map((side) => ({
      ...common,
      ...side,
      generation: range.generation,
      ...(range.reason !== null && { reason: range.reason }),
    })),
  )
  await tables.ledger.insertMissed(rest, tables.now)
  const occurrences = step.write.map((instant, i) => ({
    ...common,
    ...instant,
    dueAt: report.dueAt(i),
    origin: 'backfill' as const,
    flow: flowOf(record.namespace),
    expectWithinMs,
  }))
  await tables.ledger.insert(occurrences, tables.now)
  if (ends.overlap !== undefined) await tables.ledger.setOverlap(occurrences, ends.overlap)
  return step
}

class Report {
  readonly #beganAt: Instant
  readonly #everyMs: number
  readonly #overlap: RunOverlap | undefined
  #planned = 0
  #present = 0
  #firstAt: Instant | undefined
  #lastAt: Instant | undefined
  readonly #generations: Record<number, number> = {}

  /** @param overlap by which its runs go; `undefined` while any number of them may be under way */
  constructor(beganAt: Instant, rate: number, overlap: RunOverlap | undefined) {
    this.#beganAt = beganAt
    this.#overlap = overlap
    this.#everyMs = MINUTE_MS / rate
  }

  /** When the next but `index` run is due. */
  dueAt(index: number): Instant {
    return this.#beganAt + Math.floor((this.#planned + index) * this.#everyMs)
  }

  add({ write: written, present }: BackfillStep): void {
    this.#planned += written.length
    this.#present += present
    this.#firstAt ??= written.at(0)?.nominalAt
    this.#lastAt = written.at(-1)?.nominalAt ?? this.#lastAt
    for (const { generation } of written)
      this.#generations[generation] = (this.#generations[generation] ?? 0) + 1
  }

  get view(): BackfillReport {
    const { policy = 'allow', maxRunning } = this.#overlap ?? {}
    const dateOf = (instant: Instant | undefined) => (instant === undefined ? undefined : new Date(instant))
    return {
      planned: this.#planned,
      present: this.#present,
      firstAt: dateOf(this.#firstAt),
      lastAt: dateOf(this.#lastAt),
      dueUntil: this.#planned === 0 ? undefined : new Date(this.dueAt(-1)),
      overlap: policy,
      maxRunning: policy === 'allow' ? undefined : maxRunning,
      generations: { ...this.#generations },
    }
  }
}
