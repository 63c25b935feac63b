import { monotonicMs } from '../clock/monotonic.ts'
import type { Measures } from '../telemetry/telemetry.ts'
import type { Store } from '../store/store.ts'
import type { OwedReport } from '../dispatch/owed-report.ts'
import type { AbsentRun } from './absent-runs.ts'
import type { QueueReport } from './queues.ts'

/** What is asked for how things stand. */
export interface Measured {
  owed(): Promise<OwedReport>
  absent(): Promise<AbsentRun[]>
  describeQueues(): Promise<QueueReport[]>
  readonly running: number
}

/** For how long an answer is good: those who scrape at the same time share one look at the database. */
const GOOD_FOR_MS = 1_000

/** Reads how things stand, for those who measure. */
export class MeasureReader {
  readonly #measured: Measured
  readonly #store: Pick<Store, 'countOpen' | 'now'>
  #last: { readonly at: number; readonly answer: Promise<Measures> } | undefined

  constructor(measured: Measured, store: Pick<Store, 'countOpen' | 'now'>) {
    this.#measured = measured
    this.#store = store
  }

  /** @throws {DriverError} when the database fails */
  async read(): Promise<Measures> {
    const now = monotonicMs()
    if (this.#last !== undefined && now - this.#last.at < GOOD_FOR_MS) return this.#last.answer
    const answer = this.#read()
    this.#last = { at: now, answer }
    return answer
  }

  async #read(): Promise<Measures> {
    const measured = this.#measured
    const [open, missed, late, reports] = await Promise.all([
      this.#store.countOpen(),
      measured.owed(),
      measured.absent(),
      measured.describeQueues(),
    ])
    const now = await this.#store.now()
    return {
      open,
      owed: missed.runs,
      held: missed.held,
      absent: late.length,
      running: measured.running,
      queues: reports.map(({ name, driver, health, unsent, oldestUnsent, lagMs, sent }) => ({
        name,
        driver,
        isUp: health.isUp,
        unsent,
        overdueMs: oldestUnsent === undefined ? 0 : Math.max(now - oldestUnsent.dueAt.getTime(), 0),
        lagMs: driver === 'database' ? 0 : lagMs,
        sent,
      })),
    }
  }
}
