import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Store } from '../../src/store/store.ts'
import { MariadbServer } from '../../test/support/servers/mariadb-server.ts'
import { PostgresServer } from '../../test/support/servers/postgres-server.ts'
import { RedisServer } from '../../test/support/servers/redis-server.ts'
import type { Bare } from './bare/bare.ts'
import { connectBare } from './bare/connect-bare.ts'

export const DATABASE_KINDS = ['postgres', 'mysql', 'sqlite'] as const
export type DatabaseKind = (typeof DATABASE_KINDS)[number]

/** A database with Carillon's tables, which goes when it is disposed of. */
export interface BenchDatabase extends AsyncDisposable {
  readonly kind: DatabaseKind
  readonly address: string
  /** The same database, past Carillon. */
  readonly bare: Bare
}

/** MariaDB's own sizes, in place of the smaller ones of the tests. */
const MARIADB = { innodb_buffer_pool_size: '128M', innodb_log_file_size: '96M' }

/**
 * The databases of one bench: real servers with the durability that they have by default, each started when it is first
 * asked for, and files for SQLite. All of it goes at the end.
 */
export class Databases implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  #postgres: Promise<PostgresServer> | undefined
  #mariadb: Promise<MariadbServer> | undefined
  #redis: Promise<RedisServer> | undefined

  /** A new database with Carillon's tables and nothing in them. */
  async create(kind: DatabaseKind): Promise<BenchDatabase> {
    await using stack = new AsyncDisposableStack()
    const address = await this.#createEmpty(kind, stack)
    await (await Store.open(address)).close()
    const bare = stack.use(await connectBare(address))
    const moved = stack.move()
    return { kind, address, bare, [Symbol.asyncDispose]: () => moved.disposeAsync() }
  }

  /** The PostgreSQL server, on which peers get databases of their own. */
  async postgres(): Promise<PostgresServer> {
    this.#postgres ??= PostgresServer.start().then((server) => this.#stack.use(server))
    return this.#postgres
  }

  async mariadb(): Promise<MariadbServer> {
    this.#mariadb ??= MariadbServer.start({ settings: MARIADB }).then((server) => this.#stack.use(server))
    return this.#mariadb
  }

  async redis(): Promise<RedisServer> {
    this.#redis ??= RedisServer.start().then((server) => this.#stack.use(server))
    return this.#redis
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  async #createEmpty(kind: DatabaseKind, stack: AsyncDisposableStack): Promise<string> {
    if (kind === 'sqlite') {
      const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
      stack.defer(() => rmSync(folder, { recursive: true, force: true }))
      return `sqlite:${join(folder, 'bench.db')}`
    }
    const server = kind === 'postgres' ? await this.postgres() : await this.mariadb()
    const address = await server.createDatabase()
    stack.defer(() => server.dropDatabase(address))
    return address
  }
}
