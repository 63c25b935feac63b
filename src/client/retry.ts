import { CarillonApiError, NoAnswerError } from './api-error.ts'

/** How often, and after how long, a request is sent again. */
export interface RetryPolicy {
  /** How many times it is sent again. */
  readonly retries: number
  /** The wait before the first time; each is twice as long as the one before. */
  readonly initialMs: number
  /** The longest wait. A server that asks for a longer one is not asked again. */
  readonly maxMs: number
}

/** Answers that say "not now": of the server, or of a proxy that does not reach it. */
const NOT_NOW = new Set([429, 502, 503, 504])

/**
 * How long to wait before a request is sent again; `undefined` when it is not. It goes for what may be sent twice: what only
 * reads, or has an `Idempotency-Key`.
 *
 * @param sent how many times it was sent, from 1
 * @param random from 0 to 1, so that clients that failed together do not come back together
 */
export function retryDelay(
  error: unknown,
  sent: number,
  { retries, initialMs, maxMs }: RetryPolicy,
  random: number,
): number | undefined {
  if (sent > retries || !isPassing(error)) return undefined
  const full = Math.min(initialMs * 2 ** (sent - 1), maxMs)
  const own = full * (0.5 + random / 2)

  const asked = error instanceof CarillonApiError ? error.retryAfterMs : undefined
  if (asked === undefined) return own
  // Never earlier than it was asked for, also with the part that is left to chance.
  return asked > maxMs ? undefined : asked + Math.min(own, initialMs)
}

function isPassing(error: unknown): boolean {
  if (error instanceof NoAnswerError) return true
  if (!(error instanceof CarillonApiError)) return false
  return NOT_NOW.has(error.status) || error.code === 'REQUEST_UNDER_WAY'
}

/** What `Retry-After` asks for: seconds, or an instant, which is read by the clock of the server. */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const waitMs = Date.parse(text) - Date.parse(headers.get('date') ?? '')
  return Number.isNaN(waitMs) ? undefined : Math.max(waitMs, 0)
}
