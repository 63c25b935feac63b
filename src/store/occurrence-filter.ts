import { sql, type RawBuilder } from 'kysely'
import type { Instant } from '../clock/clock.ts'
import type { OccurrenceOrigin, OccurrenceRef, OccurrenceState, SkipReason } from '../schedule/occurrence.ts'

/** Which occurrences are listed. */
export interface OccurrenceFilter {
  readonly states?: readonly OccurrenceState[] | undefined
  readonly reasons?: readonly SkipReason[] | undefined
  readonly origins?: readonly OccurrenceOrigin[] | undefined
  /** Only those whose last failed attempt has an error with one of these codes. */
  readonly errorCodes?: readonly string[] | undefined
  /** Only nominal instants from this one on. */
  readonly from?: Instant | undefined
  /** Only nominal instants up to this one. */
  readonly until?: Instant | undefined
}

type Condition = RawBuilder<boolean>

/** What must be true of the occurrence `o`; `undefined` when nothing can be. */
export function conditionsOf(filter: OccurrenceFilter): Condition[] | undefined {
  const { states, reasons, origins, errorCodes } = filter
  if ([states, reasons, origins, errorCodes].some((words) => words?.length === 0)) return undefined

  const conditions = instantsOf(filter)
  if (states !== undefined) conditions.push(sql`o.state in (${sql.join(states)})`)
  if (reasons !== undefined) conditions.push(sql`o.reason in (${sql.join(reasons)})`)
  if (origins !== undefined) conditions.push(sql`o.origin in (${sql.join(origins)})`)
  if (errorCodes !== undefined) conditions.push(sql`(${sql.join(errorCodes.map(hasErrorCode), sql` or `)})`)
  return conditions
}

/** What must be true of the nominal instant of `o`. */
export function instantsOf({ from, until }: Pick<OccurrenceFilter, 'from' | 'until'>): Condition[] {
  const conditions: Condition[] = []
  if (from !== undefined) conditions.push(sql`o.nominal_at >= ${from}`)
  if (until !== undefined) conditions.push(sql`o.nominal_at <= ${until}`)
  return conditions
}

/** The occurrence `o` comes after this one, newest first. The first part is what MySQL finds in an index. */
export function isAfter({ nominalAt, scheduleId, generation }: OccurrenceRef): Condition {
  return sql`o.nominal_at <= ${nominalAt}
    and (o.nominal_at, o.schedule_id, o.generation) < (${nominalAt}, ${scheduleId}, ${generation})`
}

/** The order of a listing. */
export function newestFirst(a: OccurrenceRef, b: OccurrenceRef): number {
  return b.nominalAt - a.nominalAt || b.scheduleId - a.scheduleId || b.generation - a.generation
}

/** Errors are stored as JSON that begins with the code. */
function hasErrorCode(code: string): Condition {
  const beginning = `{"code":${JSON.stringify(code)},`
  return sql`substr(o.error, 1, ${sql.lit(Array.from(beginning).length)}) = ${beginning}`
}
