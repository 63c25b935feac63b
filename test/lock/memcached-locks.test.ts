import { createHash } from 'node:crypto'
import { MemcacheClient } from 'memcache-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HeldLock, LockStore } from '../../src/lock/lock-store.ts'
import { memcachedLocks } from '../../src/lock/memcached/memcached-locks.ts'
import { MemcachedServer } from '../support/servers/memcached-server.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'
import { until } from '../support/until.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

async function take(locks: LockStore, name: string, owner = 'me', ttlMs = MINUTE): Promise<HeldLock> {
  const answer = await locks.acquire(name, owner, ttlMs)
  if (!answer.granted) throw new Error(`lock ${name} was not granted`)
  return answer.lock
}

/** Clients that end with the block. */
class Clients implements Disposable {
  readonly #clients: MemcacheClient[] = []

  open(server: string, cmdTimeout?: number): MemcacheClient {
    const client = new MemcacheClient({ server, ...(cmdTimeout !== undefined && { cmdTimeout }) })
    this.#clients.push(client)
    return client
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.shutdown()
  }
}

describe('locks in Memcached', () => {
  let server: MemcachedServer
  beforeAll(async () => {
    server = await MemcachedServer.start()
  })
  afterAll(async () => {
    await server.stop()
  })

  /** How many seconds the server will keep a lock. */
  async function remaining(name: string): Promise<number> {
    const key = `carillon:lock:${createHash('sha256').update(name).digest('hex')}`
    const answer = await server.ask(`mg ${key} t`)
    return Number(/^HD t(\d+)\r\n/.exec(answer)?.[1])
  }

  it.each([
    ['longer than a key', 'x'.repeat(10_000)],
    ['like commands', 'a 0 0 1\r\nb\r\nflush_all\r\n'],
  ])('have names %s', async (_, name) => {
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const other = await take(locks, `${name}.`)
    const lock = await take(locks, name)
    expect(await locks.inspect(name)).toEqual(lock)
    expect(await locks.release(lock)).toBe(true)
    expect(await locks.inspect(`${name}.`)).toEqual(other)
  })

  it('last two seconds longer than asked for, rounded up to whole ones', async () => {
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const minute = await take(locks, 'a minute')
    await take(locks, 'odd', 'me', MINUTE + 1)
    const [even, odd] = [await remaining('a minute'), await remaining('odd')]
    // It tells what is left, and that may be less by now.
    expect(even).toBeLessThanOrEqual(62)
    expect(even).toBeGreaterThan(40)
    expect(odd).toBeLessThanOrEqual(63)
    expect(minute.expiresAt).toBe(minute.acquiredAt + MINUTE)
  })

  it.each([0, -5_000])('end soon when they are to last %d ms, and not never', async (ttlMs) => {
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const name = `short ${ttlMs}`
    await take(locks, name, 'me', ttlMs)
    await until('the lock has ended', async () => (await locks.inspect(name)) === undefined)
  })

  it('last longer than 30 days, which Memcached takes for an instant', async () => {
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const lock = await take(locks, 'long', 'me', 40 * DAY)
    const seconds = (40 * DAY) / 1_000
    const least = await remaining('long')
    expect(least).toBeGreaterThanOrEqual(seconds)
    expect(least).toBeLessThanOrEqual(seconds + 5)

    const longer = await locks.extend(lock, 50 * DAY)
    expect(longer!.expiresAt - lock.expiresAt).toBeGreaterThanOrEqual(10 * DAY)
    expect(await remaining('long')).toBeGreaterThanOrEqual((50 * DAY) / 1_000)
    expect(await locks.release(longer!)).toBe(true)
  })

  it('last as long as Memcached can count when they are to last longer', async () => {
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const lock = await take(locks, 'for ever', 'me', 200 * 366 * DAY)
    expect(await locks.inspect('for ever')).toEqual(lock)
  })

  it('have tokens that rise in the order of the grants, however many ask', async () => {
    using clients = new Clients()
    const tokens: number[] = []
    const contend = async (owner: string) => {
      const locks = memcachedLocks(clients.open(server.address))
      for (let taken = 0; taken < 10;) {
        const answer = await locks.acquire('sought', owner, MINUTE)
        if (!answer.granted) continue
        taken++
        tokens.push(answer.lock.token)
        expect(await locks.release(answer.lock)).toBe(true)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => contend(`owner-${i}`)))
    expect(tokens).toHaveLength(80)
    expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b))
  })

  it('are extended by their holder from several places at once', async () => {
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const lock = await take(locks, 'busy')
    const extended = await Promise.all(
      Array.from({ length: 10 }, (_, i) => locks.extend(lock, (i + 2) * MINUTE)),
    )
    expect(extended.map((held) => held?.token)).toEqual(Array(10).fill(lock.token))
    expect(extended).toContainEqual(await locks.inspect('busy'))
    expect(await locks.release(lock)).toBe(true)
  })

  it('keep applications with different prefixes apart', async () => {
    using clients = new Clients()
    const client = clients.open(server.address)
    const shop = memcachedLocks(client, { prefix: 'shop:' })
    const blog = memcachedLocks(client, { prefix: 'blog:' })
    await take(shop, 'a')
    expect(await blog.inspect('a')).toBeUndefined()
    await take(blog, 'a')
  })

  it('refuse what they cannot use, and say what to give', () => {
    using clients = new Clients()
    const client = clients.open(server.address)
    expect(() => memcachedLocks({} as never)).toThrow('give `new MemcacheClient(…)`')
    expect(() => memcachedLocks(null as never)).toThrow('none of "memcache-client"')
    expect(() => memcachedLocks(client, { prefix: 'a b' })).toThrow('the prefix "a b" cannot be in a key')

    const servers = [1, 2].map((maxConnections) => ({ server: server.address, maxConnections }))
    const several = new MemcacheClient({ server: { servers } })
    expect(() => memcachedLocks(several)).toThrow('has 2 servers and asks any of them')
  })
})

