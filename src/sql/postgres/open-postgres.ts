import { createHash } from 'node:crypto'
import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, type Dialect } from 'kysely'
import { ConfigError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import { withoutPassword } from '../database-address.ts'
import { DEFAULT_CONNECTIONS, type ServerChoice } from '../database-input.ts'
import { loadDriver } from '../load-driver.ts'
import { toDriverError } from '../sql-error.ts'
import { soleConnection } from '../sole-connection.ts'
import { JOINED, ServerDriver, type ServerPool, type TransactionStatements } from '../server-driver.ts'
import { postgresFault } from './postgres-fault.ts'
import { postgresFlavor } from './postgres-flavor.ts'
import { PostgresConnection, PostgresPool, type PgClient, type PgPool } from './postgres-pool.ts'
import { PostgresSignals } from './postgres-signals.ts'

const OLDEST_VERSION = 130_000
const CONNECT_MS = 10_000
/** How long one statement may take, and how long it may wait for somebody's lock. */
const STATEMENT_MS = 30_000
const LOCK_MS = 10_000
/** For every transaction anew, since a proxy may give each another session. */
const OWN: TransactionStatements = {
  begin: [
    `begin isolation level read committed; set local statement_timeout = ${STATEMENT_MS}; ` +
      `set local lock_timeout = ${LOCK_MS}; set local idle_in_transaction_session_timeout = ${STATEMENT_MS}`,
  ],
  commit: 'commit',
  rollback: 'rollback',
}

/**
 * Opens PostgreSQL.
 *
 * @throws {ConfigError} when `pg` is missing or the server is too old
 * @throws {DriverError} when the server cannot be reached
 */
export async function openPostgres(choice: ServerChoice<'postgres', PgPool>): Promise<Backend> {
  const isOurs = !('pool' in choice)
  const pgPool = isOurs ? await connect(choice.url, choice.connections) : choice.pool
  const pool = new PostgresPool(pgPool, isOurs)
  const address = isOurs ? withoutPassword(choice.address) : 'of the given PostgreSQL pool'
  let currentSchema: string
  try {
    currentSchema = await checkServer(pool, address)
  } catch (error) {
    await pool.end()
    throw toDriverError(error, address, postgresFault(error))
  }
  const { tablePrefix } = choice
  // The application may set another search path on some of its connections.
  const schema = choice.schema ?? (isOurs ? undefined : currentSchema)
  const signals = new PostgresSignals(pgPool, channelOf(schema ?? currentSchema, tablePrefix))
  return {
    address,
    flavor: postgresFlavor,
    dialect: dialectOf(pool, OWN),
    signals,
    schema,
    migrationSchema: schema ?? currentSchema,
    migrationLock: MIGRATION_LOCK,
    tablePrefix,
    connections: pgPool.options?.max ?? DEFAULT_CONNECTIONS,
    faultOf: postgresFault,
    join: (client) => dialectOf(poolOf(client as PgClient), JOINED),
    async close() {
      await signals.close()
      await pool.end()
    },
  }
}

function dialectOf(pool: ServerPool, transaction: TransactionStatements): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new ServerDriver({ pool, transaction, faultOf: postgresFault }),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

/** The name of the channel, which must be short, tells one set of tables of a database from another. */
function channelOf(schema: string, tablePrefix: string): string {
  return `carillon_${createHash('sha256').update(`${schema}.${tablePrefix}`).digest('hex').slice(0, 16)}`
}

/** The one connection that the application has a transaction on. */
function poolOf(client: PgClient): ServerPool {
  if (typeof (client as Partial<PgClient> | null)?.query !== 'function')
    throw new ConfigError('that is no client of pg: give the one on which the transaction was begun')
  return soleConnection((release) => new PostgresConnection(client, release))
}

/** Kysely's own lock is a session's, which a proxy may give to somebody else. */
class TransactionalAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}

  override async releaseMigrationLock(): Promise<void> {}
}

/** Processes that migrate at once wait for each other, however long it takes. */
const MIGRATION_LOCK = [
  'set local lock_timeout = 0',
  'set local statement_timeout = 0',
  `select pg_advisory_xact_lock(hashtext('carillon'), hashtext(current_database()))`,
]

async function connect(url: string, max: number): Promise<PgPool> {
  const { default: pg } = await loadDriver(() => import('pg'), 'pg', 'PostgreSQL')
  const pool = new pg.Pool({
    connectionString: url,
    max,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    // A new one costs the server more than all that an idle process asks in a minute. The other is the one that listens.
    min: 2,
    application_name: 'carillon',
  })
  // A connection that breaks while nobody uses it is no news: the next query gets another one.
  pool.on('error', () => {})
  return pool
}

/** @returns the schema in which tables are made that name none */
async function checkServer(pool: ServerPool, address: string): Promise<string> {
  const connection = await pool.connect()
  try {
    const { rows } = await connection.query(
      `select current_setting('server_version_num')::int as version, current_schema()::text as schema`,
      [],
    )
    const { version, schema } = rows[0] as { version: number; schema: string | null }
    if (version < OLDEST_VERSION) {
      const major = Math.floor(version / 10_000)
      throw new ConfigError(`database ${address} runs PostgreSQL ${major}; 13 is the oldest that works`)
    }
    return schema ?? 'public'
  } finally {
    connection.release(false)
  }
}
