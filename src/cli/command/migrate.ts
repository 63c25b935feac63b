import type { Command } from 'commander'
import { action, type Invocation } from '../invocation.ts'
import { readSetup, type DatabasePlace } from '../setup.ts'

interface MigrateOptions {
  readonly dryRun?: boolean
  readonly printSql?: boolean
}

/** `carillon migrate`: creates the tables, or brings them up to this version. */
export function addMigrate(program: Command, invocation: Invocation): void {
  program
    .command('migrate')
    .summary('create the tables, or bring them up to date')
    .description(
      'Creates the tables, or brings them up to this version of Carillon. Every command that opens a database does so by itself; this one does nothing else.',
    )
    .option('--dry-run', 'only print what would be applied')
    .option('--print-sql', 'only print the statements that would be run, for a migration tool of your own')
    .action(
      action<MigrateOptions>(invocation, async ({ options, output, terminal }) => {
        const { database } = await readSetup(options, terminal)
        if (options.printSql === true) {
          const statements = await statementsFor(database)
          output.answer({ database: database.address, statements }, () =>
            statements.map((statement) => `${statement};`).join('\n\n'),
          )
        } else if (options.dryRun === true) {
          const pending = await pendingIn(database)
          output.answer({ database: database.address, pending }, () =>
            listText(database, 'To be applied', pending),
          )
        } else {
          const applied = await applyTo(database)
          output.answer({ database: database.address, applied }, () => listText(database, 'Applied', applied))
        }
      }),
    )
}

async function applyTo({ input }: DatabasePlace): Promise<string[]> {
  const { migrate, SqlDatabase } = await sql()
  await using database = await SqlDatabase.open(input)
  return await migrate(database)
}

/** What a new database would get, when there is none; looking must not create one. */
async function pendingIn({ input, exists }: DatabasePlace): Promise<string[]> {
  const { pendingMigrations, SqlDatabase } = await sql()
  await using database = await SqlDatabase.open(exists ? input : 'sqlite::memory:')
  return await pendingMigrations(database)
}

/** What is left to be run there; all of it where nothing is yet. */
async function statementsFor({ input, exists }: DatabasePlace): Promise<string[]> {
  const { pendingSql, SqlDatabase } = await sql()
  await using database = await SqlDatabase.open(exists ? input : 'sqlite::memory:')
  return await pendingSql(database)
}

/** Loaded when it is needed, as `openCarillon` does. */
async function sql() {
  return { ...(await import('../../sql/migrate.ts')), ...(await import('../../sql/sql-database.ts')) }
}

function listText({ shown }: DatabasePlace, heading: string, names: readonly string[]): string {
  if (names.length === 0) return `${shown} is up to date.`
  return [`${heading} on ${shown}:`, ...names.map((name) => `  ${name}`)].join('\n')
}
