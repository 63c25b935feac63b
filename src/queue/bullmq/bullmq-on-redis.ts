import type { Processor, Queue } from 'bullmq'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'
import { SystemClock } from '../../clock/system-clock.ts'
import { loadDriver } from '../../sql/load-driver.ts'
import type { BullmqJob } from './bullmq-message.ts'
import { isClient, isCluster, type BullmqOnRedisOptions } from './bullmq-options.ts'
import type { Bullmq, BullmqServer, JobCounts, OpenWorker, WorkerSettings } from './bullmq-server.ts'
import { REMOVE_WAITING } from './remove-waiting.ts'
import { RedisEpoch } from './redis-epoch.ts'
import { WorkerConnection } from './worker-connection.ts'

type Client = Redis | Cluster
type Connect = (settings: RedisOptions) => Client

/** How long a server may be silent, and how long a connection may take. */
const SILENCE_MS = 5_000
const SHARE = 25
const MOST_WORKERS = 8
/** A worker waits for a job for 10 seconds at a time; nothing comes from a healthy server in between. */
const WORKER_SILENCE_MS = 20_000
const LONGEST_RETRY_MS = 1_000
const FIRST_RETRY_MS = 100

/** Whatever the application has set for itself. */
const OURS = {
  connectTimeout: SILENCE_MS,
  commandTimeout: undefined,
  enableOfflineQueue: true,
  enableAutoPipelining: false,
  lazyConnect: false,
  retryStrategy: (times: number) => Math.min(times * FIRST_RETRY_MS, LONGEST_RETRY_MS),
} satisfies RedisOptions
/** A command that finds the server gone fails, and is not kept for later: who sent it tries again by himself. */
const FAILS_SOON: RedisOptions = { maxRetriesPerRequest: 0, socketTimeout: SILENCE_MS }
/** A worker's commands wait for the server. */
const GOES_ON: RedisOptions = {
  maxRetriesPerRequest: null,
  socketTimeout: WORKER_SILENCE_MS,
  autoResendUnfulfilledCommands: true,
}

/**
 * BullMQ's queue on Redis. Its own scripts do what they can do fast enough; many of them are on their way at a time,
 * which takes a few round trips for thousands.
 *
 * @see docs/guides/bullmq.md
 */
export class BullmqOnRedis implements BullmqServer {
  readonly title = 'Redis'
  readonly precisionMs = 50
  readonly #bullmq: Bullmq
  readonly #name: string
  readonly #prefix: { readonly prefix?: string }
  readonly #connect: Connect
  readonly #client: Client
  readonly #queue: Queue
  readonly #epoch: RedisEpoch
  #lastFault: unknown

  private constructor(bullmq: Bullmq, name: string, options: BullmqOnRedisOptions, connect: Connect) {
    this.#bullmq = bullmq
    this.#name = name
    this.#prefix = options.prefix === undefined ? {} : { prefix: options.prefix }
    this.#connect = connect
    this.#client = this.#open(FAILS_SOON)
    const connection = this.#client
    // It would look at the version once, and be of no use for good if just that failed; the workers look at it too.
    const skip = { skipVersionCheck: true, skipWaitingForReady: true }
    this.#queue = new bullmq.Queue(name, { connection, ...skip, ...this.#prefix }, bullmq.createRedisBackend)
    this.#queue.on('error', () => {})
    this.#epoch = new RedisEpoch(this.#client, new SystemClock(), (key) => this.#queue.toKey(key))
  }

  /** @throws {ConfigError} when `ioredis` is not installed */
  static async open(bullmq: Bullmq, name: string, options: BullmqOnRedisOptions): Promise<BullmqOnRedis> {
    return new BullmqOnRedis(bullmq, name, options, await connector(options.connection))
  }

  async add(jobs: readonly BullmqJob[]): Promise<void> {
    await this.#queue.addBulk([...jobs])
    await this.#epoch.count()
  }

  async promote(ids: readonly string[]): Promise<void> {
    const backend = this.#queue.getBackend()
    await Promise.all(ids.map((id) => backend.promote(id).catch(passOver)))
  }

