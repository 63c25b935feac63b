/**
 * Occurrences a second from the ledger into BullMQ on Redis, with everything that makes it safe: taken up, sent, confirmed.
 * The floor is a bare `addBulk` of the same jobs, in slices of 1,000 or all in one call, whichever is faster.
 */
import { Queue } from 'bullmq'
import { Carillon } from '../src/carillon/carillon.ts'
import { bullmqQueue } from '../src/queue/bullmq/bullmq-queue.ts'
import { Databases, type DatabaseKind } from './support/databases.ts'
import { interleave, timed, type Contestant } from './support/interleave.ts'
import { median } from './support/median.ts'
import { noop } from './support/noop.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { slices } from './support/slices.ts'

const ROUNDS = 5
const AT_ONCE = 1_000
/** Within what a pass looks ahead, and far enough off that nothing falls due meanwhile. */
const DUE_IN_MS = 9 * 60_000

export async function bench({ quick, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const redis = await databases.redis()
  const count = quick ? 2_000 : 10_000
  let queues = 0

  const relay = (kind: DatabaseKind) => async () => {
    await using database = await databases.create(kind)
    const queue = bullmqQueue({ connection: redis.address, queueName: `relay-${process.pid}-${++queues}` })
    await using cron = await Carillon.open({ database: database.address, jobs: [noop()], queue })
    const at = Date.now() + DUE_IN_MS
    await cron.scheduleMany(Array.from({ length: count }, (_, i) => ({ key: `bench-${i}`, at, job: 'noop' })))
    await database.bare.settle()
    const ms = await timed(() => cron.dispatch())
    const [report] = await cron.describeQueues()
    if (report?.health.delayed !== count || report.sent !== count || report.unsent !== 0)
      throw new Error(`not all was relayed: ${JSON.stringify(report)}`)
    return ms
  }

  const bare = (size: number) => async () => {
    const queue = new Queue(`bare-${process.pid}-${++queues}`, { connection: { url: redis.address } })
    await queue.waitUntilReady()
    const dueAt = Date.now() + DUE_IN_MS
    const ms = await timed(async () => {
      for (const slice of slices(messages(count, dueAt), size)) await queue.addBulk([...slice])
    })
    await queue.close()
    return ms
  }

  const times = await interleave(ROUNDS, {
    ...(Object.fromEntries(kinds.map((kind) => [kind, relay(kind)])) as Record<DatabaseKind, Contestant>),
    sliced: bare(AT_ONCE),
    whole: bare(count),
  })
  const floor = Math.min(median(times.sliced), median(times.whole))
  const perSecond = (ms: number) => (count / ms) * 1_000
  const rows = kinds.map((kind): BenchRow =>
    row(
      `${kind} to BullMQ, ${count.toLocaleString('en')}`,
      '1/s',
      perSecond(median(times[kind])),
      perSecond(floor),
    ),
  )
  return { bench: 'relay', rows }
}

/** What the driver sends, as BullMQ takes it. */
function messages(count: number, dueAt: number) {
  return Array.from({ length: count }, (_, i) => ({
    name: 'noop',
    data: { v: 1, scheduleId: i + 1, generation: 1, nominalAt: dueAt, attempt: 0, dueAt, job: 'noop' },
    opts: {
      jobId: `${i + 1}-1-${dueAt}-0`,
      delay: Math.max(dueAt - Date.now(), 0),
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    },
  }))
}
