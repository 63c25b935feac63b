import type { Instant } from '../../clock/clock.ts'
import { monotonicMs } from '../../clock/monotonic.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import { waitUntil } from '../../clock/wait.ts'
import type { MemcachedCommands } from './memcached-client.ts'

/** How long the last look at the server's clock is relied on. */
const LOOK_AGAIN_MS = 60_000
const LOOK_WHILE_YOUNG_MS = 100
/** Memcached counts its age from 2, so this is one whole second at least. */
const GROWN_UP_S = 4

/** The clock of a Memcached, which tells whole seconds, and between looks at it this process's own, from there on. */
export class MemcachedClock {
  readonly #commands: MemcachedCommands
  readonly #system = new SystemClock()
  #offsetMs: number | undefined
  #startedAt = 0
  #lookedMs = -Infinity

  constructor(commands: MemcachedCommands) {
    this.#commands = commands
  }

  async now(): Promise<Instant> {
    if (monotonicMs() > this.#lookedMs + LOOK_AGAIN_MS) await this.look()
    return Math.floor(monotonicMs() + this.#offsetMs!)
  }

  /** When the server started, in its seconds, as of the last look. It is not that of any server before it. */
  async startedAt(): Promise<number> {
    await this.now()
    return this.#startedAt
  }

  /**
   * Looks at the server's clock.
   *
   * A server that has just started is waited for. None before it can then have answered in the second in which it
   * started, so the seconds in which servers started tell them apart.
   *
   * @returns when it started, in its seconds
   */
  async look(): Promise<number> {
    for (;;) {
      const askedMs = monotonicMs()
      const { startedAt, now } = await this.#commands.time()
      const heardMs = monotonicMs()
      if (now - startedAt >= GROWN_UP_S) {
        // It was about somewhere in that second. What is known from earlier looks is kept where it fits, as it is finer.
        const [least, most] = [now * 1_000 - heardMs, (now + 1) * 1_000 - askedMs]
        this.#offsetMs = Math.min(Math.max(this.#offsetMs ?? least, least), most)
        this.#startedAt = startedAt
        this.#lookedMs = heardMs
        return startedAt
      }
      await waitUntil(this.#system, this.#system.now() + LOOK_WHILE_YOUNG_MS)
    }
  }
}
