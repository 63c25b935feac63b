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
 * A lock is one text: token, beginning, end, owner.
 *
 * @see docs/design/locks.md
 */
class RedisLocks implements LockStore {
  readonly #run: RunScript
  readonly #prefix: string

  constructor(client: RedisClient, { prefix = 'carillon' }: RedisLocksOptions) {
    this.#run = scriptRunner(client)
    this.#prefix = prefix
  }

  async acquire(name: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    const ttl = Math.max(Math.ceil(ttlMs), 1)
    const answer = await this.#ask(ACQUIRE, name, owner, ttl)
    const at = Number(answer[1])
    if (answer.length === 3) return { granted: false, holder: toLock(name, answer[2]), at }
    const lock = { name, owner, token: Number(answer[0]), acquiredAt: at, expiresAt: at + ttl }
    return { granted: true, lock }
  }

  async extend({ name, owner, token }: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    const [text] = await this.#ask(EXTEND, name, owner, token, Math.max(Math.ceil(ttlMs), 1))
    return text === undefined ? undefined : toLock(name, text)
  }

  async release({ name, owner, token }: LockProof): Promise<boolean> {
    return (await this.#ask(RELEASE, name, owner, token)).length > 0
  }

  async inspect(name: string): Promise<HeldLock | undefined> {
    const [text] = await this.#ask(INSPECT, name)
    return text === undefined ? undefined : toLock(name, text)
  }

  async forceRelease(name: string): Promise<boolean> {
    return (await this.#ask(FORCE_RELEASE, name)).length > 0
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** @returns what a script answers: a list, which is empty where it has nothing to say */
  async #ask(
    script: string,
    name: string,
    ...values: readonly (string | number)[]
  ): Promise<readonly unknown[]> {
    // In braces: a cluster keeps both on one server.
    const keys = [`{${this.#prefix}}:lock:${name}`, `{${this.#prefix}}:token`]
    try {
      return (await this.#run(script, keys, values.map(String))) as unknown[]
    } catch (cause) {
      const message = `Redis did not carry out a step of lock "${name}": ${(cause as Error).message}`
      throw new DriverError(message, { retryable: true, cause })
    }
  }
}

function toLock(name: string, text: unknown): HeldLock {
  const [, token, acquiredAt, expiresAt, owner] = /^(\d+) (\d+) (\d+) (.*)$/s.exec(String(text))!
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
local text = string.format('%.0f %.0f %.0f ', token, now, now + ARGV[2]) .. ARGV[1]
if redis.call('SET', KEYS[1], text, 'NX', 'PX', ARGV[2]) then return { token, now } end
return { 0, now, redis.call('GET', KEYS[1]) }
`

/** The lock, if it is held by this owner under this token. */
const HELD = `
local text = redis.call('GET', KEYS[1])
if not text then return {} end
local token, acquiredAt, owner = string.match(text, '^(%d+) (%d+) %d+ (.*)$')
if owner ~= ARGV[1] or token ~= ARGV[2] then return {} end
`

const EXTEND = `${NOW}${HELD}
text = token .. ' ' .. acquiredAt .. ' ' .. string.format('%.0f ', now + ARGV[3]) .. owner
redis.call('SET', KEYS[1], text, 'PX', ARGV[3])
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
