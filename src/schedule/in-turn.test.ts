import { expect, it } from 'vitest'
import { inTurn } from './in-turn.ts'

it.each([
  [[], []],
  [[[], []], []],
  [[[1, 2, 3]], [1, 2, 3]],
  [
    [[1, 4, 6], [2], [], [3, 5]],
    [1, 2, 3, 4, 5, 6],
  ],
])('%j', (lists, expected) => {
  expect(inTurn<number>(lists)).toEqual(expected)
})
