import type { Clock } from '../clock/clock.ts'
import type { Logger } from '../logger.ts'

/** How often it is told that the locks cannot be asked. */
const TELL_AGAIN_MS = 60_000

/** Tells that the locks cannot be asked: once a minute, not once a try, since a server that is down would fill the log. */
export class Outage {
  readonly #clock: Clock
  readonly #logger: Logger
  #toldAt = -Infinity

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  tell(fields: object, message: string): void {
    const now = this.#clock.now()
    if (now >= this.#toldAt && now < this.#toldAt + TELL_AGAIN_MS) return
    this.#toldAt = now
    this.#logger.error(fields, message)
  }
}
