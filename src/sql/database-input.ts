import { ConfigError } from '../errors.ts'
import { parseAddress } from './database-address.ts'
import { DEFAULT_TABLE_PREFIX } from './schema.ts'
import type { MysqlPoolLike } from './mysql/mysql-pool.ts'
import type { PgPool } from './postgres/postgres-pool.ts'

/** Where the tables go. */
export interface TablePlace {
  /** The schema that holds the tables, on PostgreSQL; the one that is looked in first by default. Made when missing. */
  readonly schema?: string | undefined
  /** What the names of the tables begin with; `carillon_` by default. */
  readonly tablePrefix?: string | undefined
}

/** A pool of the application's: Carillon takes connections from it, and leaves it open. */
export type DatabasePool = TablePlace &
  (
    | { /** A `Pool` of `pg`. */ readonly postgres: PgPool }
    | { /** A pool of `mysql2` or of `mysql2/promise`. */ readonly mysql: MysqlPoolLike }
  )

/**
 * An address: `sqlite:<file>`, `postgres://user@host/database`, `mysql://user@host/database`, with
 * `?schema=…&tablePrefix=…&connections=…` as needed; or a pool that the application has already.
 */
export type DatabaseInput = string | DatabasePool

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,30}$/
const MOST_CONNECTIONS = 1_000
/** How many connections a pool has that says nothing else; the same as that of `pg` and `mysql2`. */
export const DEFAULT_CONNECTIONS = 10

/** The database that is meant, checked. */
export type DatabaseChoice =
  | (Place & { readonly kind: 'sqlite'; readonly address: string; readonly file: string })
  | ServerChoice<'postgres', PgPool>
  | ServerChoice<'mysql', MysqlPoolLike>

/** A database server, by its address or by a pool of connections to it. */
export type ServerChoice<Kind, Pool> = Place & { readonly kind: Kind } & (
    { readonly address: string; readonly url: string; readonly connections: number } | { readonly pool: Pool }
  )

interface Place {
  readonly schema: string | undefined
  readonly tablePrefix: string
}

/**
 * Which database is meant.
 *
 * @throws {ConfigError} when that cannot be told
 */
export function chooseDatabase(input: DatabaseInput): DatabaseChoice {
  if (typeof input === 'string') return chosenByAddress(input)
  if (typeof input !== 'object' || input === null || 'postgres' in input === 'mysql' in input)
    throw new ConfigError('database is an address, or { postgres: pool }, or { mysql: pool }')

  const place = checkPlace(input, 'postgres' in input)
  if ('postgres' in input) return { ...place, kind: 'postgres', pool: input.postgres }
  return { ...place, kind: 'mysql', pool: (input as { mysql: MysqlPoolLike }).mysql }
}

function chosenByAddress(address: string): DatabaseChoice {
  const parsed = parseAddress(address)
  if (parsed.kind === 'sqlite')
    return {
      kind: 'sqlite',
      address,
      file: parsed.file,
      schema: undefined,
      tablePrefix: DEFAULT_TABLE_PREFIX,
    }

  const { kind, url, connections = DEFAULT_CONNECTIONS } = parsed
  if (!Number.isInteger(connections) || connections < 2 || connections > MOST_CONNECTIONS)
    throw new ConfigError(
      `connections in the database address is a whole number from 2 to ${MOST_CONNECTIONS}`,
    )
  const server = { ...checkPlace(parsed, kind === 'postgres'), url, address, connections }
  return kind === 'postgres' ? { ...server, kind } : { ...server, kind }
}

function checkPlace({ schema, tablePrefix = DEFAULT_TABLE_PREFIX }: TablePlace, hasSchemas: boolean) {
  if (schema !== undefined && !hasSchemas)
    throw new ConfigError(
      'schema goes with PostgreSQL; on MySQL name the database in the address, or set tablePrefix',
    )
  for (const [option, name] of Object.entries({ schema, tablePrefix })) {
    if (name !== undefined && !NAME.test(name))
      throw new ConfigError(
        `${option} "${name}" is not a plain name of at most 31 letters, digits and underscores`,
      )
  }
  return { schema, tablePrefix }
}
