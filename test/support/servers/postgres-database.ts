import { Client, escapeIdentifier } from 'pg'
import { databaseName, uniqueDatabaseName, withDatabase } from './database-name.ts'

/**
 * Creates an empty database on a PostgreSQL server, and answers its address.
 *
 * @param server the address of any database of the server, of a user who may create others
 */
export async function createPostgresDatabase(server: string, name = uniqueDatabaseName()): Promise<string> {
  await withPostgres(server, (client) => client.query(`create database ${escapeIdentifier(name)}`))
  return withDatabase(server, name)
}

/** Drops a database, if it is there, and closes the connections to it. */
export async function dropPostgresDatabase(server: string, address: string): Promise<void> {
  const name = escapeIdentifier(databaseName(address))
  await withPostgres(server, (client) => client.query(`drop database if exists ${name} with (force)`))
}

/** Ends all connections of clients to a PostgreSQL server; resolves when they are gone. */
export async function cutPostgresConnections(server: string): Promise<void> {
  await withPostgres(server, (client) =>
    client.query(
      `select pg_terminate_backend(pid, 5000)
      from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    ),
  )
}

/** A connection for the time of `work`. */
export async function withPostgres<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: address, connectionTimeoutMillis: 5000 })
  // A connection that breaks shows in the query under way; the event would end the process if nobody listened.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
