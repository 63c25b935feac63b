import { sql, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { SchemaTooNewError } from '../errors.ts'
import type { Backend } from './backend.ts'
import type { Place } from './ddl.ts'
import * as initial from './migrations/0001-initial.ts'
import * as queues from './migrations/0002-queues.ts'
import * as overlap from './migrations/0003-overlap.ts'
import * as operating from './migrations/0004-operating.ts'
import * as runDetails from './migrations/0005-run-details.ts'
import * as removals from './migrations/0006-removals.ts'
import * as expectations from './migrations/0007-expectations.ts'
import * as owed from './migrations/0008-owed.ts'
import * as declared from './migrations/0009-declared.ts'
import * as flows from './migrations/0010-flows.ts'
import * as turns from './migrations/0011-turns.ts'
import * as waits from './migrations/0012-waits.ts'
import * as tokens from './migrations/0013-tokens.ts'
import * as backfillOverlap from './migrations/0014-backfill-overlap.ts'
import * as requests from './migrations/0015-requests.ts'
import * as news from './migrations/0016-news.ts'
import * as servers from './migrations/0017-servers.ts'
import { DEFAULT_TABLE_PREFIX } from './schema.ts'
import type { Sql, SqlDatabase } from './sql-database.ts'

/** Each migration is a list of statements, so that it can be printed as well as run. */
const MIGRATIONS: Readonly<Record<string, (place: Place) => string[]>> = {
  '0001-initial': initial.statements,
  '0002-queues': queues.statements,
  '0003-overlap': overlap.statements,
  '0004-operating': operating.statements,
  '0005-run-details': runDetails.statements,
  '0006-removals': removals.statements,
  '0007-expectations': expectations.statements,
  '0008-owed': owed.statements,
  '0009-declared': declared.statements,
  '0010-flows': flows.statements,
  '0011-turns': turns.statements,
  '0012-waits': waits.statements,
  '0013-tokens': tokens.statements,
  '0014-backfill-overlap': backfillOverlap.statements,
  '0015-requests': requests.statements,
  '0016-news': news.statements,
  '0017-servers': servers.statements,
}

/**
 * Brings the tables up to this version of Carillon. Several processes may do so at once: one does the work, the
 * others wait and find it done.
 *
 * @returns the names of the migrations that were applied, in order
 * @throws {SchemaTooNewError} when a newer version of Carillon has written the database; nothing is changed then
 * @throws {DriverError} when a migration fails; the database is as it was before it
 */
export async function migrate(database: SqlDatabase): Promise<string[]> {
  return database.read(async (kysely) => {
    const applied = await appliedMigrations(kysely, database)
    refuseNewer(applied, database.address)
    // A user of the database that may not create tables must still be able to open it.
    if (pendingAmong(applied).length === 0) return []

    return database.flavor.kind === 'mysql'
      ? apply(kysely, database.backend)
      : kysely.transaction().execute((transaction) => applyLocked(transaction, database.backend))
  })
}

/** Where DDL is transactional, all of it is one transaction, which has the lock from its beginning to its end. */
async function applyLocked(transaction: Sql, backend: Backend): Promise<string[]> {
  for (const statement of backend.migrationLock) await sql.raw(statement).execute(transaction)
  return apply(transaction, backend)
}

async function apply(kysely: Sql, backend: Backend): Promise<string[]> {
  const { error, results = [] } = await migrator(kysely, backend).migrateToLatest()
  if (error !== undefined) throw error
  return results.map((result) => result.migrationName)
}

/** The migrations that `migrate` would apply now, in order. */
export async function pendingMigrations(database: SqlDatabase): Promise<string[]> {
  return database.read(async (kysely) => {
    const applied = await appliedMigrations(kysely, database)
    refuseNewer(applied, database.address)
    return pendingAmong(applied)
  })
}

/**
 * The statements that `migrate` would run now, with those by which it remembers, for an application that has a migration
 * tool of its own.
 */
export async function pendingSql(database: SqlDatabase): Promise<string[]> {
  return migrationSql(database.backend, await pendingMigrations(database))
}

function migrationSql(place: Place, names: readonly string[]): string[] {
  const isFirst = names.length === Object.keys(MIGRATIONS).length
  const quote = place.flavor.kind === 'mysql' ? '`' : '"'
  const table = (suffix: string) =>
    `${place.schema === undefined ? '' : `${quote}${place.schema}${quote}.`}${quote}${tableNames(place)[suffix]}${quote}`
  const name = place.flavor.kind === 'sqlite' ? 'text' : 'varchar(255)'

  const start = [
    ...(place.schema === undefined ? [] : [`create schema if not exists ${quote}${place.schema}${quote}`]),
    `create table if not exists ${table('migrations')} (name ${name} not null primary key, timestamp ${name} not null)`,
    `create table if not exists ${table('lock')} (id ${name} not null primary key, is_locked integer default 0 not null)`,
    `insert into ${table('lock')} (id, is_locked) values ('migration_lock', 0)`,
  ]
  const steps = names.flatMap((migration) => [
    ...MIGRATIONS[migration]!(place),
    `insert into ${table('migrations')} (name, timestamp) values ('${migration}', '1970-01-01T00:00:00.000Z')`,
  ])
  return isFirst ? [...start, ...steps] : steps
}

function tableNames({ tablePrefix }: Pick<Place, 'tablePrefix'>): Record<string, string> {
  return { migrations: `${tablePrefix}migrations`, lock: `${tablePrefix}migrations_lock` }
}

function migrator(kysely: Sql, place: Backend): Migrator {
  const migrations = Object.entries(MIGRATIONS).map(([name, statements]): [string, Migration] => [
    name,
    { up: (db) => runAll(db, statements(place), place) },
  ])
  const { migrations: table, lock } = tableNames(place)
  return new Migrator({
    db: kysely.withoutPlugins(),
    provider: { getMigrations: async () => Object.fromEntries(migrations) },
    migrationTableName: table!,
    migrationLockTableName: lock!,
    ...(place.migrationSchema !== undefined && { migrationTableSchema: place.migrationSchema }),
  })
}

async function runAll(
  db: Kysely<unknown>,
  statements: readonly string[],
  { isDone }: Pick<Backend, 'isDone'>,
): Promise<void> {
  for (const statement of statements) {
    try {
      await sql.raw(statement).execute(db)
    } catch (error) {
      if (isDone?.(error) !== true) throw error
    }
  }
}

function pendingAmong(applied: readonly string[]): string[] {
  return Object.keys(MIGRATIONS).filter((name) => !applied.includes(name))
}

function refuseNewer(applied: readonly string[], address: string): void {
  const unknown = applied.filter((name) => !(name in MIGRATIONS))
  if (unknown.length === 0) return

  throw new SchemaTooNewError(
    `database ${address} was written by a newer version of Carillon (it has migration ${unknown.join(', ')}): ` +
      'install that version, or use another database',
  )
}

async function appliedMigrations(kysely: Sql, { backend }: SqlDatabase): Promise<string[]> {
  const { flavor, migrationSchema } = backend
  const name = tableNames(backend)['migrations']!
  const found = await flavor.findTable(migrationSchema, name).execute(kysely)
  if (found.rows.length === 0) return []

  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(`${DEFAULT_TABLE_PREFIX}migrations`)} order by name`.execute(kysely)
  return rows.map((row) => row.name)
}