describe('locks in a Memcached that fails', () => {
  it('are gone with a restart, and have higher tokens from then on', async () => {
    await using server = await MemcachedServer.start()
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const lock = await take(locks, 'a')
    await server.crash()
    await server.restart()

    // The client finds out that its connection is gone when it uses it, at the latest.
    const asked = await locks.inspect('a').catch(() => locks.inspect('a'))
    expect(asked).toBeUndefined()
    // This one still goes by the start of the server that is gone.
    const next = await take(locks, 'a', 'you')
    expect(next.token).toBeGreaterThan(lock.token)
    expect(await locks.extend(lock, MINUTE)).toBeUndefined()
    expect(await locks.release(lock)).toBe(false)
    expect(await locks.inspect('a')).toEqual(next)
  })

  it('are gone when it is emptied, and have higher tokens from then on', async () => {
    await using server = await MemcachedServer.start()
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const lock = await take(locks, 'a')
    await server.ask('flush_all')
    const next = await take(locks, 'a', 'you')
    expect(next.token).toBeGreaterThan(lock.token)
    expect(await locks.release(lock)).toBe(false)
  })

  it('are errors while it is down, and work when it is back', async () => {
    await using server = await MemcachedServer.start()
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(server.address))
    const lock = await take(locks, 'a')
    await server.crash()

    const error = { code: 'DRIVER', retryable: true }
    await expect(locks.acquire('a', 'me', MINUTE)).rejects.toMatchObject(error)
    await expect(locks.extend(lock, MINUTE)).rejects.toMatchObject(error)
    await expect(locks.release(lock)).rejects.toMatchObject(error)
    await expect(locks.inspect('a')).rejects.toMatchObject(error)
    await expect(locks.forceRelease('a')).rejects.toThrow('did not carry out a step of lock "a": ')

    await server.restart()
    await take(locks, 'a')
  })

  it('are errors when it does not answer in the time that the client has', async () => {
    await using server = await MemcachedServer.start()
    await using proxy = await TcpProxy.start(server.port)
    using clients = new Clients()
    const locks = memcachedLocks(clients.open(`127.0.0.1:${proxy.port}`, 200))
    const lock = await take(locks, 'a')
    proxy.blackhole(true)
    await expect(locks.extend(lock, MINUTE)).rejects.toThrow('Command timeout')
    await expect(locks.acquire('a', 'me', MINUTE)).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
    proxy.blackhole(false)
    expect(await locks.inspect('a')).toEqual(lock)
  })
})
