import { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Catalog } from '../../src/catalog/catalog.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'
import { Carillon, defineJob, LeaseLostError } from '../../src/index.ts'
import type { Consumer, Consumption, Queue } from '../../src/queue/queue.ts'
import type { ClaimedOccurrence } from '../../src/store/run-ledger.ts'
import { SqlDatabase } from '../../src/sql/sql-database.ts'
import { Store } from '../../src/store/store.ts'
import { JobRegistry } from '../../src/task/job-registry.ts'
import { TelemetryHub } from '../../src/telemetry/telemetry-hub.ts'
import { Worker } from '../../src/worker/worker.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'
import { until } from '../support/until.ts'

/**
 * What the chaos of `chaos.test.ts` found, each by itself: a process that loses touch with its database, or waits for
 * it, goes on living, and does not go on with what it no longer holds.
 */
let server: PostgresServer
beforeAll(async () => {
  server = await PostgresServer.start()
}, 120_000)
afterAll(() => server.stop())

it('begins once what is delivered again, as it is when to begin takes longer than the queue holds it', async () => {
  await using store = await Store.open(await server.createDatabase())
  const begun: number[] = []
  const end = Promise.withResolvers<void>()
  const work = defineJob('work', {
    handle: async ({ occurrence }) => {
      begun.push(occurrence.attempt)
      await end.promise
    },
  })
  const jobs = new JobRegistry([work])
  const parts = { store, jobs, queues: ['default'], aheadMs: 60_000, maxPayloadBytes: 100, keepMs: 0 }
  const catalog = new Catalog(parts, 'default')
  await catalog.schedule({ key: 'once', job: work, at: (await store.now()) + 10_000 })
  const claim = { queue: 'default', jobs: ['work'], owner: 'me', aheadMs: 60_000, holdMs: 60_000, limit: 1 }
  const claimed = await store.transaction((tables) => tables.runs.claim(claim, tables.now))
  expect(claimed).toHaveLength(1)

  const queue = new HandOver()
  const clock = new SystemClock()
  const options = { store, queues: [queue], jobs, clock, logger: silent, owner: 'me', onFailed: () => {} }
  const telemetry = new TelemetryHub([], silent)
  const worker = new Worker({ ...options, telemetry, concurrency: 10, leaseMs: 30_000 })
  worker.start()
  // Twice in one step, in the step that follows, and when it runs already.
  queue.deliver([...claimed, ...claimed])
  queue.deliver(claimed)
  await until('it runs', () => begun.length > 0)
  queue.deliver(claimed)
  await until('nothing waits to begin', () => queue.capacity() === 9)
  end.resolve()
  await worker.stop(10_000)
  expect(begun).toEqual([1])
})

/** A queue that a test has in its hands. */
class HandOver implements Queue {
  readonly name = 'default'
  #consumer: Consumer | undefined

  consume(consumer: Consumer): Consumption {
    this.#consumer = consumer
    return { wake: () => {}, stop: async () => {}, end: async () => {} }
  }

  deliver(due: readonly ClaimedOccurrence[]): void {
    this.#consumer!.deliver(due.map((ref) => ({ ...ref, startAt: 0 })))
  }

  capacity(): number {
    return this.#consumer!.capacity()
  }
}

it('aborts a run when its lease has run out, though the heartbeat gets no answer', async () => {
  const direct = await server.createDatabase()
  await using proxy = await TcpProxy.start(direct)
  let hasBegun = false
  let reason: unknown
  const wait = defineJob('wait', {
    handle: async ({ signal }) => {
      hasBegun = true
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      reason = signal.reason
      throw reason
    },
  })
  const database = proxy.address(direct)
  await using cron = await Carillon.open({ database, jobs: [wait], lease: '1s', logger: silent })
  await cron.schedule({ key: 'long', job: wait, at: Date.now() + 100, catchUp: '1h' })
  await cron.start()
  await until('it runs', () => hasBegun)

  // The database is silent for as long as the run is not aborted. A query waits for 40 seconds.
  proxy.blackhole(true)
  await until('it is aborted', () => reason, 20_000)
  proxy.blackhole(false)
  expect(reason).toBeInstanceOf(LeaseLostError)
})

it('lives on when a connection breaks in a transaction', async () => {
  const direct = await server.createDatabase()
  await using proxy = await TcpProxy.start(direct)
  await using database = await SqlDatabase.open(proxy.address(direct))

  let tries = 0
  const answer = await database.transaction(async (sql) => {
    if (tries++ === 0) proxy.cut()
    return database.now(sql)
  })
  expect(tries).toBe(2)
  expect(answer).toBeGreaterThan(0)
})

it('lives on when no connection is left to listen on', async () => {
  const pool = new Pool({ connectionString: await server.createDatabase(), max: 2 })
  await using database = await SqlDatabase.open({ postgres: pool })
  const last = await pool.connect()
  let hasGivenUp = false
  pool.on('remove', () => (hasGivenUp = true))
  const unlisten = database.signals.listen(() => {})
  // It listens on the only connection that is left, so that the signal to itself finds none.
  await until('it listens no more', () => hasGivenUp)
  last.release()
  unlisten()
  await database.close()
  await pool.end()
})

const silent = { info: () => {}, warn: () => {}, error: () => {} }
