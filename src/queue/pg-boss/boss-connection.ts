import type { PgBoss } from 'pg-boss'
import type { Pool } from 'pg'
import { ConfigError, DriverError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { postgresFault } from '../../sql/postgres/postgres-fault.ts'
import { BossDatabase } from './boss-database.ts'

export interface BossConnectionOptions {
  readonly PgBoss: typeof PgBoss
  readonly pool: Pool
  readonly schema: string
  /** Its name in pg-boss. */
  readonly queue: string
  readonly logger: Logger
}

/** The queue is not there (any more), or its tables are not. */
class QueueGoneError extends Error {}

/** Undefined schema, table, function, type. */
const GONE = new Set(['3F000', '42P01', '42883', '42704'])
/** Its background work is of no use to us but for migrations, which end. */
const RARELY_SECONDS = 24 * 3_600

/** A pg-boss that is started when it is needed, as often as it takes, and anew when its tables were dropped. */
export class BossConnection {
  readonly queue: string
  readonly #options: BossConnectionOptions
  readonly #database: BossDatabase
  #starting: Promise<PgBoss> | undefined
  #isEnded = false

  constructor(options: BossConnectionOptions) {
    this.queue = options.queue
    this.#options = options
    this.#database = new BossDatabase(options.pool)
  }

  /**
   * Does something with pg-boss and its tables; twice, when they turn out to be gone and had to be made anew.
   *
   * @throws {DriverError} when it fails
   */
  async use<T>(work: (boss: PgBoss, database: BossDatabase) => Promise<T>, tries = 2): Promise<T> {
    for (let left = tries - 1; ; left--) {
      let starting: Promise<PgBoss> | undefined
      try {
        starting = this.#start()
        return await work(await starting, this.#database)
      } catch (error) {
        const isGone = isOfGoneQueue(error)
        if (isGone && this.#starting === starting) await this.#stop()
        if (!isGone || left === 0) throw this.#toDriverError(error, isGone)
      }
    }
  }

  /** Says that the queue was not there. */
  gone(): Error {
    return new QueueGoneError(`pg-boss has no queue "${this.queue}" (any more)`)
  }

  /** Runs one of our statements. @throws {DriverError} when it fails */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.use((_, database) => database.query<Row>(text, [this.queue, ...values]))
  }

  /** Ends it; the pool too. */
  async end(): Promise<void> {
    this.#isEnded = true
    await this.#stop()
    await this.#options.pool.end()
  }

  #start(): Promise<PgBoss> {
    if (this.#isEnded)
      throw new DriverError(`queue "${this.queue}" of pg-boss has been disposed of`, { retryable: false })
    if (this.#starting !== undefined) return this.#starting
    const starting = this.#startAnew()
    this.#starting = starting
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined
    })
    return starting
  }

  async #startAnew(): Promise<PgBoss> {
    const { PgBoss, schema, logger } = this.#options
    const database = new BossDatabase(this.#options.pool)
    const boss = new PgBoss({
      db: database,
      schema,
      // It would count all jobs each minute. What is left of it that we need, the consumers do.
      supervise: false,
      schedule: false,
      queueCacheIntervalSeconds: RARELY_SECONDS,
      bamIntervalSeconds: RARELY_SECONDS,
    })
    boss.on('error', (error) => {
      if (postgresFault(error)?.kind !== 'lost') logger.warn({ error }, `pg-boss: ${error.message}`)
    })
    try {
      database.isMigrating = true
      await boss.start()
      await boss.createQueue(this.queue, { notify: true })
      await this.#check(boss)
      database.isMigrating = false
      return boss
    } catch (error) {
      await boss.stop({ graceful: false }).catch(() => {})
      throw error
    }
  }

  async #check(boss: PgBoss): Promise<void> {
    const policy = (await boss.getQueue(this.queue))?.policy
    if (policy !== undefined && policy !== 'standard')
      throw new ConfigError(
        `queue "${this.queue}" of pg-boss has the policy "${policy}", which holds messages back: ` +
          'delete it, or choose another `queueName`; Carillon makes it with the policy "standard"',
      )
  }

  async #stop(): Promise<void> {
    const starting = this.#starting
    this.#starting = undefined
    const boss = await starting?.catch(() => undefined)
    await boss?.stop({ graceful: false }).catch(() => {})
  }

  #toDriverError(error: unknown, isGone: boolean): Error {
    if (error instanceof DriverError || error instanceof ConfigError) return error
    const fault = postgresFault(error)
    const what = fault?.remedy ?? (error instanceof Error ? error.message : String(error))
    const retryable = isGone || fault?.retryable === true
    return new DriverError(`queue "${this.queue}" of pg-boss: ${what}`, { retryable, cause: error })
  }
}

function isOfGoneQueue(error: unknown): boolean {
  if (error instanceof QueueGoneError) return true
  if (!(error instanceof Error)) return false
  if (error instanceof DriverError) return isOfGoneQueue(error.cause)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return GONE.has(code) || /^Queue .+ does not exist$/.test(error.message)
}
