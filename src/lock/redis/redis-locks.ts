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
 * Every step is one script, so nothing can come between looking and writing. The server's clock decides. Tokens are the
 * server's time in microseconds, or one more than the last: they rise also when Redis has lost its data.
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
    const [granted, at, ...fields] = (await this.#ask(ACQUIRE, name, owner, ttlMs))!
    const lock = toLock(name, fields)
    return granted === '1' ? { granted: true, lock } : { granted: false, holder: lock, at: Number(at) }
  }

  async extend({ name, owner, token }: LockProof, ttlMs: number): Promise<HeldLock | undefined> {
    const fields = await this.#ask(EXTEND, name, owner, token, ttlMs)
    return fields && toLock(name, fields)
  }

  async release({ name, owner, token }: LockProof): Promise<boolean> {
    return (await this.#ask(RELEASE, name, owner, token)) !== undefined
  }

  async inspect(name: string): Promise<HeldLock | undefined> {
    const fields = await this.#ask(INSPECT, name)
    return fields && toLock(name, fields)
  }

  async forceRelease(name: string): Promise<boolean> {
    return (await this.#ask(FORCE_RELEASE, name)) !== undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** @returns the texts that a script answers; `undefined` where it answers nothing */
  async #ask(
    script: string,
    name: string,
    ...values: readonly (string | number)[]
  ): Promise<string[] | undefined> {
    // In braces: a cluster keeps both on one server.
    const keys = [`{${this.#prefix}}:lock:${name}`, `{${this.#prefix}}:token`]
    try {
      const answer = await this.#run(script, keys, values.map(String))
      return Array.isArray(answer) ? answer.map(String) : undefined
    } catch (cause) {
      const message = `Redis did not carry out a step of lock "${name}": ${(cause as Error).message}`
      throw new DriverError(message, { retryable: true, cause })
    }
  }
}

function toLock(name: string, [owner, token, acquiredAt, expiresAt]: readonly string[]): HeldLock {
  return {
    name,
    owner: owner!,
    token: Number(token),
    acquiredAt: Number(acquiredAt),
    expiresAt: Number(expiresAt),
  }
}

/** Numbers as texts without an exponent, since Lua would write large ones with one. */
const PRELUDE = `
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'token', 'acquiredAt', 'expiresAt')
local function isHeldBy(owner, token) return held[1] == owner and held[2] == token end
local function write(owner, token, acquiredAt, expiresAt)
  redis.call('HSET', KEYS[1], 'owner', owner, 'token', token, 'acquiredAt', acquiredAt, 'expiresAt', expiresAt)
  redis.call('PEXPIREAT', KEYS[1], expiresAt)
end
`

const ACQUIRE = `${PRELUDE}
if held[1] then return { '0', text(now), held[1], held[2], held[3], held[4] } end
local token = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if token <= last then token = last + 1 end
redis.call('SET', KEYS[2], text(token))
local expiresAt = text(now + tonumber(ARGV[2]))
write(ARGV[1], text(token), text(now), expiresAt)
return { '1', text(now), ARGV[1], text(token), text(now), expiresAt }
`

const EXTEND = `${PRELUDE}
if not isHeldBy(ARGV[1], ARGV[2]) then return false end
local expiresAt = text(now + tonumber(ARGV[3]))
write(held[1], held[2], held[3], expiresAt)
return { held[1], held[2], held[3], expiresAt }
`

const RELEASE = `${PRELUDE}
if not isHeldBy(ARGV[1], ARGV[2]) then return false end
redis.call('DEL', KEYS[1])
return { '1' }
`

const INSPECT = `${PRELUDE}
if not held[1] then return false end
return { held[1], held[2], held[3], held[4] }
`

const FORCE_RELEASE = `${PRELUDE}
if redis.call('DEL', KEYS[1]) == 0 then return false end
return { '1' }
`
