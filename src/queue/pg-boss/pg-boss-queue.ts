import { createHash } from 'node:crypto'
import { SystemClock } from '../../clock/system-clock.ts'
import { waitAtMost } from '../../clock/wait.ts'
import { loadDriver } from '../../sql/load-driver.ts'
import { PostgresSignals } from '../../sql/postgres/postgres-signals.ts'
import type { Message } from '../message.ts'
import type {
  ExecuteSql,
  MessageConsumer,
  MessageConsumption,
  MessageQueue,
  MessageQueueInside,
  QueueDriver,
  QueueHealth,
  QueueSetting,
} from '../message-queue.ts'
import { BossConnection } from './boss-connection.ts'
import { BossConsumption } from './boss-consumption.ts'
import { jobId } from './boss-job.ts'
import { QueueOutage } from '../queue-outage.ts'
import { sendMessages, type RunStatement } from './boss-sender.ts'
import { bossStatements, type BossStatements } from './boss-statements.ts'
import { resolveOptions, type PgBossQueueOptions, type ResolvedOptions } from './pg-boss-options.ts'

export { messageOfJob } from './boss-job.ts'
export type { PgBossQueueOptions } from './pg-boss-options.ts'

const DRIVER = 'pg-boss'
const HEALTH_MS = 1_500

/**
 * A queue of pg-boss, in a PostgreSQL database: Carillon's own unless `connection` is given. In Carillon's own, messages
 * come into the queue in the transactions that plan them.
 *
 * @throws {ConfigError} when it is opened: when `pg-boss` or `pg` is not installed, an option is not valid, or there is
 *   no PostgreSQL
 * @see docs/guides/pg-boss.md
 */
export function pgBossQueue(options: PgBossQueueOptions = {}): QueueDriver {
  return {
    driver: DRIVER,
    async open(setting) {
      const resolved = resolveOptions(options, setting)
      const { PgBoss } = await loadDriver(() => import('pg-boss'), 'pg-boss', 'pgBossQueue()')
      const { default: pg } = await loadDriver(() => import('pg'), 'pg', 'pgBossQueue()')
      const pool = new pg.Pool(resolved.pool)
      // A connection that breaks while nobody uses it is no news: the next query gets another one.
      pool.on('error', () => {})

      const { schema, queueName, isCarillons } = resolved
      const channel = channelOf(schema, queueName)
      const connection = new BossConnection({
        PgBoss,
        pool,
        schema,
        queue: queueName,
        logger: setting.logger,
      })
      const parts = {
        connection,
        statements: bossStatements(schema, channel),
        signals: new PostgresSignals(pool, channel),
      }
      const queue = new PgBossQueue(parts, resolved, setting)
      return isCarillons ? queue.withInside() : queue
    },
  }
}

interface Parts {
  readonly connection: BossConnection
  readonly statements: BossStatements
  readonly signals: PostgresSignals
}

class PgBossQueue implements MessageQueue {
  readonly driver = DRIVER
  readonly capabilities = {
    precisionMs: 7,
    canWithdraw: true,
    canDeduplicate: true,
    canPrioritize: false,
  }
  readonly #parts: Parts
  readonly #options: ResolvedOptions
  readonly #setting: QueueSetting
  readonly #outage: QueueOutage
  readonly #clock = new SystemClock()
  readonly #consumptions = new Set<BossConsumption>()
  #disposing: Promise<void> | undefined
  inside: MessageQueueInside | undefined

  constructor(parts: Parts, options: ResolvedOptions, setting: QueueSetting) {
    this.#parts = parts
    this.#options = options
    this.#setting = setting
    this.#outage = new QueueOutage(setting.logger, {
      fields: { queue: setting.name },
      gone: `queue "${setting.name}" cannot be served; it is tried again until it can`,
      back: `queue "${setting.name}" is served again`,
    })
  }

  withInside(): this {
    this.inside = { send: (execute, messages) => this.#sendInside(execute, messages) }
    return this
  }

  async send(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return
    await this.#parts.connection.use(async (boss, database) => {
      const run: RunStatement = async (text, values = []) => database.query(text, values)
      await sendMessages({ boss, run, ...this.#sending }, messages)
    })
    this.#wake()
  }

  async promote(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return
    await this.#parts.connection.query(this.#parts.statements.promote, [ids(messages)])
    this.#wake()
  }

  async withdraw(messages: readonly Message[]): Promise<void> {
    if (messages.length > 0)
      await this.#parts.connection.query(this.#parts.statements.withdraw, [ids(messages)])
  }

  consume(consumer: MessageConsumer): MessageConsumption {
    const { connection, statements, signals } = this.#parts
    const consumption = new BossConsumption(consumer, {
      connection,
      statements,
      clock: this.#clock,
      logger: this.#setting.logger,
      outage: this.#outage,
      heartbeatSeconds: this.#options.heartbeatSeconds,
    })
    this.#consumptions.add(consumption)
    const unlisten = signals.listen(() => consumption.wake())
    consumption.start()
    return {
      stop: async () => {
        unlisten()
        await consumption.stop()
        this.#consumptions.delete(consumption)
      },
    }
  }

  async epoch(): Promise<string> {
    const { connection, statements } = this.#parts
    return connection.use(async (_, database) => {
      const [row] = await database.query<{ epoch: string }>(statements.epoch, [connection.queue])
      if (row === undefined) throw connection.gone()
      return row.epoch
    })
  }

  async health(): Promise<QueueHealth> {
    const { connection, statements } = this.#parts
    const until = this.#clock.now() + HEALTH_MS
    try {
      const counting = connection.query<Required<QueueHealth>>(statements.count)
      const counts = await waitAtMost(this.#clock, until, counting)
      if (counts === undefined) return { isUp: false, error: `no answer within ${HEALTH_MS} ms` }
      const { delayed, waiting, active } = counts[0]!
      return { isUp: true, delayed, waiting, active }
    } catch (error) {
      return { isUp: false, error: error instanceof Error ? error.message : String(error) }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#dispose()
    await this.#disposing
  }

  /** They are notified too, but for where a proxy keeps notifications from them. */
  #wake(): void {
    for (const consumption of this.#consumptions) consumption.wake()
  }

  async #dispose(): Promise<void> {
    await Promise.all([...this.#consumptions].map((consumption) => consumption.stop()))
    await this.#parts.signals.close()
    await this.#parts.connection.end()
  }

  async #sendInside(execute: ExecuteSql, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return
    const run: RunStatement = async (text, values = []) => [...(await execute(text, values))]
    // Once: a transaction in which a statement has failed takes no other.
    await this.#parts.connection.use((boss) => sendMessages({ boss, run, ...this.#sending }, messages), 1)
  }

  get #sending() {
    const { connection, statements } = this.#parts
    return { queue: connection.queue, statements, settings: this.#options, gone: () => connection.gone() }
  }
}

function ids(messages: readonly Message[]): string[] {
  return messages.map(({ id }) => jobId(id))
}

/** Channels have short names. */
function channelOf(schema: string, queue: string): string {
  return `carillon_${createHash('sha256').update(`${schema}.${queue}`).digest('hex').slice(0, 16)}`
}
