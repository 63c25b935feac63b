import { describe, expect, it } from 'vitest'
import {
  CommandFailedError,
  InvalidPayloadError,
  LeaseLostError,
  RunReplacedError,
  RunTimeoutError,
  UnrecoverableError,
  WebhookFailedError,
  WorkerStoppedError,
} from '../errors.ts'
import { outcomeOf, type Settled } from './outcome.ts'

const POLICY = { retries: 2, backoff: { initialMs: 1_000, factor: 3, maxMs: 60_000, jitter: 0 } }
const KB = 1_024
const after = (failures: number) => ({ scheduleId: 1, generation: 1, nominalAt: 1_780_000_000_000, failures })

const returned = (value: unknown): Settled => ({ kind: 'returned', value })
const threw = (error: unknown): Settled => ({ kind: 'threw', error })

const TIMEOUT = new RunTimeoutError('it took longer than 5s', 5_000)
const STOPPED = new WorkerStoppedError('the worker stops')
const LOST = new LeaseLostError('its lease was lost')
const REPLACED = new RunReplacedError('another run takes its place')
const USELESS = new UnrecoverableError('the account is closed')
const webhook = (retryable: boolean, retryAfterMs?: number) =>
  new WebhookFailedError('https://a.example answered 503', {
    retryable,
    retryAfterMs,
    result: { status: 503 },
  })
const PAYLOAD = new InvalidPayloadError('user is missing', 'report')

/** What an end comes to: `succeeded 1`, `given-back`, `failed CODE, again in 1000`, `failed CODE for good`. */
function told(settled: Settled, abortReason: unknown, failures: number): string {
  const outcome = outcomeOf(settled, abortReason, POLICY, after(failures))
  if (outcome.kind === 'given-back') return outcome.kind
  if (outcome.kind === 'succeeded') return `succeeded ${JSON.stringify(outcome.result)}`
  const { error, retryInMs } = outcome
  return `failed ${error.code}${retryInMs === undefined ? ' for good' : `, again in ${retryInMs}`}`
}

describe('the end of a run', () => {
  it.each<[string, Settled, unknown, number, string]>([
    ['that returned', returned({ sent: 3 }), undefined, 0, 'succeeded {"sent":3}'],
    ['that returned nothing', returned(undefined), undefined, 2, 'succeeded null'],
    ['that returned in spite of a stop', returned(1), STOPPED, 0, 'succeeded 1'],
    ['that returned in spite of a lost lease', returned(1), LOST, 0, 'succeeded 1'],
    ['that returned in spite of another that takes its place', returned(1), REPLACED, 0, 'succeeded 1'],
    ['that returned too late', returned(1), TIMEOUT, 0, 'failed RUN_TIMEOUT, again in 1000'],
    ['that returned too late for the last time', returned(1), TIMEOUT, 2, 'failed RUN_TIMEOUT for good'],
    ['that threw', threw(new TypeError('x')), undefined, 0, 'failed TypeError, again in 1000'],
    ['that threw once more', threw(new TypeError('x')), undefined, 1, 'failed TypeError, again in 3000'],
    ['that threw for the last time', threw(new TypeError('x')), undefined, 2, 'failed TypeError for good'],
    [
      'that threw after retries were lowered',
      threw(new TypeError('x')),
      undefined,
      9,
      'failed TypeError for good',
    ],
    [
      'that threw since it was out of time',
      threw(new TypeError('x')),
      TIMEOUT,
      0,
      'failed RUN_TIMEOUT, again in 1000',
    ],
    ['that threw since its server stops', threw(STOPPED), STOPPED, 0, 'given-back'],
    [
      'that threw after its retries since its server stops',
      threw(new TypeError('x')),
      STOPPED,
      2,
      'given-back',
    ],
    ['that threw since its lease was lost', threw(LOST), LOST, 0, 'given-back'],
    ['that was replaced', threw(new TypeError('x')), REPLACED, 0, 'failed RUN_REPLACED for good'],
    ['that threw what no attempt would mend', threw(USELESS), undefined, 0, 'failed UNRECOVERABLE for good'],
    [
      'that threw it since it was out of time',
      threw(USELESS),
      TIMEOUT,
      0,
      'failed RUN_TIMEOUT, again in 1000',
    ],
    ['that threw it since its server stops', threw(USELESS), STOPPED, 0, 'given-back'],
    [
      'that threw an error with such a cause',
      threw(new Error('x', { cause: USELESS })),
      undefined,
      0,
      'failed Error, again in 1000',
    ],
    ['whose webhook was refused', threw(webhook(false)), undefined, 0, 'failed WEBHOOK_FAILED for good'],
    [
      'whose webhook was not taken',
      threw(webhook(true)),
      undefined,
      0,
      'failed WEBHOOK_FAILED, again in 1000',
    ],
    [
      'whose webhook wants a shorter wait',
      threw(webhook(true, 2_000)),
      undefined,
      1,
      'failed WEBHOOK_FAILED, again in 3000',
    ],
    [
      'whose webhook wants a longer wait',
      threw(webhook(true, 5_000)),
      undefined,
      1,
      'failed WEBHOOK_FAILED, again in 5000',
    ],
    [
      'whose webhook wants a wait that is too long',
      threw(webhook(true, 61_000)),
      undefined,
      0,
      'failed WEBHOOK_FAILED, again in 60000',
    ],
    [
      'whose webhook wants a wait after the last attempt',
      threw(webhook(true, 5_000)),
      undefined,
      2,
      'failed WEBHOOK_FAILED for good',
    ],
    ['whose payload is wrong', threw(PAYLOAD), undefined, 0, 'failed INVALID_PAYLOAD for good'],
  ])('%s', (_, settled, abortReason, failures, expected) => {
    expect(told(settled, abortReason, failures)).toBe(expected)
  })
})

