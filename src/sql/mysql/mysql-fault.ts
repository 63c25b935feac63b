import type { Fault } from '../fault.ts'

/** Codes of the server and of `mysql2`, https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html. */
const CONTENTION = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD', 'ER_LOCK_NOWAIT'])
const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  // It has become a replica: another connection may find the primary.
  'ER_OPTION_PREVENTS_STATEMENT',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EAI_AGAIN',
])
const REFUSED = new Set([
  'ER_DUP_ENTRY',
  'ER_BAD_NULL_ERROR',
  'ER_DATA_TOO_LONG',
  'ER_WARN_DATA_OUT_OF_RANGE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'ER_NO_REFERENCED_ROW_2',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_CONSTRAINT_FAILED',
  'ER_SIGNAL_EXCEPTION',
])
/** What `mysql2` says without a code. */
const CLOSED = /closed state|Connection lost|Pool is closed|Can't add new command/

/** What an error of MySQL's, MariaDB's or `mysql2`'s means; `undefined` when it is of none. */
export function mysqlFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const { message } = error

  if (LOST.has(code) || CLOSED.test(message))
    return { kind: 'lost', retryable: true, remedy: `the connection was lost or refused: ${message || code}` }
  if (CONTENTION.has(code)) return { kind: 'contention', retryable: true, remedy: message }
  if (REFUSED.has(code)) return { kind: 'refused', retryable: false, remedy: message }
  if (/^(ER_|PROTOCOL_|HANDSHAKE_)/.test(code)) return { kind: 'failed', retryable: false, remedy: message }
  return code === 'ENOTFOUND' ? { kind: 'failed', retryable: true, remedy: message } : undefined
}
