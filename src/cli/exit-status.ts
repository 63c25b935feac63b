import { CarillonError } from '../errors.ts'

/** How the command line ends. */
export const EXIT = {
  ok: 0,
  /** What was asked could not be done. */
  failure: 1,
  /** What was asked makes no sense: arguments, options, the config file. */
  usage: 2,
  /** Ended by a second Ctrl-C, as shells count it. */
  interrupted: 130,
} as const

/** The exit status of each error code; codes that are not named end with `failure`. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  CRON_SYNTAX: EXIT.usage,
  UNKNOWN_ZONE: EXIT.usage,
  INVALID_INPUT: EXIT.usage,
  INVALID_PAYLOAD: EXIT.usage,
  UNKNOWN_JOB: EXIT.usage,
  CONFIG: EXIT.usage,
  SCHEDULE_NOT_FOUND: EXIT.failure,
  RUN_NOT_FOUND: EXIT.failure,
  TOKEN_NOT_FOUND: EXIT.failure,
  SCHEDULE_CONFLICT: EXIT.failure,
  DRIVER: EXIT.failure,
  SCHEMA_TOO_NEW: EXIT.failure,
}

export function exitStatusOf(error: unknown): number {
  return error instanceof CarillonError ? (STATUS_OF_CODE[error.code] ?? EXIT.failure) : EXIT.failure
}
