import { sql, type RawBuilder } from 'kysely'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import { rowList, type RowValue } from '../sql/row-list.ts'

/** The condition that the occurrence `o` is one of these. */
export function among(refs: readonly OccurrenceRef[]): RawBuilder<boolean> {
  const rows = refs.map(({ scheduleId, generation, nominalAt }): RowValue[] => [
    scheduleId,
    generation,
    nominalAt,
  ])
  return sql<boolean>`(o.schedule_id, o.generation, o.nominal_at) in (select c0, c1, c2 from ${rowList(rows, 3)} as refs)`
}
