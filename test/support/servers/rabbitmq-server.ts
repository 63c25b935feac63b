import { execFile } from 'node:child_process'
import { chownSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { connect } from 'amqplib'
import { freePort, onFreePort } from './free-port.ts'
import { findOrInstall, findProgram, isExecutable } from './installed-program.ts'
import { ServerProcess } from './server-process.ts'
import { unprivilegedUser, type User } from './unprivileged-user.ts'

const run = promisify(execFile)

export interface RabbitmqServerOptions {
  /** Lines of rabbitmq.conf, in addition to ours. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * A RabbitMQ of its own for a test: on free loopback ports, with its data in a temporary folder, without plug-ins. It
 * shares neither the name service nor the cookie with any other Erlang node of the machine.
 */
export class RabbitmqServer implements AsyncDisposable {
  readonly #process: ServerProcess
  readonly #user: User | undefined
  readonly #folder: string
  readonly #settings: Readonly<Record<string, string>>
  #port = 0
  /** On which the node speaks with `rabbitmqctl`. */
  #nodePort = 0
  /** On which Erlang's name service tells the one above. */
  #namesPort = 0

  private constructor(
    process: ServerProcess,
    user: User | undefined,
    { settings = {} }: RabbitmqServerOptions,
  ) {
    this.#process = process
    this.#user = user
    this.#folder = findOrInstall('RabbitMQ', 'rabbitmq-server', findPrograms)
    this.#settings = settings
  }

  /** Starts a server; resolves when it accepts connections. */
  static async start(options: RabbitmqServerOptions = {}): Promise<RabbitmqServer> {
    const user = unprivilegedUser('nobody')
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new ServerProcess({ name: 'RabbitMQ', user, dropSignal: 'SIGKILL' }))
    const server = new RabbitmqServer(process, user, options)

    await onFreePort(async (port) => {
      server.#port = port
      await server.#launch()
    })
    stack.move()
    return server
  }

  /** The address for the user who may do everything. */
  get address(): string {
    return `amqp://guest:guest@127.0.0.1:${this.#port}/`
  }

  get port(): number {
    return this.#port
  }

  /** The number of the process of the Erlang machine. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Kills the server at once, as a power cut would; resolves when it is gone. */
  async crash(): Promise<void> {
    await this.#process.crash()
  }

  /**
   * Starts the server again, on its ports and its data, and ends it first if it runs; resolves when it accepts
   * connections.
   */
  async restart(): Promise<void> {
    await this.#process.end('SIGTERM')
    await this.#launch()
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** What `rabbitmqctl` prints for these arguments. It takes a second or two. */
  async control(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(`${this.#folder}/rabbitmqctl`, ['--quiet', ...args], {
      ...this.#user,
      cwd: this.#process.folder,
      env: { PATH: `${process.env['PATH']}:/usr/bin:/bin`, LANG: 'C.UTF-8', ...this.#environment },
    })
    return stdout
  }

  async #launch(): Promise<void> {
    this.#nodePort = await freePort()
    this.#namesPort = await freePort()
    this.#write('rabbitmq.conf', { 'listeners.tcp.local': `127.0.0.1:${this.port}`, ...this.#settings })
    this.#write('enabled_plugins', '[].')
    const environment = Object.entries(this.#environment).map(([name, value]) => `${name}=${value}`)
    const args = [...environment, '/bin/sh', '-c', script, 'rabbitmq', `${this.#folder}/rabbitmq-server`]
    await this.#process.launch('/usr/bin/env', args, async () => {
      const connection = await connect(this.address, { timeout: 5_000 })
      const { cluster_name } = connection.connection.serverProperties
      await connection.close()
      // Somebody else's server may have taken the port before ours could, which then ends.
      return String(cluster_name).startsWith(`${this.#node.split('@')[0]}@`)
    })
  }

  #write(name: string, content: string | Readonly<Record<string, string>>): void {
    const text =
      typeof content === 'string'
        ? content
        : Object.entries(content)
            .map(([key, value]) => `${key} = ${value}\n`)
            .join('')
    const path = this.#process.file(name)
    writeFileSync(path, text)
    if (this.#user !== undefined) chownSync(path, this.#user.uid, this.#user.gid)
  }

  get #node(): string {
    return `carillon-${this.port}@localhost`
  }

  /** For the server and for `rabbitmqctl`; nothing of /etc/rabbitmq counts. */
  get #environment(): Record<string, string> {
    const { folder } = this.#process
    return {
      HOME: folder,
      ERL_EPMD_PORT: String(this.#namesPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
      RABBITMQ_ADVANCED_CONFIG_FILE: `${folder}/none.config`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
      RABBITMQ_NODENAME: this.#node,
      RABBITMQ_DIST_PORT: String(this.#nodePort),
      RABBITMQ_MNESIA_BASE: `${folder}/data`,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_LOGS: '-',
      // Lets the shell script become the Erlang machine, instead of waiting for it.
      RABBITMQ_ALLOW_INPUT: '1',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
    }
  }
}

// Erlang would start its name service as a daemon that nobody ends. As a child of the server, with a word to the
// system, it goes when the server goes, in whatever way.
const script = `
setpriv --pdeathsig KILL epmd -port "$ERL_EPMD_PORT" &
exec "$1"
`

// Debian's programs in /usr/sbin run for root and its user rabbitmq only.
function findPrograms(): string | undefined {
  const folders = ['/usr/lib/rabbitmq/bin', '/usr/local/lib/rabbitmq/bin']
  const found = folders.find((folder) => isExecutable(`${folder}/rabbitmq-server`))
  return findProgram('epmd') === undefined ? undefined : found
}
