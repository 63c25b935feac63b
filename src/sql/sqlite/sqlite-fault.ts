import type { Fault } from '../fault.ts'

/** The primary result codes that mean something to us, https://sqlite.org/rescode.html. */
const FAULTS: Readonly<Record<number, Fault>> = {
  5: { kind: 'contention', retryable: true, remedy: 'the database is locked by another process' },
  6: { kind: 'contention', retryable: true, remedy: 'the database is locked by another process' },
  8: { kind: 'failed', retryable: false, remedy: 'the database file or its folder cannot be written to' },
  10: { kind: 'failed', retryable: true, remedy: 'the disk failed' },
  11: { kind: 'failed', retryable: false, remedy: 'the database file is damaged; restore it from a backup' },
  13: { kind: 'failed', retryable: true, remedy: 'the disk is full' },
  14: {
    kind: 'failed',
    retryable: false,
    remedy: 'the database file cannot be opened; its folder must exist and be writable',
  },
  26: { kind: 'failed', retryable: false, remedy: 'the file is not an SQLite database' },
}
const CONSTRAINT = 19

/** What an error of SQLite's means; `undefined` when it is not one. */
export function sqliteFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined

  const code = error.errcode & 0xff
  const kind = code === CONSTRAINT ? 'refused' : 'failed'
  return FAULTS[code] ?? { kind, retryable: false, remedy: error.message }
}
