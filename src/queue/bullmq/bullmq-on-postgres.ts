import type { BackendFactory, PostgresQueueBackend, PostgresPoolConfig, Processor, Queue } from 'bullmq'
import { loadDriver } from '../../sql/load-driver.ts'
import type { BullmqJob } from './bullmq-message.ts'
import type { BullmqOnPostgresOptions } from './bullmq-options.ts'
import type { Bullmq, BullmqServer, JobCounts, OpenWorker, WorkerSettings } from './bullmq-server.ts'

const CONNECT_MS = 5_000
/** How long one statement may take. */
const STATEMENT_MS = 15_000
/** How long a worker waits to be told of a job before it looks by itself: what tells it may have been lost on the way. */
const LONGEST_WAIT_S = 10
/**
 * How many connections a pool opens before they are needed, and keeps: while it opens one in the midst of what is due, that
 * waits, and so does all behind it.
 */
const KEPT_OPEN = 4
/** How many a pool of `pg` opens at most, unless it is told. */
const DEFAULT_MAX = 10
const MARK_FIELD = 'carillon'
/**
 * After how many more jobs PostgreSQL is told to look at what it holds, and then each time when there have been twice as
 * many. By itself it does so after a minute, and until then it plans as for an empty table: it takes a job that is due for
 * 50 ms where 5 would do.
 */
const ANALYZED_FROM = 1_000

type PostgresQueue = Queue<
  unknown,
  unknown,
  string,
  unknown,
  unknown,
  string,
  PostgresQueueBackend,
  PostgresPoolConfig
>

/**
 * BullMQ's queue on PostgreSQL. What is done to many jobs is one statement that calls BullMQ's own functions, for rows
 * that it holds: by themselves the functions would also change a job that a worker takes in the same moment.
 *
 * @see docs/guides/bullmq.md
 */
export class BullmqOnPostgres implements BullmqServer {
  readonly title = 'PostgreSQL'
  readonly precisionMs = 5
  readonly #bullmq: Bullmq
  readonly #name: string
  readonly #connection: PostgresPoolConfig
  readonly #backend: BackendFactory<PostgresQueueBackend, PostgresPoolConfig>
  #queue: Promise<PostgresQueue> | undefined
  #added = 0
  #analyzedAt = ANALYZED_FROM / 2
  #analysis: Promise<unknown> = Promise.resolve()

  private constructor(bullmq: Bullmq, name: string, connection: PostgresPoolConfig) {
    this.#bullmq = bullmq
    this.#name = name
    this.#connection = connection
    this.#backend = (...args) =>
      Object.defineProperty(bullmq.createPostgresBackend(...args), 'maximumBlockTimeout', {
        value: LONGEST_WAIT_S,
      })
  }

  /** @throws {ConfigError} when `pg` is not installed */
  static async open(
    bullmq: Bullmq,
    name: string,
    { postgres }: BullmqOnPostgresOptions,
  ): Promise<BullmqOnPostgres> {
    await loadDriver(() => import('pg'), 'pg', 'BullMQ on PostgreSQL')
    const given: PostgresPoolConfig = typeof postgres === 'string' ? { connectionString: postgres } : postgres
    const connection = {
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: STATEMENT_MS,
      keepAlive: true,
      application_name: 'carillon',
      min: KEPT_OPEN,
      ...(given.skipMigrations === undefined && { migrate: true }),
      ...given,
    }
    const server = new BullmqOnPostgres(bullmq, name, connection)
    server.#ready().catch(() => {})
    return server
  }

  async add(jobs: readonly BullmqJob[]): Promise<void> {
    const queue = await this.#ready()
    await queue.addBulk([...jobs])
    this.#added += jobs.length
    if (this.#added >= 2 * this.#analyzedAt) this.#analyze()
  }

  /** Where the tables are another user's, PostgreSQL does not do it, and says nothing but a warning. */
  #analyze(): void {
    this.#analyzedAt = this.#added
    this.#analysis = this.#run('analyze job', []).catch(() => {})
  }

  async promote(ids: readonly string[]): Promise<void> {
    await this.#run(PROMOTE, [this.#name, ids])
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#run(REMOVE, [this.#name, ids])
  }

