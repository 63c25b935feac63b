import { DatabaseSync } from 'node:sqlite'
import type { RowDataPacket } from 'mysql2/promise'
import { withMariadb } from '../support/servers/mariadb-database.ts'
import { MariadbServer } from '../support/servers/mariadb-server.ts'
import { withPostgres } from '../support/servers/postgres-database.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'

export const DATABASE_KINDS = ['sqlite', 'postgres', 'mysql'] as const
export type DatabaseKind = (typeof DATABASE_KINDS)[number]

type Row = Readonly<Record<string, unknown>>

/** Where a cluster keeps its ledger, and how a test reads it past Carillon. */
export interface ClusterDatabase extends AsyncDisposable {
  /** An empty one. @returns its address */
  createDatabase(): Promise<string>
  query(address: string, sql: string): Promise<readonly Row[]>
  /** What can crash; an embedded database is no process of its own. */
  readonly server: PostgresServer | MariadbServer | undefined
}

/** @param folder for the files of an embedded database */
export async function startDatabase(kind: DatabaseKind, folder: string): Promise<ClusterDatabase> {
  switch (kind) {
    case 'sqlite':
      return sqlite(folder)
    case 'postgres':
      return postgres(await PostgresServer.start())
    case 'mysql':
      return mysql(await MariadbServer.start())
  }
}

function sqlite(folder: string): ClusterDatabase {
  let count = 0
  return {
    createDatabase: async () => `sqlite:${folder}/cluster-${++count}.db`,
    query: async (address, sql) => {
      using database = new DatabaseSync(address.slice('sqlite:'.length), { readOnly: true, timeout: 10_000 })
      return database.prepare(sql).all()
    },
    server: undefined,
    [Symbol.asyncDispose]: async () => {},
  }
}

function postgres(server: PostgresServer): ClusterDatabase {
  return {
    createDatabase: () => server.createDatabase(),
    query: (address, sql) => withPostgres(address, async (client) => (await client.query<Row>(sql)).rows),
    server,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function mysql(server: MariadbServer): ClusterDatabase {
  return {
    createDatabase: () => server.createDatabase(),
    query: (address, sql) =>
      withMariadb(address, async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]),
    server,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}
