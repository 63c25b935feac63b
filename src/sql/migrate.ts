import { sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { SchemaTooNewError } from '../errors.ts'
import * as initial from './migrations/0001-initial.ts'
import type { Sql, SqlDatabase } from './sql-database.ts'

const MIGRATIONS: Readonly<Record<string, Migration>> = { '0001-initial': initial }

const MIGRATION_TABLE = 'carillon_migrations'

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
    await refuseNewer(kysely, database.address)

    const { error, results = [] } = await migrator(kysely).migrateToLatest()
    if (error !== undefined) throw error
    return results.map((result) => result.migrationName)
  })
}

/** The migrations that `migrate` would apply now, in order. */
export async function pendingMigrations(database: SqlDatabase): Promise<string[]> {
  return database.read(async (kysely) => {
    await refuseNewer(kysely, database.address)

    const applied = await appliedMigrations(kysely)
    return Object.keys(MIGRATIONS).filter((name) => !applied.includes(name))
  })
}

function migrator(kysely: Sql): Migrator {
  return new Migrator({
    db: kysely,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: `${MIGRATION_TABLE}_lock`,
  })
}

async function refuseNewer(kysely: Sql, address: string): Promise<void> {
  const unknown = (await appliedMigrations(kysely)).filter((name) => !(name in MIGRATIONS))
  if (unknown.length === 0) return

  throw new SchemaTooNewError(
    `database ${address} was written by a newer version of Carillon (it has migration ${unknown.join(', ')}): ` +
      'install that version, or use another database',
  )
}

async function appliedMigrations(kysely: Sql): Promise<string[]> {
  const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === MIGRATION_TABLE)) return []

  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.table(MIGRATION_TABLE)} order by name`.execute(kysely)
  return rows.map((row) => row.name)
}
