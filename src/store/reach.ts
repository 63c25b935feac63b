import { sql, type RawBuilder } from 'kysely'

/** Which schedules of a namespace somebody reaches; all others are as if they were not there. */
export interface Reach {
  /** Those in one of these groups; `null` for all, also those without a group. */
  readonly groups: readonly string[] | null
  /** Those of one of these jobs; `null` for all. */
  readonly jobs: readonly string[] | null
}

export const EVERYTHING: Reach = { groups: null, jobs: null }

/** What must be true of a row of the table of schedules. @param alias how the table is called there */
export function isReached({ groups, jobs }: Reach, alias: string): RawBuilder<boolean> {
  if (groups === null && jobs === null) return sql`1 = 1`
  return sql`(${among(`${alias}.group`, groups)} and ${among(`${alias}.job`, jobs)})`
}

function among(column: string, values: readonly string[] | null): RawBuilder<boolean> {
  if (values === null) return sql`1 = 1`
  return values.length === 0 ? sql`1 = 0` : sql`${sql.ref(column)} in (${sql.join(values)})`
}
