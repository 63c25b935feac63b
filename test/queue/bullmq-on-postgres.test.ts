import * as bullmq from 'bullmq'
import { escapeLiteral } from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { BullmqOnPostgres } from '../../src/queue/bullmq/bullmq-on-postgres.ts'
import type { OpenWorker } from '../../src/queue/bullmq/bullmq-server.ts'
import { databaseName, uniqueDatabaseName } from '../support/servers/database-name.ts'
import {
  createPostgresDatabase,
  dropPostgresDatabase,
  withPostgres,
} from '../support/servers/postgres-database.ts'
import { until } from '../support/until.ts'

/** Unused connections that the pool need not keep are closed at once, and no other ones. */
const IMPATIENT = { idleTimeoutMillis: 1 }
/** So many looks must find the same: a worker that has just begun may open one more, which takes the place of another. */
const LOOKS = 10

describe('BullMQ on PostgreSQL', () => {
  let address: string
  beforeEach(async () => {
    address = await createPostgresDatabase(inject('postgresAddress'))
  })
  const open: BullmqOnPostgres[] = []
  const workers: OpenWorker[] = []
  const end = async () => {
    for (const worker of workers.splice(0)) {
      await worker.close(false)
      await worker.disconnect()
    }
    await Promise.all(open.splice(0).map((server) => server.close()))
    await dropPostgresDatabase(inject('postgresAddress'), address)
  }
  afterEach(end)

  /** A queue, and a worker that is ready. */
  async function started(options: object = {}, taken: unknown[] = []): Promise<BullmqOnPostgres> {
    const postgres = { connectionString: address, ...options }
    const server = await BullmqOnPostgres.open(bullmq, 'test', { postgres })
    open.push(server)
    const worker = await server.work(async ({ data }) => void taken.push(data), { concurrency: 20 })
    worker.onError(() => {})
    workers.push(worker)
    return server
  }

  /** How many connections the two pools have; the one that listens is named after the queue. */
  async function connections(): Promise<number> {
    return withPostgres(address, async (client) => {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity
         where datname = current_database() and application_name = 'carillon'`,
      )
      return rows[0]!.count
    })
  }

  it('has four connections in each pool when its worker is ready', async () => {
    await started()
    expect(await connections()).toBeGreaterThanOrEqual(8)
  })

  it('keeps four connections in each pool', async () => {
    const server = await started(IMPATIENT)
    await Promise.all(Array.from({ length: 50 }, () => server.count()))
    let looks = 0
    await until('four are left in each', async () => {
      looks = (await connections()) === 8 ? looks + 1 : 0
      return looks >= LOOKS
    })
  })

  it('has as many as it is told to keep', async () => {
    await started({ min: 6 })
    expect(await connections()).toBeGreaterThanOrEqual(12)
  })

  it('has no more than a pool may have', async () => {
    const taken: unknown[] = []
    const server = await started({ max: 1 }, taken)
    expect(await connections()).toBe(2)
    await server.add([{ name: 'job', data: { n: 1 }, opts: {} }])
    await until('it is taken', () => taken.length === 1)
  })

  it('is ready also when the server refuses what it need not have yet', async () => {
    const role = uniqueDatabaseName()
    const own = new URL(address)
    own.username = role
    await withPostgres(address, async (client) => {
      // Four for the queue, one to listen, two for the worker.
      await client.query(
        `create role ${role} login connection limit 7 password ${escapeLiteral(own.password || 'any')}`,
      )
      await client.query(`grant create on database ${databaseName(address)} to ${role}`)
    })
    try {
      const taken: unknown[] = []
      const server = await started({ connectionString: own.href }, taken)
      expect(await connections()).toBeLessThan(8)
      await server.add([{ name: 'job', data: { n: 1 }, opts: {} }])
      await until('it is taken', () => taken.length === 1)
    } finally {
      await end()
      await withPostgres(inject('postgresAddress'), (client) => client.query(`drop role ${role}`))
    }
  })
})
