import { expect, it } from 'vitest'
import { DAY_COUNT, monthLength, monthOf, monthStart, weekdayOf } from './month-table.ts'

it('knows the date of every day from 1970 to 2199', () => {
  const wrong: number[] = []
  for (let day = 0; day < DAY_COUNT; day++) {
    const date = new Date(day * 86_400_000)
    const month = monthOf(day)
    const isRight =
      month === (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth() &&
      day - monthStart(month) + 1 === date.getUTCDate() &&
      weekdayOf(day) === date.getUTCDay()
    if (!isRight) wrong.push(day)
  }

  expect(wrong).toEqual([])
  expect(new Date(DAY_COUNT * 86_400_000).toISOString()).toBe('2200-01-01T00:00:00.000Z')
})

it('knows that 2000 and 2096 have a leap day and 2100 has none', () => {
  const february = (year: number) => monthLength((year - 1970) * 12 + 1)
  expect([1972, 2000, 2023, 2096, 2100].map(february)).toEqual([29, 29, 28, 29, 28])
})
