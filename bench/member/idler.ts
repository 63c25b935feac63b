/**
 * Something that has nothing to do, until the parent is gone: Carillon with both roles, a probe of an index once a second,
 * nothing at all on an open connection, or a peer with a thousand schedules.
 */
import { once } from 'node:events'
import { setInterval } from 'node:timers/promises'
import { Carillon } from '../../src/carillon/carillon.ts'
import { Bullmq } from '../peer/bullmq.ts'
import type { Peer } from '../peer/peer.ts'
import { PgBossPeer } from '../peer/pg-boss.ts'
import { connectBare } from '../support/bare/connect-bare.ts'
import { dailyAt, nextFullHour } from '../support/daily.ts'
import { noop } from '../support/noop.ts'

/** What can be idle. */
export type Idler = keyof typeof IDLERS

const SCHEDULES = 1_000
const PROBE = `
  select next_at from carillon_cursors where is_broken = 0 and next_at is not null order by next_at limit 1`

const IDLERS = {
  carillon: async (address: string) => {
    const carillon = await Carillon.open({ database: address, jobs: [noop()] })
    await carillon.start()
    return carillon
  },
  probe: async (address: string) => {
    const bare = await connectBare(address)
    const ended = new AbortController()
    const probing = (async () => {
      for await (const _ of setInterval(1_000, undefined, { signal: ended.signal })) await bare.query(PROBE)
    })()
    return {
      [Symbol.asyncDispose]: async () => {
        ended.abort()
        await probing.catch(() => {})
        await bare[Symbol.asyncDispose]()
      },
    }
  },
  nothing: async (address: string) => {
    const bare = await connectBare(address)
    await bare.query(PROBE)
    return bare
  },
  bullmq: (address: string) => peer(Bullmq.at(address)),
  'pg-boss': (address: string) => peer(new PgBossPeer(address)),
} as const

function peer(given: Peer): Promise<AsyncDisposable> {
  const daily = dailyAt(nextFullHour() + 12 * 3_600_000)
  const schedules = Array.from({ length: SCHEDULES }, (_, i) => ({
    ...daily,
    key: `bench-${i}`,
    payload: { user: i },
  }))
  return given.run(schedules)
}

const [what, address] = process.argv.slice(2)
const idler = await IDLERS[what as Idler](address!)
process.send!('ready')
await once(process, 'disconnect')
await idler[Symbol.asyncDispose]()
