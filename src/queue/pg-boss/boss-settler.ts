import type { Clock } from '../../clock/clock.ts'
import { giveWay } from '../../clock/give-way.ts'
import { waitUntil } from '../../clock/wait.ts'
import type { BossConnection } from './boss-connection.ts'
import type { FetchedJob } from './boss-job.ts'
import type { QueueOutage } from '../queue-outage.ts'
import type { BossStatements } from './boss-statements.ts'

const TRY_AGAIN_MS = 1_000
/** After which a message that nobody wanted comes again; without a break it would go round as fast as it can. */
const BREAK_MS = 50

export interface BossSettlerOptions {
  readonly connection: BossConnection
  readonly statements: BossStatements
  readonly clock: Clock
  readonly outage: QueueOutage
}

/** Settles what was fetched: what ends while another end is being written is written together. */
export class BossSettler {
  readonly #options: BossSettlerOptions
  readonly #done: FetchedJob[] = []
  readonly #again: FetchedJob[] = []
  readonly #refused: FetchedJob[] = []
  #writing: Promise<void> | undefined
  readonly #end = new AbortController()

  constructor(options: BossSettlerOptions) {
    this.#options = options
  }

  /** @param end `refused`: it is none of ours, and is left for its sender as cancelled */
  settle(job: FetchedJob, end: 'done' | 'again' | 'refused'): void {
    const { id, retryCount } = job
    const list = { done: this.#done, again: this.#again, refused: this.#refused }[end]
    list.push({ id, retryCount })
    this.#writing ??= this.#write()
  }

  /** Resolves when all is written. Without PostgreSQL it is left: it comes again when its consumer counts as gone. */
  async end(): Promise<void> {
    this.#end.abort()
    await this.#writing
  }

  async #write(): Promise<void> {
    const { clock, outage } = this.#options
    await giveWay()
    while (this.#done.length + this.#again.length + this.#refused.length > 0) {
      try {
        await this.#writeAll()
        outage.end()
      } catch (error) {
        outage.begin(error)
        if (this.#end.signal.aborted) break
        await waitUntil(clock, clock.now() + TRY_AGAIN_MS, this.#end.signal)
      }
    }
    this.#writing = undefined
  }

  async #writeAll(): Promise<void> {
    const { connection, statements } = this.#options
    const { queue } = connection
    await each(this.#done, (jobs) => connection.use((boss) => boss.deleteJob(queue, jobs)))
    await each(this.#refused, (jobs) => connection.use((boss) => boss.cancel(queue, jobs)))
    await each(this.#again, (jobs) => {
      const ids = jobs.map(({ id }) => id)
      const fetches = jobs.map(({ id, retryCount }) => `${id}:${retryCount}`)
      return connection.query(statements.giveBack, [ids, fetches, BREAK_MS])
    })
  }
}

/** Takes from the list what is there now, when it has been written. */
async function each(list: FetchedJob[], write: (jobs: FetchedJob[]) => Promise<unknown>): Promise<void> {
  if (list.length === 0) return
  const jobs = [...list]
  await write(jobs)
  list.splice(0, jobs.length)
}
