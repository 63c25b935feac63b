import { DriverError } from '../errors.ts'

/** SQLite's primary result codes, https://sqlite.org/rescode.html. */
const SQLITE = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  constraint: 19,
  notadb: 26,
}

/** What a person should do about an SQLite error, by its primary code. */
const REMEDY: Readonly<Record<number, string>> = {
  [SQLITE.busy]: 'the database is locked by another process',
  [SQLITE.readonly]: 'the database file or its folder cannot be written to',
  [SQLITE.ioerr]: 'the disk failed',
  [SQLITE.corrupt]: 'the database file is damaged; restore it from a backup',
  [SQLITE.full]: 'the disk is full',
  [SQLITE.cantopen]: 'the database file cannot be opened; its folder must exist and be writable',
  [SQLITE.notadb]: 'the file is not an SQLite database',
}

/** Whether the same transaction may well succeed when it is tried again at once. */
export function isContention(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === SQLITE.busy || code === SQLITE.locked
}

/** Whether the database refused what was to be written, rather than failed to write it. */
export function isRefusal(error: unknown): boolean {
  const cause = error instanceof DriverError ? error.cause : error
  return sqliteCode(cause) === SQLITE.constraint
}

/** The error as callers see it: a `DriverError` with the cause in words, or the error itself when it is not SQL's. */
export function toDriverError(error: unknown, database: string): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error

  const remedy = REMEDY[code] ?? (error as Error).message
  const retryable =
    code === SQLITE.busy || code === SQLITE.locked || code === SQLITE.full || code === SQLITE.ioerr
  return new DriverError(`database ${database}: ${remedy}`, { retryable, cause: error })
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined
  return error.errcode & 0xff
}
