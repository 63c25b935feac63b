import { once } from 'node:events'
import { connect } from 'node:net'
import { onFreePort } from './free-port.ts'
import { findOrInstall, findProgram } from './installed-program.ts'
import { ServerProcess } from './server-process.ts'

export interface RedisServerOptions {
  /** Settings of redis.conf, in addition to ours. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * A Redis of its own for a test: on a free loopback port, with its data in a temporary folder.
 *
 * It is as durable as Redis is by default, which means that a crash loses the last minutes; a test that wants more sets
 * `appendonly` and `appendfsync`.
 */
export class RedisServer implements AsyncDisposable {
  readonly #process: ServerProcess
  readonly #binary: string
  readonly #settings: Readonly<Record<string, string>>
  #port = 0

  private constructor(process: ServerProcess, { settings = {} }: RedisServerOptions) {
    this.#process = process
    this.#binary = findOrInstall('Redis', 'redis-server', () => findProgram('redis-server'))
    this.#settings = settings
  }

  /** Starts a server; resolves when it accepts commands. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new ServerProcess({ name: 'Redis', user: undefined, dropSignal: 'SIGKILL' }))
    const server = new RedisServer(process, options)

    await onFreePort(async (port) => {
      server.#port = port
      await server.#launch()
    })
    stack.move()
    return server
  }

  get address(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Kills the server at once, as a power cut would; resolves when it is gone. */
  async crash(): Promise<void> {
    await this.#process.crash()
  }

  /**
   * Starts the server again, on its port and its data, and ends it first if it runs; resolves when it accepts commands.
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

  async #launch(): Promise<void> {
    const settings = {
      bind: '127.0.0.1',
      port: String(this.#port),
      dir: this.#process.folder,
      ...this.#settings,
    }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    await this.#process.launch(this.#binary, args, async () => {
      const answer = await this.#ask('PING', 'INFO server', 'QUIT')
      // Somebody else's server may have taken the port before ours could, which then ends.
      return answer.startsWith('+PONG') && answer.includes(`\nprocess_id:${this.#process.pid}\r\n`)
    })
  }

  // All answers to these commands, of which the last has to be QUIT.
  async #ask(...commands: readonly string[]): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port: this.#port })
    await once(socket, 'connect')
    socket.write(commands.map((command) => `${command}\r\n`).join(''))
    return Array.fromAsync(socket.setEncoding('utf8')).then((parts) => parts.join(''))
  }
}
