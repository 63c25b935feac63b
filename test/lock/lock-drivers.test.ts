import { Redis } from 'ioredis'
import { createClient } from '@redis/client'
import { MemcacheClient } from 'memcache-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databaseLocks } from '../../src/carillon/database-locks.ts'
import { memcachedLocks } from '../../src/lock/memcached/memcached-locks.ts'
import { redisLocks } from '../../src/lock/redis/redis-locks.ts'
import type { LockStore } from '../../src/lock/lock-store.ts'
import { lockContract } from '../../src/testing/contracts/lock/lock-contract.ts'
import { MemcachedServer } from '../support/servers/memcached-server.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { databasesOn, type DatabaseKind } from '../support/test-databases.ts'

/** A driver that closes its client with itself, as an application does at its end. */
function withClient(locks: LockStore, close: () => unknown): LockStore {
  return new Proxy(locks, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return async () => void (await close())
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('on Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(async () => {
    await server.stop()
  })

  const clients = {
    ioredis: async () => {
      const client = new Redis(server.address)
      return withClient(redisLocks(client), () => client.quit())
    },
    'node-redis': async () => {
      const client = createClient({ url: server.address })
      await client.connect()
      return withClient(redisLocks(client), () => client.close())
    },
  }

  describe.each(Object.entries(clients))('through %s', (_, open) => {
    it.each(lockContract)('$name', async ({ run }) => {
      await run({ open, shortTtlMs: 250, toleranceMs: 5 })
    })
  })

  it('has tokens that rise also when Redis has lost its data', async () => {
    const client = new Redis(server.address)
    const locks = redisLocks(client, { prefix: 'forgetful' })
    const before = await locks.acquire('a', 'me', 60_000)
    await client.flushall()
    const after = await locks.acquire('a', 'you', 60_000)
    if (!before.granted || !after.granted) throw new Error('a lock was not granted')
    expect(after.lock.token).toBeGreaterThan(before.lock.token)
    expect(await locks.release(before.lock)).toBe(false)
    await client.quit()
  })

  it('keeps applications with different prefixes apart', async () => {
    const client = new Redis(server.address)
    const [shop, blog] = ['shop', 'blog'].map((prefix) => redisLocks(client, { prefix }))
    await shop!.acquire('a', 'me', 60_000)
    expect(await blog!.inspect('a')).toBeUndefined()
    expect(await blog!.acquire('a', 'me', 60_000)).toMatchObject({ granted: true })
    await client.quit()
  })

  it('refuses what is no client, and says what to give', () => {
    expect(() => redisLocks({} as never)).toThrow('give `new Redis(…)` or `createClient(…)`')
    expect(() => redisLocks(null as never)).toThrow('none of "ioredis" or "redis"')
  })

  it('fails with the cause when Redis is gone', async () => {
    const client = new Redis({ port: 1, retryStrategy: () => null, maxRetriesPerRequest: 0 })
    client.on('error', () => {})
    const locks = redisLocks(client)
    await expect(locks.acquire('a', 'me', 1_000)).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
    client.disconnect()
  })
})

describe('on Memcached', () => {
  let server: MemcachedServer
  beforeAll(async () => {
    server = await MemcachedServer.start()
  })
  afterAll(async () => {
    await server.stop()
  })

  it.each(lockContract)('$name', async ({ run }) => {
    const open = async () => {
      const client = new MemcacheClient({ server: server.address })
      return withClient(memcachedLocks(client), () => client.shutdown())
    }
    await run({ open, shortTtlMs: 1_000, toleranceMs: 5 })
  })
})

const KINDS: readonly DatabaseKind[] = ['sqlite', 'postgres', 'mysql']

describe.each(KINDS)('in a database on %s', (kind) => {
  const databases = databasesOn(kind)
  afterAll(() => databases[Symbol.asyncDispose]())

  it.each(lockContract)('$name', async ({ run }) => {
    const { address } = await databases.next(false)
    await run({ open: () => databaseLocks(address), shortTtlMs: 250, toleranceMs: 5 })
  })
})
