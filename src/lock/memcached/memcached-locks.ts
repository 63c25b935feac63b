import { createHash, randomUUID } from 'node:crypto'
import type { Instant } from '../../clock/clock.ts'
import { ConfigError, DriverError } from '../../errors.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../lock-store.ts'
import { MemcachedCommands, type MemcachedClient } from './memcached-client.ts'
import { MemcachedClock } from './memcached-clock.ts'

export interface MemcachedLocksOptions {
  /**
   * What the keys begin with; applications with different ones know nothing of each other. `carillon:` by default. At
   * most 100 characters of ASCII, without blanks.
   */
  readonly prefix?: string
}

/**
 * Locks in a Memcached, by a client that the application has: its connection is used, and not closed.
 *
 * Memcached counts in seconds: a lock is free up to 3 seconds after its end, and not before. It may drop a lock to
 * make room, and it loses all of them when it stops.
 *
 * @param client of `memcache-client`, with one server
 * @throws {ConfigError} when it is not, or the prefix cannot be in a key
 */
export function memcachedLocks(client: MemcachedClient, options: MemcachedLocksOptions = {}): LockStore {
  return new MemcachedLocks(client, options)
}

/** What is kept of a lock. */
interface Entry extends Omit<HeldLock, 'token'> {
  /** Tells this grant from others to the same owner, until its token is known. */
  readonly grant: string
  readonly serverStartedAt: number
  /** Written when the lock is extended, as the item has another number then. */
  readonly token?: number
}

/** A lock as it was found, with what another write of it needs. */
interface Found {
  readonly entry: Entry
  readonly lock: HeldLock
  readonly written: string
}

/** A lock that ended between two commands is asked for again; one that goes so often is not kept at all. */
const MOST_TRIES = 50
/**
 * What a lock lasts longer than asked for: one second for that which has begun when it is taken, and one since Memcached
 * looks at its own clock once a second, a little later each time, and so now and then skips one.
 */
const SPARE_S = 2
/** Memcached takes a longer lifetime for seconds since 1970. */
const LONGEST_RELATIVE_S = 30 * 86_400
/** The last second that Memcached can count to, in 2038. */
const LAST_SECOND = 2 ** 31 - 1
/** The lifetime of what is gone at once. */
const GONE = -1

/**
 * A step looks, and then writes if nobody has written meanwhile. Memcached numbers its writes, and the number of the one
 * that took a lock, counted on from the microsecond in which the server started, is the token. So it is drawn in the
 * same moment as the lock: of two that ask at once, none can draw first and be granted last.
 *
 * @see docs/design/locks.md
 */
class MemcachedLocks implements LockStore {
  readonly #commands: MemcachedCommands
  readonly #clock: MemcachedClock
  readonly #prefix: string

  constructor(client: MemcachedClient, { prefix = 'carillon:' }: MemcachedLocksOptions) {
    if (!/^[!-~]{0,100}$/.test(prefix)) {
      throw new ConfigError(
        `the prefix ${JSON.stringify(prefix)} cannot be in a key of Memcached: give at most 100 characters of ASCII, without blanks`,
      )
    }
    this.#commands = new MemcachedCommands(client)
    this.#clock = new MemcachedClock(this.#commands)
    this.#prefix = prefix
  }

  acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    return this.#step(name, async () => {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const answer = await this.#tryToAcquire(name, owner, ttlMs)
        if (answer !== undefined) return answer
      }
      throw new Error('it was gone as soon as it was there; is there too little memory?')
    })
  }

  extend(proof: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    return this.#step(proof.name, async () => {
      for (;;) {
        const held = await this.#findUnder(proof)
        if (held === undefined) return undefined

        const now = await this.#clock.now()
        const lock = { ...held.lock, expiresAt: now + ttlMs }
        if (await this.#replace(held, { ...held.entry, ...lock }, lifetime(ttlMs, now))) return lock
      }
    })
  }

  release(proof: LockProof): Promise<boolean> {
    return this.#step(proof.name, async () => {
      for (;;) {
        const held = await this.#findUnder(proof)
        if (held === undefined) return false
        if (await this.#replace(held, held.entry, GONE)) return true
      }
    })
  }

  inspect(name: string): Promise<HeldLock | undefined> {
    return this.#step(name, async () => (await this.#find(name))?.lock)
  }

  forceRelease(name: string): Promise<boolean> {
    return this.#step(name, () => this.#commands.delete(this.#key(name)))
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** @returns `undefined` when it has to be tried again */
  async #tryToAcquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer | undefined> {
    const serverStartedAt = await this.#clock.startedAt()
    const now = await this.#clock.now()
    const grant = randomUUID()
    const entry: Entry = { name, owner, acquiredAt: now, expiresAt: now + ttlMs, grant, serverStartedAt }
    await this.#commands.add(this.#key(name), JSON.stringify(entry), lifetime(ttlMs, now))

    const held = await this.#find(name)
    if (held === undefined) return undefined
    if (held.entry.grant !== grant) {
      // The clock is known a second or two apart, at worst, by this process and by that of the holder.
      const at = Math.max(now, held.lock.acquiredAt)
      return { granted: false, holder: held.lock, at }
    }

    // It may be another server than the one whose start was known, with tokens that begin later.
    if ((await this.#clock.look()) === serverStartedAt) return { granted: true, lock: held.lock }
    await this.#replace(held, entry, GONE)
    return undefined
  }

  async #find(name: string): Promise<Found | undefined> {
    const item = await this.#commands.read(this.#key(name))
    if (item === undefined) return undefined

    const entry = JSON.parse(item.value) as Entry
    const { owner, acquiredAt, expiresAt, serverStartedAt } = entry
    const token = entry.token ?? serverStartedAt * 1_000_000 + Number(item.written)
    return { entry, lock: { name, owner, token, acquiredAt, expiresAt }, written: item.written }
  }

  async #findUnder({ name, owner, token }: LockProof): Promise<Found | undefined> {
    const held = await this.#find(name)
    return held?.lock.owner === owner && held.lock.token === token ? held : undefined
  }

  /** @returns whether it is still the one that was found, and so was written */
  #replace({ lock, written }: Found, entry: Entry, seconds: number): Promise<boolean> {
    return this.#commands.replace(this.#key(lock.name), JSON.stringify(entry), seconds, written)
  }

  /** Keys have at most 250 bytes and no blanks; a name may be of any kind. */
  #key(name: string): string {
    return `${this.#prefix}lock:${createHash('sha256').update(name).digest('hex')}`
  }

  async #step<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      const message = `Memcached did not carry out a step of lock "${name}": ${(cause as Error).message}`
      throw new DriverError(message, { retryable: true, cause })
    }
  }
}

/** The lifetime of an item that is to last at least this long. Never 0, which would be for ever. */
function lifetime(ttlMs: number, now: Instant): number {
  const seconds = Math.max(Math.ceil(ttlMs / 1_000), 0) + SPARE_S
  if (seconds <= LONGEST_RELATIVE_S) return seconds

  // The clock as it is known here may be as much behind.
  const until = Math.ceil(now / 1_000) + SPARE_S + seconds
  return Math.min(until, LAST_SECOND)
}
