import type { PoolConfig } from 'pg'
import { ConfigError } from '../../errors.ts'
import type { QueueSetting } from '../message-queue.ts'

export interface PgBossQueueOptions {
  /**
   * Where pg-boss lives: an address, as in `postgres://user@host/database`, or what `new pg.Pool(…)` takes. Carillon's own
   * database when left out, if that is a PostgreSQL that was given by its address.
   */
  readonly connection?: string | Readonly<Record<string, unknown>>
  /**
   * Says that `connection` leads to Carillon's own database, by another way: messages then come into the queue in the
   * transactions that plan them. `false` by default.
   */
  readonly sameDatabase?: boolean
  /** The schema of pg-boss's tables, which is made when it is missing. `pgboss` by default. */
  readonly schema?: string
  /** The name of the queue in pg-boss; `carillon-` and the name of the queue by default. */
  readonly queueName?: string
  /**
   * After how many seconds without a sign of life a server's messages are given to others: 10 or more, 30 by default. A
   * living one gives three signs in that time.
   */
  readonly heartbeatSeconds?: number
}

export interface ResolvedOptions {
  readonly pool: PoolConfig
  readonly schema: string
  readonly queueName: string
  readonly heartbeatSeconds: number
  /** Whether it is in Carillon's own database. */
  readonly isCarillons: boolean
}

const CONNECTIONS = 5
const CONNECT_MS = 5_000
/** What pg-boss allows. */
const SHORTEST_HEARTBEAT_SECONDS = 10
const LONGEST_HEARTBEAT_SECONDS = 3_600

/** @throws {ConfigError} when one is not valid, or there is no PostgreSQL */
export function resolveOptions(options: PgBossQueueOptions, setting: QueueSetting): ResolvedOptions {
  const { connection, sameDatabase = false, schema = 'pgboss', heartbeatSeconds = 30 } = options
  const { queueName = `carillon-${setting.name}` } = options
  if (!/^[a-z_]\w{0,49}$/i.test(schema))
    throw new ConfigError(
      `pgBossQueue(): the schema "${schema}" is no name of letters, digits and "_", at most 50, as in "pgboss"`,
    )
  if (!/^[\w.\-/]+$/.test(queueName))
    throw new ConfigError(
      `pgBossQueue(): pg-boss allows letters, digits, "_", "-", "." and "/" in the name of a queue, ` +
        `not "${queueName}": give another \`queueName\``,
    )
  const isHeartbeat =
    Number.isInteger(heartbeatSeconds) &&
    heartbeatSeconds >= SHORTEST_HEARTBEAT_SECONDS &&
    heartbeatSeconds <= LONGEST_HEARTBEAT_SECONDS
  if (!isHeartbeat)
    throw new ConfigError(
      `pgBossQueue(): heartbeatSeconds is ${heartbeatSeconds}; give a whole number from ` +
        `${SHORTEST_HEARTBEAT_SECONDS} to ${LONGEST_HEARTBEAT_SECONDS}`,
    )
  return {
    pool: poolOf(connection ?? setting.postgresAddress, setting.name),
    // As PostgreSQL reads a name without quotes; the name of pg-boss's channel follows from it as it is written.
    schema: schema.toLowerCase(),
    queueName,
    heartbeatSeconds,
    isCarillons: connection === undefined || sameDatabase,
  }
}

function poolOf(connection: PgBossQueueOptions['connection'], queue: string): PoolConfig {
  if (connection === undefined)
    throw new ConfigError(
      `queue "${queue}": pg-boss needs a PostgreSQL, and Carillon's own database is none that has an address: ` +
        "give pgBossQueue({ connection: 'postgres://user@host/database' })",
    )
  const given = typeof connection === 'string' ? { connectionString: connection } : connection
  return {
    max: CONNECTIONS,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'carillon pg-boss',
    // A new one costs the server more than all that an idle process asks in a minute.
    min: 1,
    ...given,
  }
}
