import type { Transactions } from '../store/store.ts'
import type { ScheduleToWrite } from './generations.ts'
import { WriteStep, type ScheduleWriter } from './schedule-writer.ts'

/** What became of many schedules. */
export interface WriteCounts {
  readonly created: number
  readonly changed: number
  readonly unchanged: number
}

/** How many steps are under way at a time: while the database writes one, the next is prepared. */
const LANES = 2

interface Writing {
  readonly step: WriteStep
  /** Resolves when the step has ended, whichever way. */
  readonly ended: Promise<void>
}

/** Stores schedules in steps, those with the same key in the order in which they came. */
export class BulkWriter {
  readonly #writer: ScheduleWriter
  readonly #store: Transactions
  readonly #onStep: (counts: WriteCounts) => void
  readonly #counts = { created: 0, changed: 0, unchanged: 0 }
  readonly #writing = new Set<Writing>()
  readonly #errors: unknown[] = []
  #step = new WriteStep()

  /** @param onStep called after each step, with the counts so far */
  constructor(writer: ScheduleWriter, store: Transactions, onStep: (counts: WriteCounts) => void) {
    this.#writer = writer
    this.#store = store
    this.#onStep = onStep
  }

  /** Takes one more schedule, and writes when there is enough to write. @throws what an earlier step failed with */
  async add(schedule: ScheduleToWrite): Promise<void> {
    if (this.#step.add(schedule)) return

    await this.#send()
    this.#step.add(schedule)
  }

  /** Writes what is left. @throws what a step failed with */
  async end(): Promise<WriteCounts> {
    await this.#send()
    await this.settle()
    this.#check()
    return { ...this.#counts }
  }

  /** Waits until nothing is under way any more. */
  async settle(): Promise<void> {
    await Promise.all(this.#ends())
  }

  async #send(): Promise<void> {
    const step = this.#step
    this.#step = new WriteStep()
    const lanes = this.#store.takesWritesSideBySide ? LANES : 1
    while (this.#writing.size >= lanes || this.#hasOneLike(step)) await Promise.race(this.#ends())
    this.#check()
    if (step.schedules.length === 0) return

    const writing: Writing = { step, ended: this.#write(step).finally(() => this.#writing.delete(writing)) }
    this.#writing.add(writing)
  }

  async #write(step: WriteStep): Promise<void> {
    try {
      for (const { change } of await this.#writer.writeAll(step.schedules)) this.#counts[change]++
      this.#store.announce()
      this.#onStep({ ...this.#counts })
    } catch (error) {
      this.#errors.push(error)
    }
  }

  /** Whether a step is under way that holds one of these keys. */
  #hasOneLike(step: WriteStep): boolean {
    return [...this.#writing].some((writing) => writing.step.overlaps(step))
  }

  #ends(): Promise<void>[] {
    return Array.from(this.#writing, ({ ended }) => ended)
  }

  #check(): void {
    if (this.#errors.length > 0) throw this.#errors[0]
  }
}
