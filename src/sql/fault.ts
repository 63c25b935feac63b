/**
 * What went wrong in a database:
 * - `contention`: others were in the way, and the same transaction may well succeed at once;
 * - `lost`: the connection is gone, or the server is; what was under way may or may not have been committed;
 * - `refused`: the database does not take what was to be written;
 * - `failed`: anything else.
 */
export interface Fault {
  readonly kind: 'contention' | 'lost' | 'refused' | 'failed'
  /** What a person should know or do. */
  readonly remedy: string
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
}
