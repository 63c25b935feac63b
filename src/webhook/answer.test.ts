import { describe, expect, it } from 'vitest'
import { causeText, refusalText, retryAfterMs, verdictOn } from './answer.ts'

it.each([
  ['taken', [200, 201, 202, 204, 299]],
  ['later', [408, 425, 429, 500, 502, 503, 504, 599]],
  ['never', [101, 199, 300, 301, 304, 308, 400, 401, 404, 407, 409, 410, 422, 499]],
])('a request is %s by an answer of %j', (verdict, statuses) => {
  expect(statuses.map(verdictOn)).toEqual(statuses.map(() => verdict))
})

it.each([
  [299, 'answered 299'],
  [300, 'answered 300, and redirects are not followed: give the address that it points to'],
  [399, 'answered 399, and redirects are not followed: give the address that it points to'],
  [400, 'answered 400'],
])('an answer of %i is told', (status, text) => {
  expect(refusalText(status)).toBe(text)
})

it.each([
  ['7', 7_000],
  ['999999999', 999_999_999_000],
  ['0', 0],
  ['-7', 0],
  ['1.5', 0],
  ['9'.repeat(10), 0],
  ['x7', 0],
  ['7x', 0],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
  ['', 0],
])('Retry-After: %s is a wait of %i ms', (header, ms) => {
  expect(retryAfterMs(header)).toBe(ms)
})

describe('why a request failed', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:1')

  it.each<[string, unknown, string]>([
    ['its error', refused, ': connect ECONNREFUSED 127.0.0.1:1'],
    ['the cause of its error', new TypeError('fetch failed', { cause: refused }), `: ${refused.message}`],
    ['its error, where the cause is none', new Error('no', { cause: 'nobody' }), ': no'],
    ['a name, where there are no words', new RangeError(''), ': RangeError'],
    [
      'the first of several that have no words together',
      new AggregateError([refused]),
      `: ${refused.message}`,
    ],
    ['the words of several', new AggregateError([refused], 'all of them'), ': all of them'],
    ['whatever was thrown', 42, ': 42'],
  ])('is told by %s', (_, error, text) => {
    expect(causeText(error)).toBe(text)
  })
})
