import { type MariadbBinaries, mariadbBinaries } from './mariadb-binaries.ts'
import { onFreePort } from './free-port.ts'
import {
  createMariadbDatabase,
  cutMariadbConnections,
  dropMariadbDatabase,
  withMariadb,
} from './mariadb-database.ts'
import { ServerProcess } from './server-process.ts'
import { unprivilegedUser } from './unprivileged-user.ts'
import type { RowDataPacket } from 'mysql2/promise'

export interface MariadbServerOptions {
  /** Settings of the server, named as in my.cnf, in addition to ours. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * A MariaDB of its own for a test: on a free loopback port, with its data in a temporary folder.
 *
 * It is as durable as MariaDB is by default. Its zone is UTC and its character set that of Debian, utf8mb4.
 */
export class MariadbServer implements AsyncDisposable {
  readonly #process: ServerProcess
  readonly #binaries: MariadbBinaries
  readonly #settings: Readonly<Record<string, string>>
  #port = 0

  private constructor(process: ServerProcess, { settings = {} }: MariadbServerOptions) {
    this.#process = process
    this.#binaries = mariadbBinaries()
    this.#settings = settings
  }

  /** Sets up a data folder and starts a server on it; resolves when it accepts connections. */
  static async start(options: MariadbServerOptions = {}): Promise<MariadbServer> {
    const user = unprivilegedUser('mysql', 'nobody')
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new ServerProcess({ name: 'MariaDB', user, dropSignal: 'SIGKILL' }))
    const server = new MariadbServer(process, options)

    await server.#initialize()
    await onFreePort(async (port) => {
      server.#port = port
      await server.#launch()
    })
    stack.move()
    return server
  }

  /** A database that is always there, of the user who may do everything. */
  get address(): string {
    return `mysql://root@127.0.0.1:${this.#port}/mysql`
  }

  /** Creates an empty database, with a name of its own if none is given, and answers its address. */
  async createDatabase(name?: string): Promise<string> {
    return createMariadbDatabase(this.address, name)
  }

  /** Drops the database of this address, if it is there. */
  async dropDatabase(address: string): Promise<void> {
    await dropMariadbDatabase(this.address, address)
  }

  /**
   * Kills the server at once, as a power cut would; resolves when it is gone.
   *
   * What a power cut does to writes that the operating system still holds, this doesn't show.
   */
  async crash(): Promise<void> {
    await this.#process.crash()
  }

  /**
   * Starts the server again, on its port and its data, and ends it first if it runs; resolves when it accepts
   * connections.
   */
  async restart(): Promise<void> {
    await this.#process.end('SIGTERM')
    await this.#launch()
  }

  /** Ends all connections of clients; resolves when they are gone. */
  async cutConnections(): Promise<void> {
    await cutMariadbConnections(this.address)
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  // The files are as large as the server creates them here, so it gets the same sizes as later.
  async #initialize(): Promise<void> {
    const args = ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db']
    await this.#process.run(this.#binaries.install, [...args, `--datadir=${this.#data}`, ...sizes])
  }

  async #launch(): Promise<void> {
    const settings = {
      datadir: this.#data,
      tmpdir: this.#process.folder,
      // Relative to the data folder: an absolute path could be longer than the 107 characters that a socket may have.
      socket: 'mariadb.sock',
      pid_file: 'mariadb.pid',
      bind_address: '127.0.0.1',
      port: String(this.#port),
      skip_name_resolve: 'ON',
      max_connections: '200',
      character_set_server: 'utf8mb4',
      collation_server: 'utf8mb4_general_ci',
      ...this.#settings,
    }
    const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
    await this.#process.launch(this.#binaries.server, ['--no-defaults', ...sizes, ...args], () =>
      withMariadb(this.address, async (connection) => {
        // Somebody else's server may have taken the port before ours could, which then ends.
        const [rows] =
          await connection.query<(RowDataPacket & { data: string })[]>('select @@datadir as data')
        return rows[0]?.data === `${this.#data}/`
      }),
    )
  }

  get #data(): string {
    return this.#process.file('data')
  }
}

const sizes = ['--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M']
