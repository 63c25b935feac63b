import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What becomes of a request: it is answered here, or its work is done and nobody is told. */
type Fault = 'cut' | { status: number; headers?: Record<string, string>; body?: string }

interface Seen {
  readonly line: string
  readonly headers: IncomingHttpHeaders
}

/** A server in front of another one, which fails the next requests as it is told to. */
export class UnreliableFront implements AsyncDisposable {
  readonly faults: Fault[] = []
  readonly seen: Seen[] = []
  readonly #server: Server

  private constructor(behind: string) {
    this.#server = createServer((request, response) => {
      const pass = async () => {
        this.seen.push({ line: `${request.method} ${request.url}`, headers: request.headers })
        const fault = this.faults.shift()
        if (typeof fault === 'object') {
          response.writeHead(fault.status, fault.headers).end(fault.body)
          return
        }
        const body = await buffer(request)
        const { host: _, connection: __, ...headers } = request.headers as Record<string, string>
        const answer = await fetch(`${behind}${request.url}`, {
          method: request.method!,
          headers,
          ...(body.length > 0 && { body }),
        })
        const text = await answer.text()
        if (fault === 'cut') request.socket.destroy()
        else response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text)
      }
      pass().catch(() => request.socket.destroy())
    })
  }

  static async open(behind: string): Promise<UnreliableFront> {
    const front = new UnreliableFront(behind)
    front.#server.listen(0, '127.0.0.1')
    await once(front.#server, 'listening')
    return front
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The header of each request that came, in turn. */
  header(name: string): (string | undefined)[] {
    return this.seen.map(({ headers }) => headers[name] as string | undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
