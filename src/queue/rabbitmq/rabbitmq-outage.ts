import type { Logger } from '../../logger.ts'

/** Tells once that the server cannot be reached, and once that it can again, however often it was tried in between. */
export class RabbitmqOutage {
  readonly #logger: Logger
  #isOn = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  begin(error: unknown): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#logger.error({ error }, 'RabbitMQ cannot be reached; it is tried again and again')
  }

  end(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#logger.info({}, 'RabbitMQ can be reached again')
  }
}
