import type { Clock, Instant } from '../../clock/clock.ts'
import { Loop } from '../../clock/loop.ts'
import type { BossConnection } from './boss-connection.ts'
import type { FetchedJob } from './boss-job.ts'
import type { QueueOutage } from '../queue-outage.ts'
import type { BossStatements, Reaped } from './boss-statements.ts'

const TRY_AGAIN_MS = 1_000

export interface BossKeeperOptions {
  readonly connection: BossConnection
  readonly statements: BossStatements
  readonly clock: Clock
  readonly outage: QueueOutage
  readonly heartbeatSeconds: number
  /** What this consumer has. */
  readonly held: ReadonlyMap<string, FetchedJob>
}

/** Says that this consumer lives, so that it keeps what it has; and takes back what others had who no longer do. */
export class BossKeeper {
  readonly #options: BossKeeperOptions
  readonly #everyMs: number
  readonly #loop: Loop
  #touchAt: Instant = Infinity
  #reapAt: Instant = Infinity
  /** After an outage others get the time to say that they live. */
  #reapFrom: Instant = -Infinity

  constructor(options: BossKeeperOptions) {
    this.#options = options
    this.#everyMs = (options.heartbeatSeconds * 1_000) / 3
    this.#loop = new Loop(
      options.clock,
      () => this.#step(),
      (error) => this.#fail(error),
    )
  }

  start(): void {
    this.#loop.start()
  }

  /** Something was fetched: it must be kept from now on. */
  keep(): void {
    if (this.#touchAt < Infinity) return
    this.#touchAt = this.#options.clock.now() + this.#everyMs
    this.#loop.wake()
  }

  /** Somebody counts as gone in so many milliseconds, unless he says that he is not. */
  expect(inMs: number): void {
    const reapAt = this.#options.clock.now() + Math.max(inMs, 0)
    if (reapAt >= this.#reapAt) return
    this.#reapAt = reapAt
    this.#loop.wake()
  }

  /** The server cannot be reached. */
  hold(): void {
    this.#reapFrom = this.#options.clock.now() + this.#everyMs
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #step(): Promise<Instant> {
    const { clock, held } = this.#options
    if (clock.now() >= this.#touchAt) {
      await this.#touch([...held.values()])
      this.#touchAt = held.size > 0 ? clock.now() + this.#everyMs : Infinity
    }
    if (clock.now() >= Math.max(this.#reapAt, this.#reapFrom)) await this.#reap()
    return Math.min(this.#touchAt, Math.max(this.#reapAt, this.#reapFrom))
  }

  async #touch(jobs: FetchedJob[]): Promise<void> {
    const { connection } = this.#options
    if (jobs.length > 0) await connection.use((boss) => boss.touch(connection.queue, jobs))
  }

  async #reap(): Promise<void> {
    const { connection, statements, clock } = this.#options
    const [row] = await connection.query<Reaped>(statements.reap)
    const { nextInMs } = row!
    this.#reapAt = nextInMs === null ? Infinity : clock.now() + nextInMs
  }

  #fail(error: unknown): Instant {
    this.#options.outage.begin(error)
    this.hold()
    return this.#options.clock.now() + TRY_AGAIN_MS
  }
}
