import type { Clock, Instant } from '../../clock/clock.ts'
import { waitAtMost, waitUntil } from '../../clock/wait.ts'
import type { Logger } from '../../logger.ts'

export interface OutageLogOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** The server, as in `Redis`. */
  readonly title: string
  /** Resolves when the server answers. */
  readonly ping: () => Promise<void>
}

const LOOK_EVERY_MS = 1_000
const SILENCE_MS = 2_000
/** How often errors are told while the server answers. */
const TELL_AGAIN_MS = 60_000

/** Turns the flood of errors of a lost connection into two lines: that the server is gone, and that it is back. */
export class OutageLog {
  readonly #options: OutageLogOptions
  readonly #ended = new AbortController()
  #looking: Promise<void> | undefined
  #lastError: unknown
  #toldAt: Instant = -Infinity

  constructor(options: OutageLogOptions) {
    this.#options = options
  }

  /** Takes note of an error, from wherever. */
  report(error: unknown): void {
    this.#lastError = error
    if (this.#ended.signal.aborted) return
    this.#looking ??= this.#look()
  }

  /** Whether the server answers, within seconds. */
  async answers(): Promise<boolean> {
    const { clock, ping } = this.#options
    const answer = ping().then(
      () => true,
      () => false,
    )
    return (await waitAtMost(clock, clock.now() + SILENCE_MS, answer, this.#ended.signal)) ?? false
  }

  /** Says nothing more. */
  async end(): Promise<void> {
    this.#ended.abort()
    await this.#looking
  }

  async #look(): Promise<void> {
    await this.#watch()
    this.#looking = undefined
  }

  async #watch(): Promise<void> {
    const { clock, logger, title } = this.#options
    const { signal } = this.#ended
    const error = this.#lastError
    if (await this.answers()) return this.#tell(error)
    if (signal.aborted) return

    logger.error({ error }, `BullMQ's ${title} cannot be reached; it is tried again`)
    do await waitUntil(clock, clock.now() + LOOK_EVERY_MS, signal)
    while (!signal.aborted && !(await this.answers()))
    if (!signal.aborted) logger.info({}, `BullMQ's ${title} can be reached again`)
  }

  /** An error that is no outage. */
  #tell(error: unknown): void {
    const { clock, logger } = this.#options
    const now = clock.now()
    if (now >= this.#toldAt && now < this.#toldAt + TELL_AGAIN_MS) return
    this.#toldAt = now
    logger.warn({ error }, 'BullMQ reports an error')
  }
}
