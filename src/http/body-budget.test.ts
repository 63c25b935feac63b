import { expect, it } from 'vitest'
import { BodyBudget } from './body-budget.ts'

const MIB = 1024 * 1024

it('has room for a quarter of it for each sender, and for all of it', () => {
  const budget = new BodyBudget(MIB)
  const taken = ['a', 'b', 'c', 'd'].flatMap((sender) =>
    Array.from({ length: 16 }, () => budget.take(sender, MIB)),
  )
  expect(taken.every((release) => release !== undefined)).toBe(true)
  expect(budget.take('a', 1)).toBeUndefined()
  expect(budget.take('e', 1)).toBeUndefined()
  taken[0]!()
  expect(budget.take('a', MIB + 1)).toBeUndefined()
  expect(budget.take('e', MIB)).toBeDefined()
})

it('has room for a body of the largest size, however large that is', () => {
  const budget = new BodyBudget(100 * MIB)
  expect(budget.take('a', 100 * MIB)).toBeDefined()
  expect(budget.take('a', 1)).toBeUndefined()
  expect(budget.take('b', 100 * MIB)).toBeDefined()
})
