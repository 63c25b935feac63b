import type { Fault } from '../fault.ts'

/** What the classes and codes of PostgreSQL mean, https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const CONTENTION = new Set(['40001', '40P01', '55P03'])
/**
 * Connection exceptions, shutdown by the administrator or after a crash, a server that still starts, and one that has
 * become a standby, so that another connection may find the primary.
 */
const LOST = /^(08...|57P0[1-5]|53300|25006|25P03)$/
const REFUSED = /^(22|23)/

const NETWORK = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EAI_AGAIN',
])
/** What `pg` says without a code. */
const SILENT =
  /Connection terminated|Query read timeout|Client has encountered a connection error|not queryable|timeout exceeded when trying to connect/

/** What an error of PostgreSQL's or of `pg`'s means; `undefined` when it is of neither. */
export function postgresFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const { message } = error

  if (NETWORK.has(code) || SILENT.test(message) || LOST.test(code))
    return { kind: 'lost', retryable: true, remedy: `the connection was lost or refused: ${message || code}` }
  if (CONTENTION.has(code)) return { kind: 'contention', retryable: true, remedy: message }
  if (REFUSED.test(code)) return { kind: 'refused', retryable: false, remedy: message }
  if (code === '57014')
    return {
      kind: 'failed',
      retryable: true,
      remedy: `a statement took too long and was cancelled: ${message}`,
    }
  if (/^[0-9A-Z]{5}$/.test(code)) return { kind: 'failed', retryable: false, remedy: message }
  return code === 'ENOTFOUND' ? { kind: 'failed', retryable: true, remedy: message } : undefined
}
