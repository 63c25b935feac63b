import { PgBoss } from 'pg-boss'
import { slices } from '../support/slices.ts'
import { Starts } from '../support/starts.ts'
import type { Peer, PeerSchedule } from './peer.ts'

const QUEUE = 'noop'
const AT_ONCE = 1_000
/** The shortest that it allows. */
const POLLING_SECONDS = 0.5
const CONNECTIONS = 10

/** pg-boss, on an empty database of PostgreSQL. Each call has a schema of its own. */
export class PgBossPeer implements Peer {
  readonly name = 'pg-boss'
  readonly #address: string
  #schemas = 0

  constructor(address: string) {
    this.#address = address
  }

  async lateness(instants: readonly number[], concurrency: number): Promise<readonly number[]> {
    const boss = await this.#start()
    for (const slice of slices(instants, AT_ONCE)) {
      const jobs = slice.map((dueAt) => ({ data: { dueAt }, startAfter: new Date(dueAt) }))
      await boss.insert(QUEUE, jobs)
    }
    const starts = new Starts(instants.length)
    const options = { batchSize: Math.max(concurrency, AT_ONCE), pollingIntervalSeconds: POLLING_SECONDS }
    await boss.work<{ dueAt: number }>(QUEUE, options, async (jobs) => {
      for (const { data } of jobs) starts.began(data.dueAt)
    })
    const late = await starts.all
    await boss.stop()
    return late
  }

  async withSchedules<T>(
    work: (create: (schedule: PeerSchedule) => Promise<unknown>) => Promise<T>,
  ): Promise<T> {
    const boss = await this.#start()
    const result = await work((schedule) => create(boss, schedule))
    await boss.stop()
    return result
  }

  async run(schedules: readonly PeerSchedule[], onRun = () => {}): Promise<AsyncDisposable> {
    const boss = await this.#start()
    for (const schedule of schedules) await create(boss, schedule)
    await boss.work(QUEUE, { batchSize: AT_ONCE, pollingIntervalSeconds: POLLING_SECONDS }, async (jobs) =>
      jobs.forEach(onRun),
    )
    return { [Symbol.asyncDispose]: () => boss.stop() }
  }

  async #start(): Promise<PgBoss> {
    const schema = `boss_${process.pid}_${++this.#schemas}`
    const boss = new PgBoss({ connectionString: this.#address, schema, max: CONNECTIONS })
    boss.on('error', (error) => console.error(error))
    await boss.start()
    await boss.createQueue(QUEUE)
    return boss
  }
}

async function create(boss: PgBoss, { key, cron, timezone, payload }: PeerSchedule): Promise<void> {
  await boss.schedule(QUEUE, cron, payload, { key, tz: timezone })
}