  /** What PostgreSQL has acknowledged it does not lose, so a row among the queue's own tells. */
  async epoch(): Promise<string> {
    await this.#run(
      'insert into meta (queue, field, value) values ($1, $2, $3) on conflict (queue, field) do nothing',
      [this.#name, MARK_FIELD, crypto.randomUUID()],
    )
    const [row] = await this.#run('select value as mark from meta where queue = $1 and field = $2', [
      this.#name,
      MARK_FIELD,
    ])
    return (row as { mark: string }).mark
  }

  async count(): Promise<JobCounts> {
    const [counts] = await this.#run(COUNT, [this.#name])
    return counts as JobCounts
  }

  async ping(): Promise<void> {
    await this.#run('select 1', [])
  }

  async work(process: Processor<unknown, void>, settings: WorkerSettings): Promise<OpenWorker> {
    // The tables are there then.
    await this.#ready()
    const { Worker } = this.#bullmq
    const connection = withoutWaiting(this.#connection)
    const worker = new Worker(this.#name, process, { ...settings, connection }, this.#backend)
    try {
      await worker.waitUntilReady()
      await this.#openConnections(worker.getBackend())
    } catch (error) {
      worker.on('error', () => {})
      void worker.close(true)
      throw error
    }
    return {
      onError: (listener) => worker.on('error', listener),
      pause: () => worker.pause(true),
      close: (isForced) => worker.close(isForced),
      disconnect: () => worker.getBackend().close(true),
    }
  }

  explain(error: unknown): string {
    const { message, code } = error as { message?: string; code?: string }
    return message || code || String(error)
  }

  async close(): Promise<void> {
    await this.#analysis
    const queue = await this.#queue?.catch(() => undefined)
    await queue?.close()
  }

  /** BullMQ remembers that it could not connect the first time, so a queue that could not is made anew. */
  async #ready(): Promise<PostgresQueue> {
    const queue = (this.#queue ??= this.#openQueue())
    try {
      return await queue
    } catch (error) {
      if (this.#queue === queue) this.#queue = undefined
      throw error
    }
  }

  async #openQueue(): Promise<PostgresQueue> {
    const connection = this.#connection
    const queue: PostgresQueue = new this.#bullmq.Queue(this.#name, { connection }, this.#backend)
    queue.on('error', () => {})
    try {
      await queue.waitUntilReady()
      await this.#openConnections(queue.getBackend())
    } catch (error) {
      await queue.close().catch(() => {})
      throw error
    }
    return queue
  }

  /** Opens those that the pool keeps. One that cannot be opened now is opened when it is needed. */
  async #openConnections({ connection: { pool } }: PostgresQueueBackend): Promise<void> {
    const { min, max } = this.#connection
    const count = Math.min(Number(min ?? 0), max ?? DEFAULT_MAX)
    // All at once: one that is given back would be taken for the next.
    const opened = await Promise.allSettled(Array.from({ length: count }, () => pool.connect()))
    for (const one of opened) if (one.status === 'fulfilled') one.value.release()
  }

  async #run(text: string, values: readonly unknown[]): Promise<readonly object[]> {
    const queue = await this.#ready()
    const { rows } = await queue.getBackend().connection.pool.query(text, [...values])
    return rows
  }
}

/**
 * For a worker, which need not wait for the disk: what a crash of the server undoes is delivered once more, and the fence
 * lets it through only if it had not begun.
 */
function withoutWaiting(connection: PostgresPoolConfig): PostgresPoolConfig {
  const given = typeof connection.options === 'string' ? [connection.options] : []
  // Of two settings of one name the last one counts, so the user's.
  return { ...connection, options: ['-c synchronous_commit=off', ...given].join(' ') }
}

/** Without waiting for the disk: what a crash undoes comes by its delay. */
const PROMOTE = `
  with relaxed as materialized (select set_config('synchronous_commit', 'off', true)),
  held as materialized (
    select id from job where queue = $1 and id = any($2::text[]) and state = 'delayed' for update skip locked
  )
  select count(promote($1, id)) from held, relaxed`

const COUNT = `
  select count(*) filter (where state = 'delayed')::int as delayed,
    count(*) filter (where state = 'waiting')::int as waiting,
    count(*) filter (where state = 'active')::int as active
  from job where queue = $1`

const REMOVE = `
  with held as materialized (
    select id from job where queue = $1 and id = any($2::text[]) and state in ('delayed', 'waiting')
    for update skip locked
  )
  select count(remove($1, id, false)) from held`
