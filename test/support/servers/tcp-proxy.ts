import { once } from 'node:events'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { freePort } from './free-port.ts'

interface Link {
  readonly client: Socket
  readonly target: Socket
}

/** A loopback port that leads to another, until the test says otherwise: the network between a client and a server. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number
  readonly #targetPort: number
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #dark = false

  private constructor(port: number, targetPort: number) {
    this.port = port
    this.#targetPort = targetPort
  }

  /** Opens a port that leads to `target`: a loopback port, or the address of a server on one. */
  static async start(target: number | string): Promise<TcpProxy> {
    const targetPort = typeof target === 'number' ? target : Number(new URL(target).port)
    const proxy = new TcpProxy(await freePort(), targetPort)
    await proxy.refuse(false)
    return proxy
  }

  /** The same address by way of the proxy. */
  address(direct: string): string {
    const url = new URL(direct)
    url.port = String(this.port)
    return url.href
  }

  /** Closes all present connections; new ones are accepted. */
  cut(): void {
    for (const link of this.#links) {
      link.client.destroy()
      link.target.destroy()
    }
    this.#links.clear()
  }

  /**
   * While on, no byte passes in either direction, and neither side learns that the other has closed. New connections
   * are accepted, and as dumb. What was held back passes when it is switched off.
   */
  blackhole(on: boolean): void {
    this.#dark = on
    for (const link of this.#links) {
      if (on) part(link)
      else this.#join(link)
    }
  }

  /** While on, new connections are refused; present ones stay. */
  async refuse(on: boolean): Promise<void> {
    if (on) {
      this.#server?.close()
      this.#server = undefined
    } else if (this.#server === undefined) {
      this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
      this.#server.listen({ host: '127.0.0.1', port: this.port })
      await once(this.#server, 'listening')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse(true)
    this.cut()
  }

  #accept(client: Socket): void {
    const target = connect({ host: '127.0.0.1', port: this.#targetPort, allowHalfOpen: true })
    const link = { client, target }
    this.#links.add(link)

    for (const socket of [client, target]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => this.#settle(link))
    }
    if (!this.#dark) this.#join(link)
  }

  #join(link: Link): void {
    link.client.pipe(link.target)
    link.target.pipe(link.client)
    this.#settle(link)
  }

  // Passes on that one side has gone. One that has closed in order has told the other so by the end of its stream, and
  // the other may still have something to send.
  #settle(link: Link): void {
    if (this.#dark) return
    const { client, target } = link
    if (client.errored || (client.destroyed && !client.readableEnded)) target.destroy()
    if (target.errored || (target.destroyed && !target.readableEnded)) client.destroy()
    if (client.destroyed && target.destroyed) this.#links.delete(link)
  }
}

function part({ client, target }: Link): void {
  client.unpipe(target)
  target.unpipe(client)
}
