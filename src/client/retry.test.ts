import { describe, expect, it } from 'vitest'
import { CarillonApiError, NoAnswerError, type Problem } from './api-error.ts'
import { retryAfterOf, retryDelay } from './retry.ts'

const POLICY = { retries: 10, initialMs: 100, maxMs: 1_000 }
const NO_ANSWER = new NoAnswerError('listJobs', 1, new TypeError('cut'))
const answered = (status: number, code?: Problem['code'], retryAfterMs?: number) => {
  const problem = code && { type: '', title: '', detail: '', status, code }
  return new CarillonApiError('listJobs', status, { problem, retryAfterMs })
}

describe('the wait before a request is sent again', () => {
  it('doubles, up to a limit, and half of it is left to chance', () => {
    const waits = (random: number) =>
      [1, 2, 3, 4, 5, 9].map((sent) => retryDelay(NO_ANSWER, sent, POLICY, random))
    expect(waits(1)).toEqual([100, 200, 400, 800, 1_000, 1_000])
    expect(waits(0)).toEqual([50, 100, 200, 400, 500, 500])
  })

  it.each([0, 0.5, 1])('is never shorter than the server asks for (chance %d)', (random) => {
    const wait = retryDelay(answered(503, 'UNAVAILABLE', 900), 1, POLICY, random)!
    expect(wait).toBeGreaterThan(900)
    expect(wait).toBeLessThanOrEqual(1_000)
  })

  it.each([
    ['the server asks for too long a one', answered(429, 'TOO_MANY_REQUESTS', 1_001), 1],
    ['it was sent often enough', NO_ANSWER, 11],
    ['it is wrong', answered(422, 'INVALID_INPUT'), 1],
    ['its answer is lost', answered(409, 'ANSWER_LOST'), 1],
    ['the server failed at it', answered(500, 'INTERNAL'), 1],
    ['it was taken back', new Error('no more'), 1],
  ])('is none when %s', (_, error, sent) => {
    expect(retryDelay(error, sent, POLICY, 0)).toBeUndefined()
  })

  it.each([answered(429), answered(502), answered(503), answered(504), answered(409, 'REQUEST_UNDER_WAY')])(
    'is one after %s',
    (error) => {
      expect(retryDelay(error, 1, POLICY, 1)).toBe(100)
    },
  )
})

describe('Retry-After', () => {
  const date = 'Mon, 01 Jun 2026 10:00:00 GMT'

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Mon, 01 Jun 2026 10:00:05 GMT', date }, 5_000],
    [{ 'retry-after': 'Mon, 01 Jun 2026 09:00:00 GMT', date }, 0],
    [{ 'retry-after': 'Mon, 01 Jun 2026 10:00:05 GMT' }, undefined],
    [{ 'retry-after': 'soon', date }, undefined],
    [{}, undefined],
  ])('%j is %s', (headers, ms) => {
    expect(retryAfterOf(new Headers(headers as Record<string, string>))).toBe(ms)
  })
})
