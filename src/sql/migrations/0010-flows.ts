import { addNumber, createIndex, type Place } from '../ddl.ts'

/**
 * By what occurrences take turns when workers are behind: a number for their namespace. What was stored before has 0, and
 * takes one turn together until it is planned anew.
 */
export function statements(place: Place): string[] {
  return [
    addNumber('cursors', 'flow', place),
    addNumber('occurrences', 'flow', place),
    ...createIndex(
      'occurrences',
      {
        name: 'flows',
        columns: ['queue', 'flow', 'due_at', 'job'],
        where: "state = 'planned' and lease_until is null",
        wholeColumns: ['state', 'lease_until', 'queue', 'flow', 'due_at', 'job'],
      },
      place,
    ),
  ]
}
