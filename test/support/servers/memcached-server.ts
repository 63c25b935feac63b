import { once } from 'node:events'
import { connect } from 'node:net'
import { onFreePort } from './free-port.ts'
import { findOrInstall, findProgram } from './installed-program.ts'
import { ServerProcess } from './server-process.ts'
import { unprivilegedUser } from './unprivileged-user.ts'

/** A Memcached of its own for a test, on a free loopback port. It keeps nothing over a restart. */
export class MemcachedServer implements AsyncDisposable {
  readonly #process: ServerProcess
  readonly #binary: string
  #port = 0

  private constructor(process: ServerProcess) {
    this.#process = process
    this.#binary = findOrInstall('Memcached', 'memcached', () => findProgram('memcached'))
  }

  /** Starts a server; resolves when it accepts commands. */
  static async start(): Promise<MemcachedServer> {
    const user = unprivilegedUser('nobody')
    await using stack = new AsyncDisposableStack()
    const process = stack.use(new ServerProcess({ name: 'Memcached', user, dropSignal: 'SIGKILL' }))
    const server = new MemcachedServer(process)

    await onFreePort(async (port) => {
      server.#port = port
      await server.#launch()
    })
    stack.move()
    return server
  }

  /** Host and port, as its clients take them. */
  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  /** Kills the server at once, as a power cut would; resolves when it is gone. */
  async crash(): Promise<void> {
    await this.#process.crash()
  }

  /** Starts the server again, on its port, and ends it first if it runs; resolves when it accepts commands. */
  async restart(): Promise<void> {
    await this.#process.end('SIGTERM')
    await this.#launch()
  }

  /** All answers to these commands. */
  async ask(...commands: readonly string[]): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port: this.#port })
    await once(socket, 'connect')
    socket.write([...commands, 'quit'].map((command) => `${command}\r\n`).join(''))
    return Array.fromAsync(socket.setEncoding('utf8')).then((parts) => parts.join(''))
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #launch(): Promise<void> {
    const args = ['-l', '127.0.0.1', '-p', String(this.#port), '-U', '0']
    await this.#process.launch(this.#binary, args, async () => {
      const answer = await this.ask('stats')
      // Somebody else's server may have taken the port before ours could, which then ends.
      return answer.includes(`STAT pid ${this.#process.pid}\r\n`)
    })
  }
}
