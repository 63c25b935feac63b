import { type Connection, type RowDataPacket, createConnection, escapeId } from 'mysql2/promise'
import { until } from '../until.ts'
import { databaseName, uniqueDatabaseName, withDatabase } from './database-name.ts'

/**
 * Creates an empty database on a MariaDB or MySQL server, and answers its address.
 *
 * @param server the address of any database of the server, of a user who may create others
 */
export async function createMariadbDatabase(server: string, name = uniqueDatabaseName()): Promise<string> {
  await withMariadb(server, (connection) => connection.query(`create database ${escapeId(name)}`))
  return withDatabase(server, name)
}

/** Drops a database, if it is there. */
export async function dropMariadbDatabase(server: string, address: string): Promise<void> {
  const name = escapeId(databaseName(address))
  await withMariadb(server, (connection) => connection.query(`drop database if exists ${name}`))
}

/** Ends all connections of clients to a MariaDB or MySQL server; resolves when they are gone. */
export async function cutMariadbConnections(server: string): Promise<void> {
  await withMariadb(server, async (connection) => {
    const doomed = await clientConnections(connection)
    for (const id of doomed) await killConnection(connection, id)

    await until(`the connections ${doomed.join(', ')} are gone`, async () => {
      const present = await clientConnections(connection)
      return !doomed.some((id) => present.includes(id))
    })
  })
}

/** A connection for the time of `work`. */
export async function withMariadb<T>(
  address: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await createConnection({ uri: address, connectTimeout: 5000 })
  // A connection that breaks shows in the query under way; the event would end the process if nobody listened.
  connection.on('error', () => {})
  try {
    return await work(connection)
  } finally {
    connection.destroy()
  }
}

async function clientConnections(connection: Connection): Promise<number[]> {
  const [rows] = await connection.query<(RowDataPacket & { id: number })[]>(
    `select id as id
    from information_schema.processlist
    where id <> connection_id() and user not in ('system user', 'event_scheduler')`,
  )
  return rows.map(({ id }) => id)
}

async function killConnection(connection: Connection, id: number): Promise<void> {
  try {
    await connection.query(`kill connection ${id}`)
  } catch (error) {
    // It has ended by itself meanwhile.
    if ((error as { code?: string }).code !== 'ER_NO_SUCH_THREAD') throw error
  }
}
