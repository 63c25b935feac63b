import type { Carillon } from '../carillon/carillon.ts'
import type { Clock } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { ConfigError } from '../errors.ts'
import { consoleLogger, type Logger } from '../logger.ts'
import type { SigningKey } from './access/signing-key.ts'
import { TokenGate } from './access/token-gate.ts'
import { TokenVerifier } from './access/token-verifier.ts'
import { buildApi, type Api } from './api.ts'
import { authenticateByToken } from './authenticate-token.ts'
import { authenticateLocal, type Authenticate } from './authenticate.ts'
import type { RequestRate } from './rate-limit.ts'

export interface ApiOptions {
  /**
   * Whether a token is asked for, which is the default: one of `cron.tokens`, or one that `signToken` made. Without tokens
   * only this machine may ask, and may do everything.
   */
  readonly tokens?: boolean | undefined
  /** The keys by which `signToken` signs; several while one takes the place of another. */
  readonly signingKeys?: readonly SigningKey[] | undefined
  /** Says who sent a request and what they may do, in place of tokens: by the session of your application, say. */
  readonly authenticate?: Authenticate | undefined
  /** Where it is mounted; `/api/v1` by default. */
  readonly basePath?: string | undefined
  /** The largest body, in bytes; 1 MiB by default. */
  readonly maxBodyBytes?: number | undefined
  /** How many requests each token may send; 600 a minute by default, `false` for any number. */
  readonly rate?: RequestRate | false | undefined
  readonly logger?: Logger | undefined
  /** What time it is, for tests. */
  readonly clock?: Clock | undefined
}

const DEFAULT_RATE: RequestRate = { perMinute: 600 }
/** What an answer says that needed no token. */
const OPEN = { 'carillon-access': 'without tokens, for this machine only' }

/**
 * The HTTP API over the schedules of a process, as a web-standard handler that any framework can mount. `serveApi` serves it
 * alone.
 *
 * ```ts
 * const api = createApi(cron)
 * const { token } = await cron.tokens.create({ label: 'dashboard', scope: 'write', namespace: 'acme' })
 * ```
 *
 * @throws {ConfigError} when options contradict each other, or a key is too short
 * @see docs/reference/http.md
 */
export function createApi(carillon: Carillon, options: ApiOptions = {}): Api {
  const { tokens, signingKeys, authenticate, rate = DEFAULT_RATE, ...rest } = options
  if (authenticate !== undefined && (tokens !== undefined || signingKeys !== undefined))
    throw new ConfigError('authenticate takes the place of tokens: leave tokens and signingKeys out')
  const parts = { carillon, ...rest }
  if (tokens === false) return buildApi({ ...parts, authenticate: authenticateLocal, headers: OPEN })

  const limited = { ...parts, rate: rate === false ? undefined : rate }
  if (authenticate !== undefined) return buildApi({ ...limited, authenticate })
  const { clock = new SystemClock(), logger = consoleLogger } = options
  const verifier = new TokenVerifier({ tokens: carillon.tokens, signingKeys, clock })
  return buildApi({
    ...limited,
    authenticate: authenticateByToken(new TokenGate({ verifier, clock, logger })),
  })
}
