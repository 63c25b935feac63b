import { expect, it } from 'vitest'
import { didYouMean, nearest } from './suggestion.ts'

it.each([
  ['timezoen', ['timezone', 'timeout'], 'timezone'],
  ['Evry', ['every', 'at'], 'every'],
  ['shedule', ['dispatch', 'schedule'], 'schedule'],
  ['colour', ['cron', 'every'], undefined],
  ['', ['cron'], undefined],
])('takes %j for one of %j: %j', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected)
})

it('ends a message with the suggestion, or with nothing', () => {
  expect(didYouMean('crom', ['cron'])).toBe(': did you mean "cron"?')
  expect(didYouMean('zzz', ['cron'])).toBe('')
})