  async remove(ids: readonly string[]): Promise<void> {
    const [wait, delayed, prioritized] = ['wait', 'delayed', 'prioritized'].map((key) =>
      this.#queue.toKey(key),
    )
    await this.#client.eval(REMOVE_WAITING, 3, wait!, delayed!, prioritized!, this.#queue.toKey(''), ...ids)
  }

  async epoch(): Promise<string> {
    return this.#epoch.ask()
  }

  async count(): Promise<JobCounts> {
    const counts = await this.#queue.getJobCounts('delayed', 'waiting', 'prioritized', 'active')
    const { delayed = 0, waiting = 0, prioritized = 0, active = 0 } = counts
    return { delayed, waiting: waiting + prioritized, active }
  }

  async ping(): Promise<void> {
    await this.#client.exists(this.#queue.toKey('meta'))
  }

  async work(process: Processor<unknown, void>, settings: WorkerSettings): Promise<OpenWorker> {
    const { Worker, createRedisBackend } = this.#bullmq
    const connection = new WorkerConnection(this.#open(GOES_ON))
    const workers = shares(settings.concurrency).map((concurrency) => {
      const options = { ...settings, concurrency, connection: connection.client, ...this.#prefix }
      return new Worker(this.#name, process, options, createRedisBackend)
    })
    return {
      onError: (listener) => workers.forEach((worker) => worker.on('error', listener)),
      pause: async () => void (await Promise.all(workers.map((worker) => worker.pause(true)))),
      close: async (isForced) => void (await Promise.all(workers.map((worker) => worker.close(isForced)))),
      disconnect: async () => {
        await Promise.all(workers.map((worker) => worker.getBackend().close(true)))
        connection.end()
      },
    }
  }

  explain(error: unknown): string {
    const { name, message } = error as Error
    // It says how often it was tried, and not why that failed.
    const cause = name === 'MaxRetriesPerRequestError' ? (this.#lastFault ?? error) : error
    const { message: said, code } = cause as { message?: string; code?: string }
    return said || code || message
  }

  async close(): Promise<void> {
    await this.#epoch.forget().catch(() => {})
    await this.#queue.close()
    this.#client.disconnect()
  }

  #open(settings: RedisOptions): Client {
    const client = this.#connect(settings)
    client.on('error', (error) => (this.#lastFault = error))
    return client
  }
}

/** How connections are made; what the application has set otherwise would break what is promised here. */
async function connector(connection: BullmqOnRedisOptions['connection']): Promise<Connect> {
  if (isClient(connection)) {
    if (isCluster(connection))
      return (settings) => duplicateCluster(connection as unknown as Cluster, settings)
    return (settings) => (connection as Redis).duplicate({ ...OURS, ...settings })
  }

  const ioredis = await loadDriver(() => import('ioredis'), 'ioredis', 'BullMQ on Redis')
  // Its types would have the options written out on the spot.
  const Client = ioredis.Redis as unknown as new (...options: (string | RedisOptions)[]) => Redis
  if (typeof connection === 'string') return (settings) => new Client(connection, { ...OURS, ...settings })
  return (settings) => new Client({ ...connection, ...OURS, ...settings })
}

function duplicateCluster(cluster: Cluster, settings: RedisOptions): Cluster {
  const duplicate = cluster.duplicate.bind(cluster) as (nodes: [], options: ClusterOptions) => Cluster
  return duplicate([], {
    lazyConnect: false,
    enableOfflineQueue: true,
    clusterRetryStrategy: OURS.retryStrategy,
    redisOptions: { ...cluster.options.redisOptions, ...OURS, ...settings },
  })
}

/**
 * How many jobs each of several workers takes. A worker begins none before it has fetched as many as it takes, one after
 * the other, which is late for the first when many are due at once.
 */
function shares(concurrency: number): number[] {
  const count = Math.min(Math.ceil(concurrency / SHARE), MOST_WORKERS)
  return Array.from({ length: count }, (_, i) => Math.floor((concurrency + i) / count))
}

/** BullMQ gives the refusals of its scripts a number: a job that is not there, or not in that state. */
function passOver(error: unknown): void {
  if (typeof (error as { code?: unknown }).code !== 'number') throw error
}
