import type { Pool, PoolClient } from 'pg'

/** How long a statement may take before its connection counts as lost, in milliseconds. */
const STATEMENT_MS = 20_000
/** The same for what sets up or migrates the tables. */
const MIGRATION_MS = 600_000

/** Runs statements on a pool: ours, and those of pg-boss, to which this is its database. */
export class BossDatabase {
  readonly #pool: Pool
  /** Whether the tables are being set up. */
  isMigrating = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** As pg-boss asks for it; without values, `text` may be several statements. */
  async executeSql(text: string, values?: unknown[]): Promise<{ rows: object[] }> {
    const client = await this.#pool.connect()
    // The query under way tells that the connection broke; the event would end the process if nobody listened.
    client.on('error', ignore)
    try {
      const result = await client.query(queryOf(text, values, this.isMigrating))
      release(client, false)
      return result
    } catch (error) {
      // It may be within a transaction that pg-boss began.
      release(client, true)
      throw error
    }
  }

  async query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const { rows } = await this.executeSql(text, [...values])
    return rows as Row[]
  }
}

function queryOf(text: string, values: unknown[] | undefined, isMigrating: boolean) {
  const query_timeout = isMigrating ? MIGRATION_MS : STATEMENT_MS
  return values === undefined ? { text, query_timeout } : { text, values, query_timeout }
}

function release(client: PoolClient, isBroken: boolean): void {
  client.release(isBroken)
  client.off('error', ignore)
}

function ignore(): void {}
