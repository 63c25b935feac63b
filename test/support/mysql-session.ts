import { createConnection, type Connection } from 'mysql2/promise'
import type { DatabaseSession } from './server-databases.ts'
import type { Row, Value } from './test-database.ts'

/** A connection to MySQL or MariaDB that speaks to a test as SQLite does. */
export class MysqlSession implements DatabaseSession {
  readonly schema = 'database()'
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async connect(address: string): Promise<MysqlSession> {
    const connection = await createConnection({ uri: address, decimalNumbers: true })
    await connection.query(`set session sql_mode = concat(@@sql_mode, ',ANSI_QUOTES,PIPES_AS_CONCAT')`)
    return new MysqlSession(connection)
  }

  async query(text: string, values: readonly Value[]): Promise<Row[]> {
    const [rows] = await this.#connection.query(text, [...values])
    return Array.isArray(rows) ? (rows as Row[]) : []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.end()
  }
}
