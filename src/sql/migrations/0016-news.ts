import { createIndex, type Place } from '../ddl.ts'

/** Schedules by when they were changed, for those who follow what happens. */
export function statements(place: Place): string[] {
  return createIndex('schedules', { name: 'updated', columns: ['updated_at'] }, place)
}
