import { preciseNow } from './timer-floor.ts'

/** Gathers how late things begin, in milliseconds, until all of them have. */
export class Starts {
  readonly late: number[] = []
  readonly #count: number
  readonly #all = Promise.withResolvers<readonly number[]>()

  constructor(count: number) {
    this.#count = count
  }

  /** To be called when something begins that is due at `dueAt`. */
  readonly began = (dueAt: number): void => {
    this.late.push(preciseNow() - dueAt)
    if (this.late.length === this.#count) this.#all.resolve(this.late)
  }

  /** How late each was; resolves when all have begun. */
  get all(): Promise<readonly number[]> {
    return this.#all.promise
  }
}
