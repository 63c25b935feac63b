import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Api } from './api.ts'

/** A request that a framework may have read the body of. */
type Incoming = IncomingMessage & { body?: unknown; rawBody?: Buffer }

/**
 * The API as a listener of `node:http`, which Express and others take too. Where a framework has read the body before, as
 * `express.json()` does, that is what is answered to.
 *
 * ```ts
 * app.all('/api/v1/{*path}', nodeHandler(api))
 * ```
 */
export function nodeHandler(
  api: Pick<Api, 'fetch'>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const listen = getRequestListener(
    (request, { incoming }) => {
      const { remoteAddress } = incoming.socket
      return api.fetch(request, remoteAddress === undefined ? {} : { remoteAddress })
    },
    { overrideGlobalObjects: false },
  )
  return (request: Incoming, response) => {
    if (request.readableEnded && request.rawBody === undefined && request.body !== undefined)
      request.rawBody = Buffer.from(JSON.stringify(request.body))
    void listen(request, response)
  }
}
