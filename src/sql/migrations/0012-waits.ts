import { addNumber, type Place } from '../ddl.ts'

/** How often an occurrence was told to wait for its turn: what makes the messages before that void, and names the next. */
export function statements(place: Place): string[] {
  return [addNumber('occurrences', 'waits', place, 'count')]
}
