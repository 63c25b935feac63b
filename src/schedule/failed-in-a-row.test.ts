import { describe, expect, it } from 'vitest'
import { failedInARow, failedInARowText, type RunEnd } from './failed-in-a-row.ts'

const ENDS = { s: 'succeeded', f: 'failed' } as const satisfies Record<string, RunEnd>

describe('a schedule that is to be paused after so many failures in a row', () => {
  it.each([
    ['', 1, false],
    ['f', 1, true],
    ['s', 1, false],
    ['sf', 1, false],
    ['fs', 1, true],
    ['f', 2, false],
    ['ff', 2, true],
    ['fs', 2, false],
    ['ffs', 2, true],
    ['fff', 2, true],
    ['ff', 3, false],
    ['fffs', 3, true],
    ['ffsf', 3, false],
    ['sfff', 3, false],
  ])('whose runs ended as %j, newest first, with pauseAfter %i: %s', (ends, pauseAfter, isPaused) => {
    const list = ends.split('').map((letter) => ENDS[letter as keyof typeof ENDS])
    expect(failedInARow(list, pauseAfter)).toBe(isPaused)
  })
})

it.each([
  [1, 'a run failed'],
  [2, '2 runs in a row failed'],
])('a pause after %i says so', (pauseAfter, text) => {
  expect(failedInARowText(pauseAfter)).toBe(text)
})
