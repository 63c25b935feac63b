import { MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler, sql, type Dialect, type Kysely } from 'kysely'
import { ConfigError, DriverError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import { withoutPassword } from '../database-address.ts'
import { DEFAULT_CONNECTIONS, type ServerChoice } from '../database-input.ts'
import { loadDriver } from '../load-driver.ts'
import { PolledSignals } from '../polled-signals.ts'
import { toDriverError } from '../sql-error.ts'
import { soleConnection } from '../sole-connection.ts'
import { JOINED, ServerDriver, type ServerPool, type TransactionStatements } from '../server-driver.ts'
import { mysqlFault } from './mysql-fault.ts'
import { mysqlFlavor } from './mysql-flavor.ts'
import {
  MysqlConnection,
  MysqlServerPool,
  type MysqlClient,
  type MysqlPool,
  type MysqlPoolLike,
} from './mysql-pool.ts'

const CONNECT_MS = 10_000
const LOCK_WAIT_S = 10
/** How often other processes' writes are looked for: one probe of an index by each dispatcher and each queue. */
const LOOK_EVERY_MS = 5_000
/**
 * Each transaction says it anew, since a proxy may give each another session. The default, REPEATABLE READ, would show
 * a claim the rows of yesterday and lock the gaps between them.
 */
const OWN: TransactionStatements = {
  begin: ['set transaction isolation level read committed', 'start transaction'],
  commit: 'commit',
  rollback: 'rollback',
}

/**
 * Opens MySQL or MariaDB.
 *
 * @throws {ConfigError} when `mysql2` is missing, or the server is too old or set so that text is not safe
 * @throws {DriverError} when the server cannot be reached
 */
export async function openMysql(choice: ServerChoice<'mysql', MysqlPoolLike>): Promise<Backend> {
  const isOurs = !('pool' in choice)
  const given = isOurs ? await connect(choice.url, choice.connections) : corePool(choice.pool)
  const pool = new MysqlServerPool(given, isOurs)
  const address = isOurs ? withoutPassword(choice.address) : 'of the given MySQL pool'
  let isMariadb: boolean
  try {
    isMariadb = await checkServer(pool, address)
  } catch (error) {
    await pool.end()
    throw toDriverError(error, address, mysqlFault(error))
  }
  return {
    address,
    flavor: mysqlFlavor(isMariadb),
    dialect: dialectOf(pool, OWN),
    signals: new PolledSignals(LOOK_EVERY_MS),
    schema: undefined,
    migrationSchema: undefined,
    migrationLock: [],
    tablePrefix: choice.tablePrefix,
    connections: given.config?.connectionLimit ?? DEFAULT_CONNECTIONS,
    faultOf: mysqlFault,
    isDone: (error) => DONE.includes((error as { code?: string }).code),
    join: (connection) => dialectOf(poolOf(connection as MysqlClient | { connection: MysqlClient }), JOINED),
    close: () => pool.end(),
  }
}

/** What a migration says that was carried out before up to some statement. */
const DONE: readonly unknown[] = ['ER_DUP_FIELDNAME', 'ER_DUP_KEYNAME']

/** The one connection that the application has a transaction on; one of `mysql2/promise` has the real one inside. */
function poolOf(given: MysqlClient | { connection: MysqlClient }): ServerPool {
  const client = (given as { connection?: MysqlClient } | null)?.connection ?? (given as MysqlClient | null)
  if (typeof client?.query !== 'function')
    throw new ConfigError('that is no connection of mysql2: give the one on which the transaction was begun')
  return soleConnection((release) => new MysqlConnection(client, release))
}

function dialectOf(pool: ServerPool, transaction: TransactionStatements): Dialect {
  return {
    createAdapter: () => new MigrationLockingAdapter(),
    createDriver: () => new ServerDriver({ pool, transaction, faultOf: mysqlFault }),
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  }
}

/** The lock's name is the database's, so that applications that share a server don't wait for each other. */
class MigrationLockingAdapter extends MysqlAdapter {
  override async acquireMigrationLock(db: Kysely<unknown>): Promise<void> {
    const { rows } = await sql<{ taken: number }>`
      select get_lock(concat('carillon:', left(sha2(database(), 256), 40)), 25) as taken`.execute(db)
    if (rows[0]?.taken !== 1)
      throw new DriverError('another process migrates this database, and has not come to an end', {
        retryable: true,
      })
  }

  override async releaseMigrationLock(db: Kysely<unknown>): Promise<void> {
    await sql`select release_lock(concat('carillon:', left(sha2(database(), 256), 40)))`.execute(db)
  }
}

function corePool(pool: MysqlPoolLike): MysqlPool {
  return 'pool' in pool ? pool.pool : pool
}

async function connect(url: string, connectionLimit: number): Promise<MysqlPool> {
  const { default: mysql } = await loadDriver(() => import('mysql2'), 'mysql2', 'MySQL')
  const pool = mysql.createPool({
    uri: url,
    connectionLimit,
    enableKeepAlive: true,
    connectTimeout: CONNECT_MS,
    charset: 'utf8mb4',
  })
  // A wait for somebody's lock must end before the lease of what runs here does.
  pool.on(
    'connection',
    (connection) => void connection.query(`set innodb_lock_wait_timeout = ${LOCK_WAIT_S}`),
  )
  return pool
}

/** @returns whether it is MariaDB */
async function checkServer(pool: ServerPool, address: string): Promise<boolean> {
  const connection = await pool.connect()
  try {
    const { rows } = await connection.query('select version() as version, @@session.sql_mode as mode', [])
    const { version, mode } = rows[0] as { version: string; mode: string }
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const isMariadb = version.includes('MariaDB')

    if (isMariadb ? major < 10 || (major === 10 && minor < 6) : major < 8)
      throw new ConfigError(
        `database ${address} runs ${version}; MySQL 8.0 and MariaDB 10.6 are the oldest that work`,
      )
    if (mode.includes('NO_BACKSLASH_ESCAPES'))
      throw new ConfigError(
        `database ${address} has the SQL mode NO_BACKSLASH_ESCAPES, which mysql2 does not heed: unset it`,
      )
    return isMariadb
  } finally {
    connection.release(false)
  }
}
