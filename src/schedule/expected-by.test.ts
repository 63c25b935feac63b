import { describe, expect, it } from 'vitest'
import { expectedBy, type OpenOccurrence } from './expected-by.ts'

describe('by when something is expected of an occurrence', () => {
  it.each<[OpenOccurrence['state'], string, number, number, number | null, number, number | undefined]>([
    ['planned', 'ahead', 1_000, 400, null, 900, 1_900],
    ['sent', 'ahead', 1_000, 400, null, 900, 1_900],
    ['running', 'ahead', 1_000, 400, null, 900, undefined],
    ['planned', 'late, to be made up for', 1_000, 5_000, null, 900, 5_900],
    ['planned', 'ahead, without a limit', 1_000, 400, null, 0, undefined],
    ['planned', 'ahead', 1_000, 400, 50, 900, 1_050],
    ['sent', 'ahead', 1_000, 400, 50, 900, 1_050],
    ['running', 'ahead', 1_000, 400, 50, 900, 1_050],
    ['running', 'ahead, without a limit for others', 1_000, 400, 50, 0, 1_050],
    ['running', 'late, to be made up for', 1_000, 5_000, 50, 900, 5_050],
  ])(
    '%s, planned %s: due %i, planned at %i, own %s, of others %i: %s',
    (state, _, dueAt, plannedAt, own, others, by) => {
      expect(expectedBy({ state, dueAt, plannedAt }, own, others)).toBe(by)
    },
  )
})
