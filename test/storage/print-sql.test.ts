import { sql } from 'kysely'
import { expect, inject, it } from 'vitest'
import { migrate, pendingMigrations, pendingSql } from '../../src/sql/migrate.ts'
import { SqlDatabase } from '../../src/sql/sql-database.ts'
import { createMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase } from '../support/servers/postgres-database.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder()

it.each([
  ['SQLite', async () => `sqlite:${folder.file('printed.db')}`],
  ['PostgreSQL', () => createPostgresDatabase(inject('postgresAddress'))],
  [
    'PostgreSQL, in a schema of its own',
    async () => `${await createPostgresDatabase(inject('postgresAddress'))}?schema=jobs&tablePrefix=my_`,
  ],
  ['MariaDB', () => createMariadbDatabase(inject('mariadbAddress'))],
  [
    'MariaDB, under another prefix',
    async () => `${await createMariadbDatabase(inject('mariadbAddress'))}?tablePrefix=my_`,
  ],
])('what is printed for %s does all that a migration does', async (_, address) => {
  await using database = await SqlDatabase.open(await address())
  const plain = database.kysely.withoutPlugins()
  for (const statement of await pendingSql(database)) await sql.raw(statement).execute(plain)

  expect(await pendingMigrations(database)).toEqual([])
  expect(await migrate(database)).toEqual([])
  expect(await pendingSql(database)).toEqual([])
  expect(await database.kysely.selectFrom('carillon_schedules').selectAll().execute()).toEqual([])
})
