import type { QueryResult } from 'kysely'
import type { ServerConnection, ServerPool } from '../server-driver.ts'

/** What is needed of a `pg` client. */
export interface PgClient {
  query(config: PgQuery): Promise<PgResult>
}

export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void
  on(
    event: 'notification',
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown
  off(event: 'error', listener: (error?: Error) => void): unknown
}

/** What is needed of a `pg` pool. */
export interface PgPool {
  readonly options?: { readonly max?: number | undefined }
  connect(): Promise<PgPoolClient>
  end(): Promise<void>
}

export interface PgQuery {
  readonly text: string
  readonly values: unknown[]
  readonly types: { getTypeParser(oid: number): (text: string) => unknown }
  readonly query_timeout: number
}

export interface PgResult {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: unknown[]
}

/** The client's own limit, a little longer than the server's: it tells a server that is silent from one that is slow. */
const SILENCE_MS = 40_000

const INTEGERS = new Set([20, 21, 23])

/** Integers as numbers, whatever the application has set for its own queries; all else as text. */
const TYPES = {
  getTypeParser: (oid: number) => (INTEGERS.has(oid) ? Number : (text: string) => text),
}

/** A client out of a pool, and how to give it back, or close it when it is broken. */
export async function takeClient(
  pool: PgPool,
): Promise<{ client: PgPoolClient; release: (isBroken: boolean) => void }> {
  const client = await pool.connect()
  // The query under way tells that the connection broke. There is an event too, which would end the process if nobody
  // listened, and the pool does so only while the client is idle.
  client.on('error', ignore)
  const release = (isBroken: boolean) => {
    client.release(isBroken)
    client.off('error', ignore)
  }
  return { client, release }
}

function ignore(): void {}

/** Connections of a `pg` pool. */
export class PostgresPool implements ServerPool {
  readonly #pool: PgPool
  readonly #isOurs: boolean

  /** @param isOurs whether the pool ends with the database; a pool of the application's does not */
  constructor(pool: PgPool, isOurs: boolean) {
    this.#pool = pool
    this.#isOurs = isOurs
  }

  async connect(): Promise<ServerConnection> {
    const { client, release } = await takeClient(this.#pool)
    return new PostgresConnection(client, release)
  }

  async end(): Promise<void> {
    if (this.#isOurs) await this.#pool.end()
  }
}

/** One connection that `pg` made. */
export class PostgresConnection implements ServerConnection {
  readonly #client: PgClient
  readonly release: (isBroken: boolean) => void

  constructor(client: PgClient, release: (isBroken: boolean) => void) {
    this.#client = client
    this.release = release
  }

  async query(text: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    const config = { text, values: [...parameters], types: TYPES, query_timeout: SILENCE_MS }
    const { command, rowCount, rows } = await this.#client.query(config)
    if (text === 'commit' && command === 'ROLLBACK')
      throw new Error('the transaction was rolled back, not committed')

    return { rows: rows ?? [], numAffectedRows: BigInt(rowCount ?? 0) }
  }
}
