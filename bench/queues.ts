/**
 * Start minus due for each queue that Carillon can feed, with one process that dispatches and works and a handler that does
 * nothing, all with their defaults and the ledger on PostgreSQL. The floor is the same queue used alone, with its own delay.
 */
import { Carillon } from '../src/carillon/carillon.ts'
import type { QueueDriver } from '../src/queue/message-queue.ts'
import { bullmqQueue } from '../src/queue/bullmq/bullmq-queue.ts'
import { pgBossQueue } from '../src/queue/pg-boss/pg-boss-queue.ts'
import { rabbitmqQueue } from '../src/queue/rabbitmq/rabbitmq-queue.ts'
import { RabbitmqServer } from '../test/support/servers/rabbitmq-server.ts'
import { Bullmq } from './peer/bullmq.ts'
import type { Peer } from './peer/peer.ts'
import { PgBossPeer } from './peer/pg-boss.ts'
import { RabbitmqPeer } from './peer/rabbitmq.ts'
import { Databases } from './support/databases.ts'
import { quantile } from './support/median.ts'
import { noop } from './support/noop.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { Starts } from './support/starts.ts'

/** What setting up gets before the first instant, and on top of it for each run. */
const LEAD_MS = 4_000
const LEAD_PER_RUN_MS = 1
const CONCURRENCY = 20
let queues = 0

/** A queue that Carillon feeds, and the same used alone. */
interface Contender {
  readonly name: string
  driver(): QueueDriver
  readonly alone: Pick<Peer, 'lateness'>
}

export async function bench({ quick, only }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  await using rabbit = await RabbitmqServer.start()
  const all = await contenders(databases, rabbit.address)
  const chosen = all.filter(({ name }) => only === undefined || name === only)
  if (chosen.length === 0)
    throw new Error(`unknown queue "${only}": the queues are ${all.map(({ name }) => name).join(', ')}`)

  const rows: BenchRow[] = []
  for (const contender of chosen) {
    for (const count of quick ? [1_000] : [1_000, 10_000]) {
      const windowMs = quick ? 10_000 : 60_000
      const alone = await contender.alone.lateness(instantsOf(count, windowMs), CONCURRENCY)
      const nudged = await carillon(databases, contender, instantsOf(count, windowMs))
      const label = `${contender.name}, ${count.toLocaleString('en')} in ${windowMs / 1_000} s`
      for (const q of [0.5, 0.95, 0.99, 1]) {
        const which = q === 1 ? 'max' : `p${q * 100}`
        rows.push(row(`${label}, ${which}`, 'ms', quantile(nudged, q), quantile(alone, q)))
      }
    }
  }
  return { bench: 'queues', rows }
}

async function contenders(databases: Databases, rabbit: string): Promise<Contender[]> {
  const redis = await databases.redis()
  const postgres = await databases.postgres()
  const bullmqPostgres = await postgres.createDatabase()
  return [
    {
      name: 'BullMQ on Redis',
      driver: () => bullmqQueue({ connection: redis.address, queueName: `bench-${++queues}` }),
      alone: Bullmq.at(redis.address),
    },
    {
      name: 'BullMQ on PostgreSQL',
      driver: () => bullmqQueue({ postgres: bullmqPostgres, queueName: `bench-${++queues}` }),
      alone: Bullmq.at(await postgres.createDatabase()),
    },
    {
      name: 'pg-boss',
      driver: () => pgBossQueue(),
      alone: new PgBossPeer(await postgres.createDatabase()),
    },
    {
      name: 'RabbitMQ',
      driver: () => rabbitmqQueue({ url: rabbit, queueName: `carillon-${++queues}` }),
      alone: new RabbitmqPeer(rabbit),
    },
  ]
}

function instantsOf(count: number, windowMs: number): number[] {
  const firstAt = Date.now() + LEAD_MS + count * LEAD_PER_RUN_MS
  return Array.from({ length: count }, (_, i) => firstAt + Math.floor((i * windowMs) / count))
}

async function carillon(
  databases: Databases,
  contender: Contender,
  instants: readonly number[],
): Promise<readonly number[]> {
  await using database = await databases.create('postgres')
  const starts = new Starts(instants.length)
  const jobs = [noop(starts.began)]
  await using cron = await Carillon.open({ database: database.address, jobs, queue: contender.driver() })
  await cron.scheduleMany(instants.map((at, i) => ({ key: `bench-${i}`, at, job: 'noop' })))
  await cron.start()
  if (Date.now() > instants[0]! - 500) throw new Error('setting up took too long: give it more time')
  return await starts.all
}
