import { addColumn, type Place } from '../ddl.ts'

/** The overlap policy of what a backfill makes up for, where that was given one of its own. */
export function statements(place: Place): string[] {
  return [addColumn('occurrences', 'overlap', 'word', place)]
}
