import type { Logger } from '../../logger.ts'

/** Tells in the log that PostgreSQL is gone, and that it is back: each once an outage, whoever notices. */
export class BossOutage {
  readonly #queue: string
  readonly #logger: Logger
  #isOn = false

  constructor(queue: string, logger: Logger) {
    this.#queue = queue
    this.#logger = logger
  }

  begin(error: unknown): void {
    if (this.#isOn) return
    this.#isOn = true
    const message = `queue "${this.#queue}" cannot be served; it is tried again until it can`
    this.#logger.error({ queue: this.#queue, error }, message)
  }

  end(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#logger.info({ queue: this.#queue }, `queue "${this.#queue}" is served again`)
  }
}
