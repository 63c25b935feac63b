import { describe, expect, it } from 'vitest'
import type { RowValue } from '../sql/flavor.ts'
import {
  beginsAgain,
  columnsAfter,
  lostLeaseError,
  pieces,
  takesTransaction,
  type RunOutcome,
} from './run-end.ts'
import type { ToldDetails } from './told-details.ts'

const NOW = 1_780_000_000_000
const RUN = { scheduleId: 1, generation: 1, nominalAt: NOW, attempt: 1 }
const ERROR = { code: 'Error', message: 'no paper' }

const SUCCEEDED: RunOutcome = { kind: 'succeeded', result: { sent: 3 } }
const FAILED: RunOutcome = { kind: 'failed', error: ERROR, result: 'half', retryInMs: undefined }
const FAILED_ONCE: RunOutcome = { ...FAILED, retryInMs: 5_000 }
const AT_ONCE: RunOutcome = { ...FAILED, retryInMs: 0 }
const GIVEN_BACK: RunOutcome = { kind: 'given-back' }
const TOLD: ToldDetails = {
  version: 1,
  startedAt: NOW,
  log: undefined,
  progress: { at: NOW },
  mayBeKept: false,
}

describe('an occurrence after an attempt', () => {
  const error = '{"code":"Error","message":"no paper"}'
  const lost =
    '{"code":"LEASE_LOST","message":"the server that ran it stopped or vanished, and it was not to begin again"}'

  // State, next due instant, failures to add, error, result, end.
  it.each<[string, RunOutcome, boolean, RowValue[]]>([
    ['that succeeded is over', SUCCEEDED, true, ['succeeded', null, 0, null, '{"sent":3}', NOW]],
    [
      'that succeeded is over, may it be retried or not',
      SUCCEEDED,
      false,
      ['succeeded', null, 0, null, '{"sent":3}', NOW],
    ],
    ['that failed for good is over', FAILED, true, ['failed', null, 1, error, '"half"', NOW]],
    [
      'that failed waits for its retry',
      FAILED_ONCE,
      true,
      ['planned', NOW + 5_000, 1, error, '"half"', null],
    ],
    ['that failed may be due again at once', AT_ONCE, true, ['planned', NOW, 1, error, '"half"', null]],
    [
      'that failed ends where its schedule has gone on',
      FAILED_ONCE,
      false,
      ['failed', null, 1, error, '"half"', NOW],
    ],
    [
      'that was given back is due as before, and has not failed',
      GIVEN_BACK,
      true,
      ['planned', null, 0, null, null, null],
    ],
    [
      'that was given back ends where its schedule has gone on',
      GIVEN_BACK,
      false,
      ['failed', null, 0, lost, null, NOW],
    ],
  ])('%s', (_, outcome, mayRetry, expected) => {
    expect(columnsAfter(outcome, mayRetry, NOW)).toEqual(expected)
  })

  it('lost its lease in words that say so', () => {
    expect(JSON.stringify(lostLeaseError())).toBe(lost)
  })
})

describe('the end of a run', () => {
  it.each<[string, RunOutcome, boolean]>([
    ['succeeded', SUCCEEDED, false],
    ['failed for good', FAILED, false],
    ['failed, with a retry', FAILED_ONCE, true],
    ['failed, with a retry at once', AT_ONCE, true],
    ['was given back', GIVEN_BACK, true],
  ])(
    'that %s takes a transaction only where it begins again, others wait for it, or it told something',
    (_, outcome, expected) => {
      const finished = { run: RUN, isGuarded: false, outcome }
      expect(beginsAgain(finished)).toBe(expected)
      expect(takesTransaction(finished)).toBe(expected)
      expect(takesTransaction({ ...finished, isGuarded: true })).toBe(true)
      expect(takesTransaction({ ...finished, told: TOLD })).toBe(true)
    },
  )
})

describe('the pieces of many rows', () => {
  const text = (length: number) => 'x'.repeat(length)
  const most = text(1_000_000)

  it.each<[string, readonly (readonly RowValue[])[], readonly (readonly [number, number])[]]>([
    ['are none of none', [], []],
    [
      'are one of what fits',
      [
        [1, text(400_000), null],
        [2, text(600_000), null],
      ],
      [[0, 2]],
    ],
    [
      'begin anew with the row that no longer fits',
      [[text(400_000)], [text(600_001)], [text(399_999)]],
      [
        [0, 1],
        [1, 3],
      ],
    ],
    [
      'count all texts of a row',
      [[text(400_000), text(400_000)], [text(200_001)]],
      [
        [0, 1],
        [1, 2],
      ],
    ],
    ['count numbers and nulls for nothing', [[most], [1_234_567, null]], [[0, 2]]],
    [
      'take a row that alone is too long',
      [[text(1_000_001)], [text(1)], [most]],
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
  ])('%s', (_, rows, expected) => {
    expect([...pieces(rows)]).toEqual(expected)
  })
})
