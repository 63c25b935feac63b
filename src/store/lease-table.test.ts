import { expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { Store } from './store.ts'

const TTL_MS = 1_000

async function opened() {
  const clock = new ManualClock()
  const store = await Store.open('sqlite::memory:', clock)
  const now = async () => clock.now()
  const acquire = (owner: string) =>
    store.transaction(({ leases }) => leases.acquire('lock', owner, now, TTL_MS))
  return { clock, now, store, acquire }
}

it('is granted to one owner, and names it to others', async () => {
  const { store, acquire } = await opened()
  await using _ = store

  const { granted, lease } = await acquire('a')
  expect(granted).toBe(true)
  expect(await acquire('b')).toMatchObject({ granted: false, lease })
  expect(await acquire('a'), 'nor twice to the same').toMatchObject({ granted: false, lease })
})

it('is free again when it is released or has expired, and its tokens rise', async () => {
  const { clock, now, store, acquire } = await opened()
  await using _ = store
  const first = await acquire('a')

  expect(await store.transaction(({ leases }) => leases.release(first.lease, now))).toBe(true)
  const second = await acquire('b')
  await clock.advance(TTL_MS)
  const third = await acquire('c')

  const { token } = first.lease
  expect([first, second, third].map(({ granted, lease }) => [granted, lease.token])).toEqual([
    [true, token],
    [true, token + 1],
    [true, token + 2],
  ])
})

it('is forgotten long after its end, and its tokens rise all the same', async () => {
  const { clock, store, acquire } = await opened()
  await using _ = store
  const prune = () => store.transaction(({ leases, now }) => leases.prune(now))
  const row = () => store.read(({ leases }) => leases.inspect('lock', 0))
  await acquire('a')
  await clock.advance(TTL_MS)
  const { token } = (await acquire('a')).lease

  await clock.advance(TTL_MS)
  await prune()
  expect(await row()).toBeDefined()
  await clock.advance(3_600_001)
  await prune()
  expect(await row()).toBeUndefined()
  expect((await acquire('a')).lease.token).toBeGreaterThan(token)
})

it('is neither released nor extended by one who lost it', async () => {
  const { clock, now, store, acquire } = await opened()
  await using _ = store
  const { lease: lost } = await acquire('a')
  await clock.advance(TTL_MS)
  const { lease } = await acquire('b')

  const late = await store.transaction(async ({ leases }) => [
    await leases.extend(lost, now, TTL_MS),
    await leases.release(lost, now),
    await leases.release({ ...lost, owner: 'b' }, now),
  ])
  expect(late).toEqual([undefined, false, false])
  expect(await store.read(({ leases }) => leases.inspect('lock', clock.now()))).toEqual(lease)
})

it('is held for longer when it is extended', async () => {
  const { clock, now, store, acquire } = await opened()
  await using _ = store
  const { lease } = await acquire('a')
  await clock.advance(TTL_MS / 2)

  const expiresAt = clock.now() + TTL_MS
  expect(await store.transaction(({ leases }) => leases.extend(lease, now, TTL_MS))).toEqual({
    ...lease,
    expiresAt,
  })
  await clock.advance(TTL_MS - 1)
  expect(await acquire('b')).toMatchObject({ granted: false })
  await clock.advance(1)
  expect(await store.read(({ leases }) => leases.inspect('lock', clock.now()))).toBeUndefined()
})
