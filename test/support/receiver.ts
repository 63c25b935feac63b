import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

/** A request as it came. */
export interface Received {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How a request is answered. */
export type Answer = (response: ServerResponse, request: Received) => void

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end('said so')

/** Does not answer at all. */
export const hang: Answer = () => {}

/** A server that writes down what it receives. */
export interface Receiver {
  readonly received: Received[]
  readonly origin: string
  readonly port: number
  /** How many connections are open. */
  readonly connections: () => Promise<number>
  readonly close: () => Promise<void>
}

/**
 * Servers on this machine, which are closed after each test: `receiver(...answers)` answers one request after the other,
 * and the last way again.
 */
export function useReceivers(): (...answers: Answer[]) => Promise<Receiver> {
  const receive = useSecureReceivers()
  return (...answers) => receive(undefined, ...answers)
}

/** The same by https, with a key and its certificate. */
export function useSecureReceivers(): (
  tls: { readonly key: string; readonly cert: string } | undefined,
  ...answers: Answer[]
) => Promise<Receiver> {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  return async (tls, ...answers) => {
    const received: Received[] = []
    const http = tls === undefined ? createServer() : createSecureServer(tls)
    http.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method, url, headers } = request
        const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
        received.push(one)
        ;(answers[received.length - 1] ?? answers.at(-1)!)(response, one)
      })
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const close = async () => {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    }
    closing.push(close)
    const { port } = http.address() as AddressInfo
    const connections = () =>
      new Promise<number>((resolve, reject) => {
        http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      })
    const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
    return { received, origin, port, connections, close }
  }
}
