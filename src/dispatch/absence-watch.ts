import { randomUUID } from 'node:crypto'
import type { AlertSink } from '../alert/alert.ts'
import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import { expectedBy } from '../schedule/expected-by.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'
import type { Expectation } from '../store/expectation-table.ts'
import type { NewMissedRange } from '../store/ledger.ts'
import type { RunDefinition } from '../store/run-ledger.ts'
import type { Store } from '../store/store.ts'
import { absentText, missedText } from './absent-text.ts'
import { dueAtOf, findAbsent, readable, type AbsentOccurrence } from './find-absent.ts'

export interface AbsenceWatchOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly alerts: AlertSink
  /** How long after it was due a run is to begin whose schedule has no expectation of its own; 0 for no limit. */
  readonly absentAfterMs: number
}

const EVERY_MS = 60_000
/** How long to wait after the store failed. */
const RETRY_MS = 5_000
/** How many are told at a time. */
const TOLD_AT_ONCE = 500

interface Missed extends Expectation {
  readonly range: NewMissedRange
  readonly schedule: RunDefinition
}

/**
 * Looks once a minute for runs that are absent, and has a human told of each once over all servers: whoever notes it in the
 * table of expectations tells.
 *
 * @see docs/design/runs.md
 */
export class AbsenceWatch {
  readonly #options: AbsenceWatchOptions
  readonly #loop: Loop
  #missed: NewMissedRange[] = []
  /** What waited for a dispatcher is left to the first pass of the one that has just come up. */
  #looksAtCursorsFrom: Instant = Infinity

  constructor(options: AbsenceWatchOptions) {
    this.#options = options
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => {
        options.logger.error({ error }, 'it could not be seen which runs are absent; it is tried again')
        return options.clock.now() + RETRY_MS
      },
    )
  }

  start(): void {
    this.#looksAtCursorsFrom = this.#options.clock.now() + EVERY_MS
    this.#loop.start()
  }

  /** Tells what is left to be told, and ends. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    try {
      await this.#tellMissed()
    } catch (error) {
      this.#options.logger.error(
        { error },
        'it could not be told which runs were missed; the ledger has them',
      )
    }
  }

  /** Takes note of what a pass found too late to run. Never throws. */
  missed(ranges: readonly NewMissedRange[]): void {
    if (ranges.length === 0) return
    const room = TOLD_AT_ONCE - this.#missed.length
    this.#missed.push(...ranges.slice(0, room))
    if (ranges.length > room)
      this.#options.logger.warn(
        { schedules: ranges.length - room },
        'runs of more schedules were missed than are told one by one; the ledger has them',
      )
    this.#loop.wake()
  }

  async #step(): Promise<Instant> {
    const { store, clock, absentAfterMs } = this.#options
    await this.#tellMissed()
    const now = await store.now()
    const withUnplanned = clock.now() >= this.#looksAtCursorsFrom
    const search = { now, beginWithinMs: absentAfterMs, withTold: false, withUnplanned, limit: TOLD_AT_ONCE }
    const { absent, met, isFull } = await store.read((tables) => findAbsent(tables, search))
    if (met.length > 0) await store.transaction(({ expectations }) => expectations.forget(met))
    const told = await this.#told(absent)
    for (const one of told) this.#tell(one)
    return isFull && told.length + met.length > 0 ? clock.now() : clock.now() + EVERY_MS
  }

  /** Those that nobody else tells. */
  async #told<T extends Expectation>(absent: readonly T[]): Promise<T[]> {
    if (absent.length === 0) return []
    const by = randomUUID()
    const refs = await this.#options.store.transaction(({ expectations, now }) =>
      expectations.tell(absent, by, now),
    )
    const own = new Set(refs.map(occurrenceId))
    return absent.filter((one) => own.has(occurrenceId(one)))
  }

  #tell(absent: AbsentOccurrence): void {
    const { alerts, logger } = this.#options
    const { namespace, key, group, job, state, queue, owner, attempt } = absent
    const message = absentText(absent)
    logger.warn({ namespace, key, occurrence: occurrenceId(absent), state }, 'a run is absent')
    alerts.raise({
      kind: 'run-absent',
      about: { namespace, key, group: group ?? undefined, job },
      occurrence: state === 'unplanned' ? undefined : occurrenceId(absent),
      message,
      details: {
        ...instantsOf(absent),
        dueAt: new Date(absent.dueAt).toISOString(),
        state,
        queue,
        attempt,
        runsOn: state === 'running' ? owner : null,
      },
    })
  }

  async #tellMissed(): Promise<void> {
    const ranges = [...this.#missed]
    if (ranges.length === 0) return
    const { store } = this.#options
    const now = await store.now()
    const ids = [...new Set(ranges.map(({ scheduleId }) => scheduleId))]
    const schedules = await store.read((tables) => tables.runs.definitions(ids))
    const late = ranges.flatMap((range) => this.#judge(range, schedules.get(range.scheduleId), now))
    for (const { range, schedule } of await this.#told(late)) this.#tellRange(range, schedule)
    this.#missed.splice(0, ranges.length)
  }

  /** What was missed by less than it may be late is no news. */
  #judge(range: NewMissedRange, schedule: RunDefinition | undefined, now: Instant): Missed[] {
    const definition = schedule && readable(schedule)
    if (schedule === undefined || definition === undefined) return []
    const dueAt = dueAtOf(range.from, schedule, definition)
    const row = { state: 'planned', dueAt, plannedAt: dueAt } as const
    const expectedAt = expectedBy(row, definition.expectWithinMs, this.#options.absentAfterMs)
    if (expectedAt === undefined || expectedAt > now) return []
    return [{ ...refOf(range), expectedAt, range, schedule }]
  }

  #tellRange(range: NewMissedRange, { namespace, key, group }: RunDefinition): void {
    const { alerts, logger } = this.#options
    const { from, until, count, job, queue } = range
    logger.warn({ namespace, key, from, until, count }, 'runs were missed')
    alerts.raise({
      kind: 'run-absent',
      about: { namespace, key, group: group ?? undefined, job },
      occurrence: occurrenceId(refOf(range)),
      message: missedText({ namespace, key }, range),
      details: {
        nominalAt: new Date(from).toISOString(),
        state: 'missed',
        missedUntil: new Date(until).toISOString(),
        missedCount: count,
        queue,
      },
    })
  }
}

function instantsOf({ nominalAt, expectedAt }: Expectation) {
  return {
    nominalAt: new Date(nominalAt).toISOString(),
    expectedBy: new Date(expectedAt).toISOString(),
  }
}

function refOf({ scheduleId, generation, from }: NewMissedRange): OccurrenceRef {
  return { scheduleId, generation, nominalAt: from }
}
