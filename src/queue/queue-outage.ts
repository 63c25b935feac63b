import type { Logger } from '../logger.ts'

/** What is said of an outage. */
export interface OutageWords {
  /** Go with each line. */
  readonly fields: object
  /** What is out of reach, and what happens meanwhile. */
  readonly gone: string
  readonly back: string
}

/** Tells once that a queue is out of reach, and once that it is back, however often it was tried in between. */
export class QueueOutage {
  readonly #logger: Logger
  readonly #words: OutageWords
  #isOn = false

  constructor(logger: Logger, words: OutageWords) {
    this.#logger = logger
    this.#words = words
  }

  begin(error: unknown): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#logger.error({ ...this.#words.fields, error }, this.#words.gone)
  }

  end(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#logger.info({ ...this.#words.fields }, this.#words.back)
  }
}
