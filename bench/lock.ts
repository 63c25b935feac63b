/**
 * Locks taken and given back a second, one at a time and with 64 in flight, on names of their own. The floor is the bare
 * recipe on the same Redis, by the same client: SET with NX and PX, and a script that deletes what is still one's own.
 */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { redisLocks } from '../src/lock/redis/redis-locks.ts'
import { Databases } from './support/databases.ts'
import { inFlight } from './support/in-flight.ts'
import { interleave, timed } from './support/interleave.ts'
import { median } from './support/median.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'

const ROUNDS = 5
const TTL_MS = 60_000
const DELETE_OWN = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`

export async function bench({ quick }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const { address } = await databases.redis()
  const client = new Redis(address)
  try {
    const rows: BenchRow[] = []
    for (const width of [1, 64])
      rows.push(await pairs(client, width, (quick ? 500 : 2_000) * (width === 1 ? 1 : 10)))
    return { bench: 'lock', rows }
  } finally {
    client.disconnect()
  }
}

async function pairs(client: Redis, width: number, count: number): Promise<BenchRow> {
  const locks = redisLocks(client)
  const owner = randomUUID()
  client.defineCommand('deleteOwn', { numberOfKeys: 1, lua: DELETE_OWN })
  const deleteOwn = (
    client as unknown as { deleteOwn(key: string, value: string): Promise<number> }
  ).deleteOwn.bind(client)

  const ours = () =>
    timed(() =>
      inFlight(width, count, async (i) => {
        const answer = await locks.acquire(`ours-${i}`, owner, TTL_MS)
        if (!answer.granted || !(await locks.release(answer.lock))) throw new Error('a lock was not granted')
      }),
    )
  const bare = () =>
    timed(() =>
      inFlight(width, count, async (i) => {
        const granted = await client.set(`bare-${i}`, owner, 'PX', TTL_MS, 'NX')
        if (granted !== 'OK' || (await deleteOwn(`bare-${i}`, owner)) !== 1)
          throw new Error('a lock was not granted')
      }),
    )
  const times = await interleave(ROUNDS, { ours, bare })
  const perSecond = (ms: number) => (count / ms) * 1_000
  const name = `Redis, acquire and release, ${width === 1 ? 'one at a time' : `${width} in flight`}`
  return row(name, '1/s', perSecond(median(times.ours)), perSecond(median(times.bare)))
}
