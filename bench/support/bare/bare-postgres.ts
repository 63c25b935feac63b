import { Client, Pool } from 'pg'
import { slices } from '../slices.ts'
import {
  AT_ONCE,
  CLAIM,
  CONNECTIONS,
  constantsOf,
  insertInto,
  onConflict,
  quoted,
  type Bare,
  type BareRow,
  type Bulk,
  type BulkWrite,
} from './bare.ts'

const TYPE = { integer: 'bigint', text: 'text' }

/** PostgreSQL through `pg` alone, with prepared statements. */
export class BarePostgres implements Bare {
  readonly #client: Client
  readonly #pool: Pool
  readonly bulkWays: Readonly<Record<string, BulkWrite>>

  private constructor(address: string, client: Client) {
    this.#client = client
    this.#pool = new Pool({ connectionString: address, max: CONNECTIONS })
    // The database may be dropped while the last connections are closing.
    this.#pool.on('error', () => {})
    this.bulkWays = { unnest: (bulk, rows) => this.#unnest(bulk, rows) }
  }

  static async connect(address: string): Promise<BarePostgres> {
    const client = new Client({ connectionString: address })
    await client.connect()
    return new BarePostgres(address, client)
  }

  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.#client.query<Record<string, unknown>>(sql)).rows
  }

  async read(sql: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.#pool.query<Record<string, unknown>>(sql)).rows
  }

  async writeOne(bulk: Bulk, row: BareRow): Promise<void> {
    const values = row.map((_, i) => `$${i + 1}`).join(', ')
    const text = `${insertInto(bulk)} values (${values}${constantsOf(bulk)})${onConflict(bulk)}`
    await this.#pool.query({ name: `one ${bulk.table}`, text, values: [...row] })
  }

  async claimDue(limit: number): Promise<number> {
    const now = Date.now()
    const text = `
      update carillon_occurrences as o set attempt = o.attempt + 1, ${CLAIM.set(now)}
      from (
        select ${quoted(CLAIM.key)} from carillon_occurrences where ${CLAIM.where(now)}
        order by due_at limit ${limit} for update skip locked
      ) as r
      where ${CLAIM.key.map((name) => `o.${name} = r.${name}`).join(' and ')}
      returning ${quoted(CLAIM.key, 'o.')}`
    return (await this.#client.query(text)).rows.length
  }

  async settle(): Promise<void> {
    await this.query('vacuum analyze')
    await this.query('checkpoint')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
    await this.#pool.end()
  }

  /** The values of each column as one array. */
  async #unnest(bulk: Bulk, rows: readonly BareRow[]): Promise<void> {
    const columns = Object.entries(bulk.columns)
    const arrays = columns.map(([, type], i) => `$${i + 1}::${TYPE[type]}[]`)
    const names = quoted(columns.map(([name]) => name))
    const text = `${insertInto(bulk)}
      select ${names}${constantsOf(bulk)} from unnest(${arrays.join(', ')}) as r (${names})${onConflict(bulk)}`

    await this.#client.query('begin')
    for (const slice of slices(rows, AT_ONCE)) {
      const values = columns.map((_, i) => slice.map((row) => row[i]))
      await this.#client.query({ name: `many ${bulk.table}`, text, values })
    }
    await this.#client.query('commit')
  }
}
