import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { durationMs, type Duration } from '../clock/duration.ts'
import { ConfigError } from '../errors.ts'
import type { Api } from './api.ts'
import { nodeHandler } from './node-handler.ts'

export interface ServeOptions {
  /** A free one when it is 0, or left out. */
  readonly port?: number | undefined
  /** The address to listen at; `127.0.0.1` by default, so that only this machine can ask. */
  readonly host?: string | undefined
  /** How long a client may take to send its headers; `10s` by default. */
  readonly headersTimeout?: Duration | undefined
  /** How long a client may take to send all of its request; `30s` by default. */
  readonly requestTimeout?: Duration | undefined
}

/** A server that listens. */
export interface ServedApi extends AsyncDisposable {
  /** Where it listens, as `http://127.0.0.1:4000`. */
  readonly url: string
}

/** How long a connection is kept that asks nothing. */
const IDLE_MS = 5_000
const MOST_CONNECTIONS = 5_000
const MOST_HEADERS = 100
const HEADER_BYTES = 16 * 1024

/**
 * Serves an API by Node's own server. Slow, idle and oversized clients are cut off, so that they keep nobody else waiting.
 *
 * @throws {ConfigError} when the address cannot be listened at
 * @throws {InvalidInputError} when a time is none
 */
export async function serveApi(
  api: Api,
  { port = 0, host = '127.0.0.1', headersTimeout = '10s', requestTimeout = '30s' }: ServeOptions = {},
): Promise<ServedApi> {
  const limits = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: durationMs(headersTimeout, 'headersTimeout'),
    requestTimeout: durationMs(requestTimeout, 'requestTimeout'),
    keepAliveTimeout: IDLE_MS,
    // How often it is looked for those that take too long.
    connectionsCheckingInterval: 1_000,
  }
  const server = createServer(limits, nodeHandler(api))
  server.maxConnections = MOST_CONNECTIONS
  server.maxHeadersCount = MOST_HEADERS
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new ConfigError(`cannot listen at ${host}:${port}: ${(cause as Error).message}`, { cause })
  }
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
