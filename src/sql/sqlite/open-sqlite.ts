import { toDriverError } from '../sql-error.ts'
import type { Backend } from '../backend.ts'
import type { DatabaseChoice } from '../database-input.ts'
import { PolledSignals } from '../polled-signals.ts'
import { NodeSqlite } from './node-sqlite.ts'
import { ImmediateSqliteDialect } from './sqlite-dialect.ts'
import { sqliteFault } from './sqlite-fault.ts'
import { sqliteFlavor } from './sqlite-flavor.ts'

/**
 * How long SQLite itself may block the process for a lock. Short, since nothing else runs meanwhile: timers, heartbeats,
 * other requests. The longer wait is ours, between tries, with the process awake.
 */
const BLOCKING_MS = 5
/** How often another process's writes are looked for. A look costs microseconds and reads no table. */
const LOOK_EVERY_MS = 500

/** Settings that belong to the file, which first touches it. */
const SETTINGS = ['pragma journal_mode = wal', 'pragma synchronous = full', 'pragma foreign_keys = on']

/** Opens an SQLite file, and creates it when there is none. Throws SQLite's error when that fails. */
export function openSqlite({ address, file, tablePrefix }: DatabaseChoice & { kind: 'sqlite' }): Backend {
  let sqlite: NodeSqlite
  try {
    sqlite = new NodeSqlite(file)
  } catch (error) {
    throw toDriverError(error, address, sqliteFault(error))
  }
  sqlite.exec(`pragma busy_timeout = ${BLOCKING_MS}`)

  let seen = -1
  const hasNews = () => {
    const [row] = sqlite.prepare('pragma data_version').all([])
    const before = seen
    seen = (row as { data_version: number }).data_version
    return seen !== before
  }
  return {
    address,
    flavor: sqliteFlavor,
    dialect: new ImmediateSqliteDialect({ database: sqlite }),
    signals: new PolledSignals(LOOK_EVERY_MS, hasNews),
    schema: undefined,
    migrationSchema: undefined,
    migrationLock: [],
    tablePrefix,
    // One, but it is waited for elsewhere.
    connections: Infinity,
    faultOf: sqliteFault,
    prepare: () => SETTINGS.forEach((setting) => sqlite.exec(setting)),
    close: async () => sqlite.close(),
  }
}
