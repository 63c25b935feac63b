import {
  createPostgresBackend,
  createRedisBackend,
  withBackend,
  type BackendFactory,
  type IQueueBackend,
  type Processor,
  type Queue,
  type Worker,
} from 'bullmq'
import { inFlight } from '../support/in-flight.ts'
import { slices } from '../support/slices.ts'
import { Starts } from '../support/starts.ts'
import type { Peer, PeerSchedule } from './peer.ts'

/** What a bench calls of BullMQ's classes, wherever the jobs are. */
interface Classes {
  queue(name: string): Pick<Queue, 'addBulk' | 'upsertJobScheduler' | 'close'>
  worker(name: string, handle: Processor, concurrency: number): Pick<Worker, 'waitUntilReady' | 'close'>
}

const AT_ONCE = 1_000
/** With more runs at once it only becomes slower. */
const MOST_CONCURRENCY = 1_000
const CREATED_AT_ONCE = 64

/** BullMQ with its jobs on Redis or, new in its version 6, on PostgreSQL. */
export class Bullmq implements Peer {
  readonly name: string
  readonly #classes: Classes
  #queues = 0

  private constructor(name: string, classes: Classes) {
    this.name = name
    this.#classes = classes
  }

  /** @param address of a Redis server, or of an empty database on PostgreSQL */
  static at(address: string): Bullmq {
    const { protocol, hostname, port } = new URL(address)
    if (protocol === 'redis:')
      return new Bullmq(
        'BullMQ on Redis',
        classes(createRedisBackend, { host: hostname, port: Number(port) }),
      )

    const connection = { connectionString: address, migrate: true }
    return new Bullmq('BullMQ on PostgreSQL', classes(createPostgresBackend, connection))
  }

  async lateness(instants: readonly number[], concurrency: number): Promise<readonly number[]> {
    const name = this.#newName()
    const starts = new Starts(instants.length)
    const queue = this.#classes.queue(name)
    const handle: Processor<{ dueAt: number }> = async ({ data }) => starts.began(data.dueAt)
    const worker = this.#classes.worker(name, handle, Math.min(concurrency, MOST_CONCURRENCY))
    await worker.waitUntilReady()

    for (const slice of slices(instants, AT_ONCE)) {
      const now = Date.now()
      const jobs = slice.map((dueAt) => ({
        name: 'noop',
        data: { dueAt },
        opts: { delay: dueAt - now, removeOnComplete: true },
      }))
      await queue.addBulk(jobs)
    }
    const late = await starts.all
    await worker.close()
    await queue.close()
    return late
  }

  async withSchedules<T>(
    work: (create: (schedule: PeerSchedule) => Promise<unknown>) => Promise<T>,
  ): Promise<T> {
    const queue = this.#classes.queue(this.#newName())
    const result = await work(({ key, cron, timezone, payload }) =>
      queue.upsertJobScheduler(key, { pattern: cron, tz: timezone }, { name: 'noop', data: payload }),
    )
    await queue.close()
    return result
  }

  async run(schedules: readonly PeerSchedule[], onRun = () => {}): Promise<AsyncDisposable> {
    const name = this.#newName()
    const queue = this.#classes.queue(name)
    await inFlight(CREATED_AT_ONCE, schedules.length, async (i) => {
      const { key, cron, timezone, payload } = schedules[i]!
      await queue.upsertJobScheduler(key, { pattern: cron, tz: timezone }, { name: 'noop', data: payload })
    })
    const worker = this.#classes.worker(name, async () => onRun(), MOST_CONCURRENCY)
    await worker.waitUntilReady()
    return {
      [Symbol.asyncDispose]: async () => {
        await worker.close()
        await queue.close()
      },
    }
  }

  #newName(): string {
    return `bench-${process.pid}-${++this.#queues}`
  }
}

function classes<B extends IQueueBackend, C>(factory: BackendFactory<B, C>, connection: C): Classes {
  const bound = withBackend(factory)
  return {
    queue: (name) => new bound.Queue(name, { connection }),
    worker: (name, handle, concurrency) => new bound.Worker(name, handle, { connection, concurrency }),
  }
}
