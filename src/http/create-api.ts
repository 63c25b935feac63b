import type { Carillon } from '../carillon/carillon.ts'
import type { Clock } from '../clock/clock.ts'
import type { Logger } from '../logger.ts'
import { buildApi, type Api } from './api.ts'
import { authenticateLocal, type Authenticate } from './authenticate.ts'

export type { Api } from './api.ts'

export interface ApiOptions {
  /**
   * Says who sent a request and what they may do: by the session of your application, say. Without it there are no tokens,
   * and only this machine may ask.
   */
  readonly authenticate?: Authenticate | undefined
  /** Where it is mounted; `/api/v1` by default. */
  readonly basePath?: string | undefined
  /** The largest body, in bytes; 1 MiB by default. */
  readonly maxBodyBytes?: number | undefined
  readonly logger?: Logger | undefined
  /** What time it is, for tests. */
  readonly clock?: Clock | undefined
}

/** What an answer says that came without a token. */
const OPEN = { 'carillon-access': 'without tokens, for this machine only' }

/**
 * The HTTP API over the schedules of a process, as a web-standard handler that any framework can mount. `serveApi` serves it
 * alone.
 *
 * ```ts
 * const api = createApi(cron, { authenticate: (request) => grantOf(sessionOf(request)) })
 * app.all('/api/v1/*', (c) => api.fetch(c.req.raw))
 * ```
 *
 * @see docs/reference/http.md
 */
export function createApi(carillon: Carillon, options: ApiOptions = {}): Api {
  const { authenticate, ...rest } = options
  return authenticate === undefined
    ? buildApi({ carillon, authenticate: authenticateLocal, headers: OPEN, ...rest })
    : buildApi({ carillon, authenticate, ...rest })
}
