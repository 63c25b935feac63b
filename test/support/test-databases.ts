import { inject } from 'vitest'
import { MysqlSession } from './mysql-session.ts'
import { PostgresSession } from './postgres-session.ts'
import { ServerDatabases } from './server-databases.ts'
import { createMariadbDatabase, dropMariadbDatabase } from './servers/mariadb-database.ts'
import { createPostgresDatabase, dropPostgresDatabase } from './servers/postgres-database.ts'
import { SqliteDatabases } from './sqlite-databases.ts'
import type { TestDatabases } from './test-database.ts'

export type DatabaseKind = 'sqlite' | 'postgres' | 'mysql'

declare module 'vitest' {
  interface ProvidedContext {
    /** On which kind of database the tests of this project run. */
    readonly database: DatabaseKind
  }
}

/** Databases of the kind that the project is about. */
export function testDatabases(): TestDatabases {
  return databasesOn(inject('database'))
}

export function databasesOn(kind: DatabaseKind): TestDatabases {
  switch (kind) {
    case 'sqlite':
      return new SqliteDatabases()
    case 'postgres': {
      const server = inject('postgresAddress')
      return new ServerDatabases({
        create: () => createPostgresDatabase(server),
        drop: (address) => dropPostgresDatabase(server, address),
        connect: (address) => PostgresSession.connect(address),
      })
    }
    case 'mysql': {
      const server = inject('mariadbAddress')
      return new ServerDatabases({
        create: () => createMariadbDatabase(server),
        drop: (address) => dropMariadbDatabase(server, address),
        connect: (address) => MysqlSession.connect(address),
      })
    }
  }
}
