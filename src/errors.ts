/** What every error of Carillon carries besides its message. */
export interface ErrorDetails {
  readonly cause?: unknown
}

/**
 * The base of all errors that Carillon throws on purpose. `code` is stable and meant for programs; `message` says
 * what, where, and what would be right, and is meant for people.
 *
 * Every code is listed in docs/reference/errors.md.
 */
export abstract class CarillonError extends Error {
  abstract readonly code: string

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
  }
}

/** A cron expression that does not follow the syntax. */
export class CronSyntaxError extends CarillonError {
  readonly code = 'CRON_SYNTAX'

  /** The whole expression as given. */
  readonly expression: string
  /** The field that is wrong, such as `minute`; `undefined` when the expression as a whole is. */
  readonly field: string | undefined
  /** Offset into `expression`, in UTF-16 code units, where the fault begins. */
  readonly position: number
  /** What would be right, when that can be told. */
  readonly suggestion: string | undefined

  constructor(
    message: string,
    at: { expression: string; field?: string | undefined; position: number; suggestion?: string | undefined },
  ) {
    super(message)
    this.expression = at.expression
    this.field = at.field
    this.position = at.position
    this.suggestion = at.suggestion
  }
}

/** A time zone that the runtime does not know. */
export class UnknownZoneError extends CarillonError {
  readonly code = 'UNKNOWN_ZONE'
  readonly zone: string

  constructor(message: string, zone: string, details?: ErrorDetails) {
    super(message, details)
    this.zone = zone
  }
}

/** An option, a duration or a definition that a caller passed is not valid. `path` names it, as in `catchUp.within`. */
export class InvalidInputError extends CarillonError {
  readonly code = 'INVALID_INPUT'
  readonly path: string

  constructor(message: string, path: string, details?: ErrorDetails) {
    super(message, details)
    this.path = path
  }
}

/** A payload that its job's schema refuses, that is not JSON, or that is too large. */
export class InvalidPayloadError extends CarillonError {
  readonly code = 'INVALID_PAYLOAD'
  readonly job: string

  constructor(message: string, job: string, details?: ErrorDetails) {
    super(message, details)
    this.job = job
  }
}

/** The set-up of the program is wrong: the config file, the database address, an option of `open`. */
export class ConfigError extends CarillonError {
  readonly code = 'CONFIG'
}

/** A job name that nothing registers. */
export class UnknownJobError extends CarillonError {
  readonly code = 'UNKNOWN_JOB'
  readonly job: string

  constructor(message: string, job: string) {
    super(message)
    this.job = job
  }
}

/** No schedule has this key in this namespace. */
export class ScheduleNotFoundError extends CarillonError {
  readonly code = 'SCHEDULE_NOT_FOUND'
  readonly key: string

  constructor(message: string, key: string) {
    super(message)
    this.key = key
  }
}

/** No run has this id in the namespace; what is older than it is to be kept has been removed. */
export class RunNotFoundError extends CarillonError {
  readonly code = 'RUN_NOT_FOUND'
  readonly id: string

  constructor(message: string, id: string) {
    super(message)
    this.id = id
  }
}

/** No token has this id. */
export class TokenNotFoundError extends CarillonError {
  readonly code = 'TOKEN_NOT_FOUND'
}

/** The schedule is not in the state or at the revision that the caller expected. Read it again, then decide. */
export class ScheduleConflictError extends CarillonError {
  readonly code = 'SCHEDULE_CONFLICT'
  readonly key: string

  constructor(message: string, key: string) {
    super(message)
    this.key = key
  }
}

/** What was to be done once, under a name, was done under that name before. */
export class AlreadyDoneError extends CarillonError {
  readonly code = 'ALREADY_DONE'
  /** When it was done. */
  readonly at: Date

  constructor(message: string, at: Date) {
    super(message)
    this.at = at
  }
}

/** The namespace would have more than it may. `quota` says which limit it is, as in `schedules`. */
export class QuotaExceededError extends CarillonError {
  readonly code = 'QUOTA_EXCEEDED'
  readonly namespace: string
  readonly quota: 'schedules' | 'shortestInterval' | 'runsPerMinute'
  /** How much it may have; of `shortestInterval` in milliseconds. */
  readonly limit: number

  constructor(message: string, of: Pick<QuotaExceededError, 'namespace' | 'quota' | 'limit'>) {
    super(message)
    this.namespace = of.namespace
    this.quota = of.quota
    this.limit = of.limit
  }
}

/** The lease of a run was lost: another server may run the occurrence now, and what this one writes no longer counts. */
export class LeaseLostError extends CarillonError {
  readonly code = 'LEASE_LOST'
}

/** A run was aborted because another one takes its place: its schedule's `overlap` is `replace`. */
export class RunReplacedError extends CarillonError {
  readonly code = 'RUN_REPLACED'
}

/** A run took longer than its schedule's `timeout`. */
export class RunTimeoutError extends CarillonError {
  readonly code = 'RUN_TIMEOUT'
  readonly timeoutMs: number

  constructor(message: string, timeoutMs: number) {
    super(message)
    this.timeoutMs = timeoutMs
  }
}

/** The run was aborted because its worker stops. The occurrence is given back and begins again elsewhere. */
export class WorkerStoppedError extends CarillonError {
  readonly code = 'WORKER_STOPPED'
}

/** Thrown by a handler: no further attempt would mend it, so the run fails for good, whatever `retries` are left. */
export class UnrecoverableError extends CarillonError {
  readonly code = 'UNRECOVERABLE'
}

/** The program of a `command` job could not be started, or did not end with status 0. */
export class CommandFailedError extends CarillonError {
  readonly code = 'COMMAND_FAILED'
  readonly exitStatus: number | undefined
  /** What is kept of the run: how it ended, and what the program printed. */
  readonly result: unknown

  constructor(
    message: string,
    details: ErrorDetails & { exitStatus?: number | undefined; result?: unknown },
  ) {
    super(message, details)
    this.exitStatus = details.exitStatus
    this.result = details.result
  }
}

/** A request of a webhook job was not taken: it could not be sent, was not answered, or the status is not 2xx. */
export class WebhookFailedError extends CarillonError {
  readonly code = 'WEBHOOK_FAILED'
  /** What was answered; `undefined` where nothing was. */
  readonly status: number | undefined
  /** Whether the same request may be taken later. If not, no further attempt follows. */
  readonly retryable: boolean
  /** How long the receiver wants to be left alone, in milliseconds; 0 when it did not say. */
  readonly retryAfterMs: number
  /** What is kept of the run: the status, and the beginning of the answer. */
  readonly result: unknown

  constructor(
    message: string,
    details: ErrorDetails & {
      retryable: boolean
      status?: number | undefined
      retryAfterMs?: number | undefined
      result?: unknown
    },
  ) {
    super(message, details)
    this.status = details.status
    this.retryable = details.retryable
    this.retryAfterMs = details.retryAfterMs ?? 0
    this.result = details.result
  }
}

/** The driver in use cannot do this. */
export class UnsupportedByDriverError extends CarillonError {
  readonly code = 'UNSUPPORTED_BY_DRIVER'
}

/** A database or another server failed or refused. `retryable` tells whether the same call may succeed later. */
export class DriverError extends CarillonError {
  readonly code = 'DRIVER'
  readonly retryable: boolean

  constructor(message: string, details: ErrorDetails & { retryable: boolean }) {
    super(message, details)
    this.retryable = details.retryable
  }
}

/** The database was written by a newer version of Carillon than this one. */
export class SchemaTooNewError extends CarillonError {
  readonly code = 'SCHEMA_TOO_NEW'
}
