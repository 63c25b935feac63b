import type { Carillon } from '../carillon/carillon.ts'
import { createApi } from '../http/create-api.ts'
import { serveApi } from '../http/serve.ts'
import type { Logger } from '../logger.ts'
import type { ListenAddress } from './listen-address.ts'

export interface HttpOptions {
  readonly address: ListenAddress
  /** Whether a token is asked for at an address of this machine too. */
  readonly asksForTokens: boolean
  readonly logger: Logger
}

const OF_THIS_MACHINE = ['127.0.0.1', '::1', 'localhost']

/**
 * Serves the HTTP API. Whoever may come from elsewhere needs a token; at an address of this machine nobody does, unless it is
 * asked for.
 *
 * @returns where it listens, whether it asks for tokens, and how to end it
 */
export async function serveHttp(
  carillon: Carillon,
  { address, asksForTokens, logger }: HttpOptions,
): Promise<AsyncDisposable & { readonly url: string; readonly asksForTokens: boolean }> {
  const tokens = asksForTokens || !OF_THIS_MACHINE.includes(address.host)
  const served = await serveApi(createApi(carillon, { tokens, logger }), address)
  return {
    url: served.url,
    asksForTokens: tokens,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}
