import { DriverError } from '../errors.ts'
import type { Fault } from './fault.ts'

/** A database's error in words, with what kind of fault it was. */
class SqlError extends DriverError {
  readonly fault: Fault

  constructor(database: string, fault: Fault, cause: unknown) {
    super(`database ${database}: ${fault.remedy}`, { retryable: fault.retryable, cause })
    this.name = 'DriverError'
    this.fault = fault
  }
}

/** The error as callers see it: a `DriverError` with the cause in words, or the error itself when it is not SQL's. */
export function toDriverError(error: unknown, database: string, fault: Fault | undefined): unknown {
  return fault === undefined ? error : new SqlError(database, fault, error)
}

/** Whether the database refused what was to be written, rather than failed to write it. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SqlError && error.fault.kind === 'refused'
}
