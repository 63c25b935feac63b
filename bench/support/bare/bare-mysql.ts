import {
  createConnection,
  createPool,
  type Connection,
  type Pool,
  type ResultSetHeader,
} from 'mysql2/promise'
import { slices } from '../slices.ts'
import {
  AT_ONCE,
  CLAIM,
  CONNECTIONS,
  constantsOf,
  insertInto,
  quoted,
  type Bare,
  type BareRow,
  type Bulk,
  type BulkWrite,
} from './bare.ts'

const TYPE = { integer: 'bigint', text: 'longtext' }
/** Names quoted as everywhere else, series of any length, and claims that lock no gaps. */
const SESSION = [
  `set session sql_mode = 'ANSI_QUOTES,STRICT_TRANS_TABLES'`,
  'set session max_recursive_iterations = 100000000',
  'set session transaction isolation level read committed',
]

/** MariaDB through `mysql2` alone. */
export class BareMysql implements Bare {
  readonly #connection: Connection
  readonly #pool: Pool
  readonly bulkWays: Readonly<Record<string, BulkWrite>>

  private constructor(address: string, connection: Connection) {
    this.#connection = connection
    this.#pool = createPool({ uri: address, connectionLimit: CONNECTIONS, maxPreparedStatements: 10 })
    this.#pool.on('connection', (made) => made.query(SESSION[0]!))
    this.bulkWays = {
      'multiple values': (bulk, rows) => this.#inSlices(rows, (slice) => this.#values(bulk, slice)),
      json_table: (bulk, rows) => this.#inSlices(rows, (slice) => this.#jsonTable(bulk, slice)),
    }
  }

  static async connect(address: string): Promise<BareMysql> {
    const connection = await createConnection({ uri: address })
    for (const statement of SESSION) await connection.query(statement)
    return new BareMysql(address, connection)
  }

  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    const [rows] = await this.#connection.query(sql)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  }

  async read(sql: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.#pool.query(sql))[0] as Record<string, unknown>[]
  }

  async writeOne(bulk: Bulk, row: BareRow): Promise<void> {
    const values = row.map(() => '?').join(', ')
    await this.#pool.execute(
      `${insertInto(bulk)} values (${values}${constantsOf(bulk)})${onDuplicate(bulk)}`,
      [...row],
    )
  }

  async claimDue(limit: number): Promise<number> {
    const now = Date.now()
    await this.query('start transaction')
    const rows = await this.query(`
      select ${quoted(CLAIM.key)} from carillon_occurrences force index (carillon_occurrences_claimable)
      where ${CLAIM.where(now)} order by due_at limit ${limit} for update skip locked`)
    if (rows.length > 0) {
      const keys = rows.map((row) => CLAIM.key.map((name) => Number(row[name])))
      const columns = CLAIM.key.map((name, i) => `"${name}" bigint path '$[${i}]'`)
      // Left to itself, MariaDB walks the whole table for each thousand: 9 s for 10,000 rows.
      await this.#connection.query<ResultSetHeader>(
        `update json_table(?, '$[*]' columns (${columns.join(', ')})) as r
        straight_join carillon_occurrences as o force index (primary)
          on ${CLAIM.key.map((name) => `o.${name} = r.${name}`).join(' and ')}
        set o.attempt = o.attempt + 1, ${CLAIM.set(now)}`,
        [JSON.stringify(keys)],
      )
    }
    await this.query('commit')
    return rows.length
  }

  async settle(): Promise<void> {
    for (const table of ['schedules', 'cursors', 'generations', 'occurrences'])
      await this.query(`analyze table carillon_${table}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.end()
    await this.#pool.end()
  }

  async #inSlices(
    rows: readonly BareRow[],
    write: (slice: readonly BareRow[]) => Promise<unknown>,
  ): Promise<void> {
    await this.query('start transaction')
    for (const slice of slices(rows, AT_ONCE)) await write(slice)
    await this.query('commit')
  }

  async #values(bulk: Bulk, rows: readonly BareRow[]): Promise<void> {
    const values = Object.keys(bulk.columns)
      .map(() => '?')
      .join(', ')
    const tuples = rows.map(() => `(${values}${constantsOf(bulk)})`).join(', ')
    await this.#connection.query(`${insertInto(bulk)} values ${tuples}${onDuplicate(bulk)}`, rows.flat())
  }

  async #jsonTable(bulk: Bulk, rows: readonly BareRow[]): Promise<void> {
    const columns = Object.entries(bulk.columns)
    const parts = columns.map(([name, type], i) => `"${name}" ${TYPE[type]} path '$[${i}]'`)
    await this.#connection.query(
      `${insertInto(bulk)} select ${quoted(columns.map(([name]) => name))}${constantsOf(bulk)}
      from json_table(?, '$[*]' columns (${parts.join(', ')})) as r${onDuplicate(bulk)}`,
      [JSON.stringify(rows)],
    )
  }
}

function onDuplicate({ columns, constants, key }: Bulk): string {
  if (key === undefined) return ''
  const others = [...Object.keys(columns), ...Object.keys(constants)].filter((name) => !key.includes(name))
  return ` on duplicate key update ${others.map((name) => `"${name}" = values("${name}")`).join(', ')}`
}
