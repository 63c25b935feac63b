import type { Logger } from '../logger.ts'

/** Says once that a queue is down, and once that it is up again. */
export class Outage {
  readonly #logger: Logger
  readonly #queue: string
  #isTold = false

  constructor(logger: Logger, queue: string) {
    this.#logger = logger
    this.#queue = queue
  }

  tell(error: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    const message = 'a queue cannot be reached; what is due waits in the ledger until it can'
    this.#logger.error({ error, queue: this.#queue }, message)
  }

  isOver(): void {
    if (!this.#isTold) return
    this.#isTold = false
    this.#logger.info({ queue: this.#queue }, 'a queue can be reached again')
  }
}
