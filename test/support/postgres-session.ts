import { Client } from 'pg'
import type { DatabaseSession } from './server-databases.ts'
import type { Row, Value } from './test-database.ts'

/** The types of whole numbers and of sums of them. */
const NUMBERS = new Set([20, 21, 23, 1700])

/** A connection to PostgreSQL that speaks to a test as SQLite does. */
export class PostgresSession implements DatabaseSession {
  readonly schema = 'current_schema()'
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  static async connect(address: string): Promise<PostgresSession> {
    const getTypeParser = (oid: number) => (NUMBERS.has(oid) ? Number : String)
    const client = new Client({ connectionString: address, types: { getTypeParser } })
    await client.connect()
    return new PostgresSession(client)
  }

  async query(text: string, values: readonly Value[]): Promise<Row[]> {
    let number = 0
    const numbered = text.replace(/\?/g, () => `$${++number}`)
    const { rows } = await this.#client.query<Row>(numbered, [...values])
    return rows
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
  }
}
