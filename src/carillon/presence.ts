import type { Clock, Instant } from '../clock/clock.ts'
import { Loop } from '../clock/loop.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/store.ts'
import type { Role } from './options.ts'

/** A server as the others know it. */
export interface ServerInfo {
  readonly name: string
  readonly roles: readonly Role[]
  readonly startedAt: Date
  /** When it was heard of last; servers tell every 30 seconds. */
  readonly seenAt: Date
  /** How many runs were under way in it then. */
  readonly running: number
  /** Whether it was heard of in the last 90 seconds. One that was not has died, or has lost its database. */
  readonly isAlive: boolean
}

export interface PresenceParts {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** This process, as its runs name it. */
  readonly owner: string
  readonly running: () => number
}

const EVERY_MS = 30_000
const ALIVE_MS = 3 * EVERY_MS

/** Tells the others that this server lives, and what it does. */
export class Presence {
  readonly #parts: PresenceParts
  readonly #loop: Loop
  #roles: readonly Role[] = []
  #startedAt: Instant | undefined

  constructor(parts: PresenceParts) {
    this.#parts = parts
    const { clock, logger } = parts
    this.#loop = new Loop(
      clock,
      () => this.#tell(),
      (error) => {
        logger.warn({ error }, 'it could not be written down that this server lives; it is tried again')
        return clock.now() + EVERY_MS
      },
    )
  }

  start(roles: readonly Role[]): void {
    this.#roles = roles
    this.#startedAt = undefined
    this.#loop.start()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
    if (this.#startedAt === undefined) return
    this.#startedAt = undefined
    const { store, owner, logger } = this.#parts
    await store
      .brief(({ servers }) => servers.forget(owner))
      .catch((error: unknown) => {
        logger.warn({ error }, 'it could not be written down that this server has stopped')
      })
  }

  /** All servers that have started and not stopped, by name. */
  async list(): Promise<ServerInfo[]> {
    const { store } = this.#parts
    const records = await store.read(({ servers }) => servers.list())
    const now = await store.now()
    return records.map(({ name, roles, startedAt, seenAt, running }) => ({
      name,
      roles: roles as readonly Role[],
      startedAt: new Date(startedAt),
      seenAt: new Date(seenAt),
      running,
      isAlive: seenAt > now - ALIVE_MS,
    }))
  }

  async #tell(): Promise<Instant> {
    const { store, clock, owner, running } = this.#parts
    await store.brief(async ({ servers, now }) => {
      this.#startedAt ??= now
      await servers.keep({
        name: owner,
        roles: this.#roles,
        startedAt: this.#startedAt,
        seenAt: now,
        running: running(),
      })
    })
    return clock.now() + EVERY_MS
  }
}
