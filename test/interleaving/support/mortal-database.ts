import type { SqliteStatement } from 'kysely'
import { vi } from 'vitest'
import type { DatabaseInput } from '../../../src/sql/database-input.ts'
import { NodeSqlite } from '../../../src/sql/sqlite/node-sqlite.ts'
import type { TestDatabase } from '../../support/test-database.ts'
import type { DatabaseKind } from '../../support/test-databases.ts'
import { until } from '../../support/until.ts'
import { Lifeline } from './lifeline.ts'
import { stagedMysql, stagedPostgres } from './staged-pool.ts'

/** A database as one process sees it, which may die over any statement. */
export interface MortalDatabase<Opened> {
  readonly lifeline: Lifeline
  readonly opened: Opened
  /** Once what was opened is closed. */
  end(): Promise<void>
}

/**
 * Opens something on a database by connections of its own. When it dies, they break as those of a killed process do: on
 * SQLite the file is closed, on servers the sockets are, and what was under way is over when the server has noticed.
 *
 * @param open must open the database once, and nothing else may be opened meanwhile
 */
export async function openMortal<Opened>(
  kind: DatabaseKind,
  database: TestDatabase,
  open: (input: DatabaseInput) => Promise<Opened>,
): Promise<MortalDatabase<Opened>> {
  if (kind === 'sqlite') return openOnSqlite(database, open)

  const lifeline = new Lifeline(() => vanish(kind, database, pool.sever()))
  const pool = (kind === 'postgres' ? stagedPostgres : stagedMysql)(database.address, lifeline)
  return { lifeline, opened: await open(pool.input), end: () => pool.end() }
}

/** Resolves when the server has ended these sessions, and rolled back what was open in them. */
async function vanish(kind: 'postgres' | 'mysql', database: TestDatabase, sessions: readonly number[]) {
  if (sessions.length === 0) return
  const table = kind === 'postgres' ? 'pg_stat_activity' : 'information_schema.processlist'
  const id = kind === 'postgres' ? 'pid' : 'id'
  const look = `select ${id} from ${table} where ${id} in (${sessions.join(', ')})`
  await until(
    'the server has ended the sessions of a dead process',
    async () => (await database.sql(look)).length === 0,
  )
}

async function openOnSqlite<Opened>(
  database: TestDatabase,
  open: (input: DatabaseInput) => Promise<Opened>,
): Promise<MortalDatabase<Opened>> {
  using exec = vi.spyOn(NodeSqlite.prototype, 'exec')
  const opened = await open(database.address)
  const sqlite = exec.mock.contexts[0] as NodeSqlite
  const lifeline = new Lifeline(() => sqlite.close())
  const prepare = sqlite.prepare.bind(sqlite)
  sqlite.prepare = (text) => mortal(text, lifeline, () => prepare(text))
  return { lifeline, opened, end: async () => {} }
}

/** A statement that is prepared when the process is known to be alive. */
function mortal(text: string, lifeline: Lifeline, prepare: () => SqliteStatement): SqliteStatement {
  return {
    get reader() {
      return lifeline.isCut ? false : prepare().reader
    },
    all: (parameters) => lifeline.performNow(text, () => prepare().all(parameters)),
    run: (parameters) => lifeline.performNow(text, () => prepare().run(parameters)),
    iterate: () => {
      throw new Error('rows are read in lists')
    },
  }
}
