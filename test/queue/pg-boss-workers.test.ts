import { PgBoss, type WorkOptions } from 'pg-boss'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { messageOf, type Message } from '../../src/queue/message.ts'
import type { MessageQueue } from '../../src/queue/message-queue.ts'
import { messageOfJob, pgBossQueue } from '../../src/queue/pg-boss/pg-boss-queue.ts'
import {
  createPostgresDatabase,
  dropPostgresDatabase,
  withPostgres,
} from '../support/servers/postgres-database.ts'
import { until } from '../support/until.ts'

const timeout = 60_000
const HOUR = 3_600_000
const QUEUE = 'carillon-theirs'
/** So slow that only a notification makes it quick. */
const SLOW: WorkOptions = { pollingIntervalSeconds: 600, notifyPollingIntervalSeconds: 600 }
/** As often as pg-boss allows. */
const QUICK: WorkOptions = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 }

let address: string
let queue: MessageQueue
let boss: PgBoss
beforeAll(async () => {
  address = await createPostgresDatabase(inject('postgresAddress'))
})
afterAll(() => dropPostgresDatabase(inject('postgresAddress'), address))
beforeEach(async () => {
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  queue = await pgBossQueue().open({ name: 'theirs', logger, postgresAddress: address })
  await queue.epoch(undefined)
  boss = new PgBoss({ connectionString: address, useListenNotify: true, schedule: false, supervise: false })
  boss.on('error', () => {})
  await boss.start()
})
afterEach(async () => {
  await boss.stop({ graceful: false })
  await queue[Symbol.asyncDispose]()
  await withPostgres(address, (client) => client.query('drop schema pgboss cascade'))
})

let made = 0

function message(dueAt = Date.now()): Message {
  const nominalAt = 1_774_746_000_000 + made++ * 1_000
  return messageOf({ scheduleId: 1, generation: 1, nominalAt, attempt: 0, dueAt, job: 'test' })
}

async function states(): Promise<string[]> {
  return withPostgres(address, async (client) => {
    const { rows } = await client.query<{ state: string }>('select state::text from pgboss.job')
    return rows.map(({ state }) => state)
  })
}

describe("workers of the application's own", () => {
  it('are given messages, also those that are promoted', { timeout }, async () => {
    const taken: Message[] = []
    await boss.work(QUEUE, SLOW, async ([job]) => void taken.push(messageOfJob(job!)))
    const [now, later] = [message(), message(Date.now() + HOUR)]
    await queue.send([now, later])
    await until('the one that is due has come', () => taken.length === 1)
    expect(taken).toEqual([now])

    await until('it is completed', async () => (await states()).includes('completed'))
    await queue.promote([later])
    await until('the other one has come', () => taken.length === 2)
    expect(taken).toEqual([now, later])
  })

  it('are given the same again when it is sent again', { timeout }, async () => {
    const taken: string[] = []
    await boss.work(QUEUE, SLOW, async ([job]) => void taken.push(messageOfJob(job!).id))
    const sent = message()
    const others = [message(Date.now() + HOUR), message(Date.now() + HOUR)]
    await queue.send([sent])
    await until('it is completed', async () => (await states()).includes('completed'))

    await queue.send([others[0]!, sent])
    await until('it has come again', () => taken.length === 2)
    await until('it is completed', async () => (await states()).includes('completed'))

    await withPostgres(address, async (client) => {
      // As Carillon reads what comes: integers as numbers, and all else as text.
      const types = { getTypeParser: (oid: number) => (oid === 23 ? Number : String) }
      await client.query('begin')
      await queue.inside!.send(
        async (text, values) => (await client.query<object>({ text, values: [...values], types })).rows,
        [others[1]!, sent, others[0]!],
      )
      await client.query('commit')
    })
    await until('it has come a third time', () => taken.length === 3)
    expect(taken).toEqual([sent.id, sent.id, sent.id])
    expect(await queue.health()).toMatchObject({ delayed: 2 })
  })

  it('are given again what they fail at', { timeout }, async () => {
    let tries = 0
    await boss.work(QUEUE, QUICK, async () => {
      if (++tries < 3) throw new Error('another server is to have it')
    })
    await queue.send([message()])
    await until('it has come three times', () => tries === 3)
    await until('it is completed', async () => (await states()).includes('completed'))
  })

  it('share the queue with consumers of Carillon', { timeout }, async () => {
    const taken: string[] = []
    await boss.work(QUEUE, { ...QUICK, batchSize: 5 }, async (jobs) => {
      taken.push(...jobs.map((job) => messageOfJob(job).id))
    })
    const consumption = queue.consume({
      concurrency: 5,
      handle: async ({ id }) => {
        taken.push(id)
        return 'done'
      },
    })
    const sent = Array.from({ length: 500 }, (_, i) => message(Date.now() + i * 4))
    await queue.send(sent)
    await until('all have come', () => new Set(taken).size === sent.length)
    await consumption.stop()
    expect(taken).toHaveLength(sent.length)
  })
})
