import type { QueryResult } from 'kysely'
import type { ServerConnection, ServerPool } from '../server-driver.ts'

type Callback = (error: Error | null, result?: unknown) => void

/** What is needed of a connection of `mysql2`'s. */
export interface MysqlClient {
  query(options: MysqlQuery, callback: Callback): unknown
}

export interface MysqlPoolClient extends MysqlClient {
  release(): void
  destroy(): void
}

/** What is needed of a pool of `mysql2`'s. */
export interface MysqlPool {
  readonly config?: { readonly connectionLimit?: number | undefined }
  getConnection(callback: (error: Error | null, connection: MysqlPoolClient) => void): void
  end(callback: (error?: Error | null) => void): void
}

/** A pool of `mysql2`, or of `mysql2/promise`, which has one of the former inside. */
export type MysqlPoolLike = MysqlPool | { readonly pool: MysqlPool }

export interface MysqlQuery {
  readonly sql: string
  readonly values: unknown[]
  readonly timeout: number
  readonly rowsAsArray: false
  readonly namedPlaceholders: false
  readonly nestTables: false
  typeCast(field: { type: string; string(): string | null }, next: () => unknown): unknown
}

/** How long a query may take before its connection is taken for lost. */
const SILENCE_MS = 30_000

/** Connections of a `mysql2` pool. */
export class MysqlServerPool implements ServerPool {
  readonly #pool: MysqlPool
  readonly #isOurs: boolean

  /** @param isOurs whether the pool ends with the database; a pool of the application's does not */
  constructor(pool: MysqlPool, isOurs: boolean) {
    this.#pool = pool
    this.#isOurs = isOurs
  }

  async connect(): Promise<ServerConnection> {
    const client = await new Promise<MysqlPoolClient>((resolve, reject) => {
      this.#pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)))
    })
    return new MysqlConnection(client, (isBroken) => (isBroken ? client.destroy() : client.release()))
  }

  async end(): Promise<void> {
    if (!this.#isOurs) return
    await new Promise<void>((resolve, reject) => {
      this.#pool.end((error) => (error ? reject(error) : resolve()))
    })
  }
}

/** One connection that `mysql2` made. */
export class MysqlConnection implements ServerConnection {
  readonly #client: MysqlClient
  readonly release: (isBroken: boolean) => void

  constructor(client: MysqlClient, release: (isBroken: boolean) => void) {
    this.#client = client
    this.release = release
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    const values = parameters.map(scalar)
    const result = await new Promise<unknown>((resolve, reject) => {
      const options: MysqlQuery = {
        sql,
        values,
        timeout: SILENCE_MS,
        rowsAsArray: false,
        namedPlaceholders: false,
        nestTables: false,
        typeCast,
      }
      this.#client.query(options, (error, rows) => (error ? reject(error) : resolve(rows)))
    })
    if (Array.isArray(result)) return { rows: result }

    const { insertId, affectedRows } = result as { insertId?: number; affectedRows?: number }
    return {
      rows: [],
      numAffectedRows: BigInt(affectedRows ?? 0),
      ...(insertId !== undefined && insertId !== 0 && { insertId: BigInt(insertId) }),
    }
  }
}

/** Integers as numbers, whatever the application has set for its own queries. */
const typeCast: MysqlQuery['typeCast'] = (field, next) => {
  if (field.type !== 'LONGLONG') return next()
  const text = field.string()
  return text === null ? null : Number(text)
}

/** `mysql2` would write an object into the statement as a list of assignments, so none passes. */
function scalar(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value
  throw new TypeError(`a ${typeof value} cannot be bound as an SQL parameter`)
}
