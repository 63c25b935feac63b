import { readFileSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { onFreePort } from './free-port.ts'
import { type PostgresSource, postgresBinaries } from './postgres-binaries.ts'
import {
  createPostgresDatabase,
  cutPostgresConnections,
  dropPostgresDatabase,
  withPostgres,
} from './postgres-database.ts'
import { ServerProcess } from './server-process.ts'
import { unprivilegedUser } from './unprivileged-user.ts'

export interface PostgresServerOptions {
  /** Settings of postgresql.conf, in addition to ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where the programs come from; by default from the machine, else from npm. */
  readonly source?: PostgresSource
}

/**
 * A PostgreSQL of its own for a test: on a free loopback port, with its data in a temporary folder.
 *
 * It is as durable as PostgreSQL is by default. Its zone is UTC and its collation C, whatever those of the machine are.
 */
export class PostgresServer implements AsyncDisposable {
  readonly #process: ServerProcess
  readonly #binaries: string
  readonly #settings: Readonly<Record<string, string>>
  #port = 0

  private constructor(process: ServerProcess, { settings = {}, source }: PostgresServerOptions) {
    this.#process = process
    this.#binaries = postgresBinaries(process.folder, source)
    this.#settings = settings
  }

  /** Sets up a data folder and starts a server on it; resolves when it accepts connections. */
  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const user = unprivilegedUser('postgres', 'nobody')
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new ServerProcess({ name: 'PostgreSQL', user, dropSignal: 'SIGQUIT' }))
    const server = new PostgresServer(process, options)

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
    return `postgres://carillon@127.0.0.1:${this.#port}/postgres`
  }

  /** Creates an empty database, with a name of its own if none is given, and answers its address. */
  async createDatabase(name?: string): Promise<string> {
    return createPostgresDatabase(this.address, name)
  }

  /** Drops the database of this address, if it is there, and closes the connections to it. */
  async dropDatabase(address: string): Promise<void> {
    await dropPostgresDatabase(this.address, address)
  }

  /**
   * Kills all processes of the server at once, as a power cut would; resolves when they are gone.
   *
   * What a power cut does to writes that the operating system still holds, this doesn't show.
   */
  async crash(): Promise<void> {
    if (this.#process.pid === undefined) return
    await this.#process.crash()
    this.#removeSharedMemory()
  }

  /**
   * Starts the server again, on its port and its data, and ends it first if it runs; resolves when it accepts
   * connections.
   */
  async restart(): Promise<void> {
    await this.#process.end('SIGINT')
    // What a crash leaves names a process whose number may have been given to another one by now, and then PostgreSQL
    // would refuse to start.
    rmSync(this.#pidFile, { force: true })
    await this.#launch()
  }

  /** Ends all connections of clients; resolves when they are gone. */
  async cutConnections(): Promise<void> {
    await cutPostgresConnections(this.address)
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #initialize(): Promise<void> {
    const args = ['--username=carillon', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
    await this.#process.run(join(this.#binaries, 'initdb'), [...args, '--pgdata', this.#data])
  }

  async #launch(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.#port),
      unix_socket_directories: '',
      max_connections: '200',
      // In the data folder instead of /dev/shm, where a crash would leave it behind.
      dynamic_shared_memory_type: 'mmap',
      ...this.#settings,
    }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    await this.#process.launch(join(this.#binaries, 'postgres'), ['-D', this.#data, ...args], () =>
      withPostgres(this.address, async (client) => {
        // Somebody else's server may have taken the port before ours could, which then ends.
        const { rows } = await client.query<{ data: string }>(
          `select current_setting('data_directory') as data`,
        )
        return rows[0]?.data === this.#data
      }),
    )
  }

  // The one piece of shared memory that outlives the processes; the seventh line of the file has its key and its id.
  // PostgreSQL would remove it at the next start, but there may be none.
  #removeSharedMemory(): void {
    const [, id] = readFileSync(this.#pidFile, 'utf8').split('\n')[6]?.trim().split(/ +/) ?? []
    if (id !== undefined) spawnSync('/usr/bin/ipcrm', ['--shmem-id', id])
  }

  get #data(): string {
    return this.#process.file('data')
  }

  get #pidFile(): string {
    return join(this.#data, 'postmaster.pid')
  }
}
