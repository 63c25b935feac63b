import { DriverError } from '../../errors.ts'
import type { HeldLock, LockAnswer, LockProof, LockStore } from '../lock-store.ts'
import { scriptRunner, type RedisClient, type RunScript } from './redis-client.ts'

export interface RedisLocksOptions {
  /** What the keys begin with; applications with different ones know nothing of each other. `carillon` by default. */
  readonly prefix?: string
}

/**
 * Locks in a Redis, by a client that the application has: its connection is used, and not closed.
 *
 * @param client of `ioredis` or of `redis` (node-redis)
 * @throws {ConfigError} when it is none of the two
 */
export function redisLocks(client: RedisClient, options: RedisLocksOptions = {}): LockStore {
  return new RedisLocks(client, options)
}

/**
 * Every step is one script, so nothing can come between looking and writing. The server's clock decides. Tokens are
 * counted up from its time in microseconds, so they rise also when Redis has lost its data.
 *
 * A lock is one text: token, length of the owner, owner, beginning, end.
 *
 * @see docs/design/locks.md
 */
class RedisLocks implements LockStore {
  readonly #run: RunScript
  readonly #prefix: string
  readonly #tokenKey: string

  constructor(client: RedisClient, { prefix = 'carillon' }: RedisLocksOptions) {
    this.#run = scriptRunner(client)
    this.#prefix = prefix
    this.#tokenKey = `{${prefix}}:token`
  }

  acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    const ttl = Math.max(Math.ceil(ttlMs), 1)
    return this.#ask(ACQUIRE, name, [owner, String(ttl)], ([token, now, held]): LockAnswer => {
      const at = Number(now)
      if (held !== undefined) return { granted: false, holder: toLock(name, held), at }
      return {
        granted: true,
        lock: { name, owner, token: Number(token), acquiredAt: at, expiresAt: at + ttl },
      }
    })
  }

  extend({ name, owner, token }: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    const ttl = Math.max(Math.ceil(ttlMs), 1)
    const values = [proofText(owner, token), String(ttl)]
    return this.#ask(EXTEND, name, values, ([text]) => (text === undefined ? undefined : toLock(name, text)))
  }

  release({ name, owner, token }: LockProof): Promise<boolean> {
    return this.#ask(RELEASE, name, [proofText(owner, token)], ({ length }) => length > 0)
  }

  inspect(name: string): Promise<HeldLock | undefined> {
    return this.#ask(INSPECT, name, [], ([text]) => (text === undefined ? undefined : toLock(name, text)))
  }

  forceRelease(name: string): Promise<boolean> {
    return this.#ask(FORCE_RELEASE, name, [], ({ length }) => length > 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** @param read is given what the script answers: a list, which is empty where it has nothing to say */
  #ask<T>(
    script: string,
    name: string,
    values: readonly string[],
    read: (answer: readonly unknown[]) => T,
  ): Promise<T> {
    // In braces: a cluster keeps both on one server.
    const lock = `{${this.#prefix}}:lock:${name}`
    const keys = script === ACQUIRE ? [lock, this.#tokenKey] : [lock]
    // Without async functions, each of which would cost as much as the rest of this.
    return this.#run(script, keys, values).then(
      (answer) => read(answer as readonly unknown[]),
      (cause: unknown) => {
        const message = `Redis did not carry out a step of lock "${name}": ${(cause as Error).message}`
        throw new DriverError(message, { retryable: true, cause })
      },
    )
  }
}

/** What the text of a lock begins with. The length tells where the owner ends, whatever is in it. */
function proofText(owner: string, token: number): string {
  return `${token} ${Buffer.byteLength(owner)} ${owner} `
}

function toLock(name: string, text: unknown): HeldLock {
  const [, token, owner, acquiredAt, expiresAt] = /^(\d+) \d+ (.*) (\d+) (\d+)$/s.exec(String(text))!
  return {
    name,
    owner: owner!,
    token: Number(token),
    acquiredAt: Number(acquiredAt),
    expiresAt: Number(expiresAt),
  }
}

/** Milliseconds by the server's clock. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** Lua writes large numbers with an exponent, unless it is told how. A counter that was lost begins with the time. */
const ACQUIRE = `${NOW}
local token = redis.call('INCR', KEYS[2])
if token < 1000000000000000 then
  token = time[1] * 1000000 + time[2]
  redis.call('SET', KEYS[2], string.format('%.0f', token))
end
local text = string.format('%.0f %d ', token, #ARGV[1]) .. ARGV[1] .. string.format(' %.0f %.0f', now, now + ARGV[2])
if redis.call('SET', KEYS[1], text, 'NX', 'PX', ARGV[2]) then return { token, now } end
return { 0, now, redis.call('GET', KEYS[1]) }
`

/** Goes on if the lock is held under this proof. */
const HELD = `
local text = redis.call('GET', KEYS[1])
if not text or string.sub(text, 1, #ARGV[1]) ~= ARGV[1] then return {} end
`

const EXTEND = `${NOW}${HELD}
local acquiredAt = string.match(text, '(%d+) %d+$')
text = ARGV[1] .. acquiredAt .. string.format(' %.0f', now + ARGV[2])
redis.call('SET', KEYS[1], text, 'PX', ARGV[2])
return { text }
`

const RELEASE = `${HELD}
redis.call('DEL', KEYS[1])
return { 1 }
`

const INSPECT = `
local text = redis.call('GET', KEYS[1])
return text and { text } or {}
`

const FORCE_RELEASE = `
if redis.call('DEL', KEYS[1]) == 0 then return {} end
return { 1 }
`