it('the wait before a retry is drawn for the occurrence and its failure, where there is jitter', () => {
  const policy = { retries: 9, backoff: { initialMs: 60_000, factor: 1, maxMs: 60_000, jitter: 1 } }
  const waits = [after(0), after(1), { ...after(0), scheduleId: 2 }].map((run) => {
    const outcome = outcomeOf(threw('x'), undefined, policy, run)
    return outcome.kind === 'failed' ? outcome.retryInMs : undefined
  })
  expect(waits).toEqual([34_214, 31_663, 55_225])
})

describe('what is kept of a result', () => {
  const resultOf = (value: unknown) => outcomeOf(returned(value), undefined, POLICY, after(0))

  it('is what JSON makes of it', () => {
    expect(resultOf({ at: new Date(0), left: undefined })).toEqual({
      kind: 'succeeded',
      result: { at: '1970-01-01T00:00:00.000Z' },
    })
  })

  it('is a word about why not', () => {
    expect(resultOf(1n)).toMatchObject({ result: { notKept: 'it cannot be written as JSON' } })
    expect(resultOf('x'.repeat(64 * KB))).toMatchObject({
      result: { notKept: 'it has 65538 bytes; at most 65536 are kept' },
    })
  })

  it('is all of it up to the limit', () => {
    const largest = 'x'.repeat(64 * KB - 2)
    expect(resultOf(largest)).toEqual({ kind: 'succeeded', result: largest })
  })

  it('is what a program printed, when its command failed', () => {
    const error = new CommandFailedError('exit status 3', { exitStatus: 3, result: { output: 'no paper' } })
    expect(outcomeOf(threw(error), undefined, POLICY, after(2))).toMatchObject({
      error: { code: 'COMMAND_FAILED', message: 'exit status 3' },
      result: { output: 'no paper' },
    })
  })

  it('is what was answered, when a webhook failed', () => {
    expect(outcomeOf(threw(webhook(true)), undefined, POLICY, after(2))).toMatchObject({
      error: { code: 'WEBHOOK_FAILED', message: 'https://a.example answered 503' },
      result: { status: 503 },
    })
  })

  it('is what was returned too late, and nothing of what was thrown', () => {
    expect(outcomeOf(returned(7), TIMEOUT, POLICY, after(0))).toMatchObject({ result: 7 })
    expect(outcomeOf(threw({ result: 7 }), undefined, POLICY, after(0))).toMatchObject({ result: null })
  })
})

describe('what is kept of an error', () => {
  const errorOf = (error: unknown) => {
    const outcome = outcomeOf(threw(error), undefined, POLICY, after(2))
    return outcome.kind === 'failed' ? outcome.error : undefined
  }
  const unreadable = new Proxy(new Error('x'), {
    get() {
      throw new Error('not for you')
    },
  })

  it.each<[string, unknown, unknown]>([
    [
      'its name, message and stack',
      named('PaperError', 'no paper', 'at printer'),
      { code: 'PaperError', message: 'no paper', stack: 'at printer' },
    ],
    [
      'no stack where it has none',
      named('PaperError', 'no paper', undefined),
      { code: 'PaperError', message: 'no paper' },
    ],
    ['text, when that is what was thrown', 'no paper', { code: 'THROWN', message: 'no paper' }],
    ['what an object looks like', { paper: 0 }, { code: 'THROWN', message: '{ paper: 0 }' }],
    ['that it was nothing', undefined, { code: 'THROWN', message: 'undefined' }],
    ['that it cannot be read', unreadable, { code: 'THROWN', message: 'something that cannot be read' }],
    ['a name that is no text', named(42, 'no paper', undefined), { code: '42', message: 'no paper' }],
  ])('is %s', (_, error, expected) => {
    expect(errorOf(error)).toStrictEqual(expected)
  })

  it('is the code of an error of Carillon itself', () => {
    expect(errorOf(PAYLOAD)).toMatchObject({ code: 'INVALID_PAYLOAD', message: 'user is missing' })
  })

  it('is cut where it would fill the database', () => {
    const long = 'x'.repeat(10_000)
    expect(errorOf(named(long, long, long))).toEqual({
      code: 'x'.repeat(100),
      message: 'x'.repeat(4_000),
      stack: 'x'.repeat(8_000),
    })
    expect(errorOf(long)).toEqual({ code: 'THROWN', message: 'x'.repeat(4_000) })
  })
})

function named(name: unknown, message: string, stack: string | undefined): Error {
  return Object.assign(new Error(message), { name, stack })
}
