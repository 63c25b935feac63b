import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Carillon } from '../carillon/carillon.ts'
import { ConfigError } from '../errors.ts'
import type { ListenAddress } from './listen-address.ts'

/**
 * Answers orchestrators: `GET /live` says that the process lives, `GET /ready` whether it can do its work, each with
 * status 200 or 503 and a JSON object that says why.
 *
 * @returns where it listens, and how to end it
 */
export async function serveHealth(
  carillon: Pick<Carillon, 'health' | 'server'>,
  { host, port }: ListenAddress,
): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, { error: 'GET only' })
    if (path === '/live') return answer(response, 200, { isLive: true, server: carillon.server })
    if (path !== '/ready') return answer(response, 404, { error: 'there are /live and /ready' })
    void carillon.health().then((health) => answer(response, health.isReady ? 200 : 503, health))
  })
  server.headersTimeout = 5_000
  server.requestTimeout = 5_000
  server.maxConnections = 100
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new ConfigError(`--health: cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
      cause,
    })
  }
  const { port: bound } = server.address() as AddressInfo
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${bound}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
