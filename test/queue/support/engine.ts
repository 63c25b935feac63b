import { inject } from 'vitest'
import {
  Carillon,
  defineJob,
  type CarillonOptions,
  type JobContext,
  type Logger,
  type Occurrence,
  type QueueDriver,
} from '../../../src/index.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../../support/servers/postgres-database.ts'
import { until } from '../../support/until.ts'

/** One beginning of a handler. */
export interface Begun {
  readonly key: string
  readonly attempt: number
  readonly nominalAt: number
  readonly dueAt: number
  readonly at: number
  readonly payload: unknown
}

/** A line of a log. */
export interface Line {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** Carillon on PostgreSQL with a foreign queue, in several processes' place: each `open` is one. */
export class Engine implements AsyncDisposable {
  readonly database: string
  readonly begun: Begun[] = []
  readonly lines: Line[] = []
  readonly #opened: Carillon[] = []
  readonly #driver: () => QueueDriver

  private constructor(database: string, driver: () => QueueDriver) {
    this.database = database
    this.#driver = driver
  }

  /** @param driver told the address of Carillon's database */
  static async create(driver: (database: string) => QueueDriver): Promise<Engine> {
    const database = await createPostgresDatabase(inject('postgresAddress'))
    return new Engine(database, () => driver(database))
  }

  /** A job whose beginnings are noted. */
  job(name = 'note', handle: (context: JobContext) => unknown = () => {}) {
    return defineJob(name, {
      handle: (context) => {
        const { key, attempt, nominalAt, dueAt } = context.occurrence
        this.begun.push({
          key,
          attempt,
          nominalAt: nominalAt.getTime(),
          dueAt: dueAt.getTime(),
          at: Date.now(),
          payload: context.payload,
        })
        return handle(context)
      },
    })
  }

  async open(options: Partial<CarillonOptions> = {}): Promise<Carillon> {
    const log = (level: keyof Logger) => (fields: object, message: string) =>
      this.lines.push({ level, message, fields: { ...fields } })
    const cron = await Carillon.open({
      database: this.database,
      jobs: [this.job()],
      queue: this.#driver(),
      logger: { info: log('info'), warn: log('warn'), error: log('error') },
      ...options,
    })
    this.#opened.push(cron)
    return cron
  }

  /** Resolves when so many runs have begun. */
  async untilBegun(count: number, deadlineMs?: number): Promise<void> {
    await until(`${count} runs have begun`, () => this.begun.length >= count, deadlineMs)
  }

  /** Resolves when each of these has a run that succeeded, and answers them. */
  async untilSucceeded(cron: Carillon, keys: readonly string[], deadlineMs = 60_000): Promise<Occurrence[]> {
    const runs: Occurrence[] = []
    for (const key of keys) {
      runs.push(
        await until(
          `a run of ${key} has succeeded`,
          async () => (await cron.history(key, { states: ['succeeded'], limit: 1 }))[0],
          deadlineMs,
        ),
      )
    }
    return runs
  }

  messages(level: keyof Logger): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((cron) => cron.stop({ grace: '1s' })))
    await Promise.all(this.#opened.map((cron) => cron.close()))
    await dropPostgresDatabase(inject('postgresAddress'), this.database)
  }
}
