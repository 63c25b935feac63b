import { inspect } from 'node:util'
import {
  CarillonError,
  CommandFailedError,
  InvalidPayloadError,
  LeaseLostError,
  RunReplacedError,
  RunTimeoutError,
  UnrecoverableError,
  WebhookFailedError,
  WorkerStoppedError,
} from '../errors.ts'
import { backoffMs, type Definition } from '../schedule/definition.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'
import { toJson, type Json } from '../schedule/json.ts'
import type { RunError } from '../store/ledger.ts'
import type { RunOutcome } from '../store/run-end.ts'

/** What a handler did: it returned something, or it threw. */
export type Settled =
  { readonly kind: 'returned'; readonly value: unknown } | { readonly kind: 'threw'; readonly error: unknown }

const MAX_RESULT_BYTES = 64 * 1024
const MAX_MESSAGE = 4_000
const MAX_STACK = 8_000
const MAX_CODE = 100

/**
 * What a run's end means for its occurrence.
 *
 * @param abortReason why its signal was aborted, if it was
 * @param run the occurrence, and how many of its earlier attempts failed
 */
export function outcomeOf(
  settled: Settled,
  abortReason: unknown,
  policy: Pick<Definition, 'retries' | 'backoff'>,
  run: OccurrenceRef & { readonly failures: number },
): RunOutcome {
  // A handler that came to its end in spite of the abort has done its work, unless it was out of time.
  const timedOut = abortReason instanceof RunTimeoutError
  if (settled.kind === 'returned' && !timedOut) return { kind: 'succeeded', result: resultOf(settled.value) }
  if (abortReason instanceof WorkerStoppedError || abortReason instanceof LeaseLostError)
    return { kind: 'given-back' }

  const isReplaced = abortReason instanceof RunReplacedError
  const error = settled.kind === 'returned' || timedOut || isReplaced ? abortReason : settled.error
  const mayRetry = run.failures < policy.retries && !isReplaced && !isFinal(error)
  const retryInMs = mayRetry
    ? Math.max(backoffMs(policy.backoff, run.failures + 1, run), askedWaitMs(error, policy.backoff))
    : undefined
  return { kind: 'failed', error: describeError(error), result: resultOf(resultIn(settled)), retryInMs }
}

/** Whether a further attempt would fail just as well. */
function isFinal(error: unknown): boolean {
  if (error instanceof WebhookFailedError) return !error.retryable
  return error instanceof InvalidPayloadError || error instanceof UnrecoverableError
}

/** How long the receiver of a webhook wants to be left alone, as far as its schedule would ever wait. */
function askedWaitMs(error: unknown, { maxMs }: Definition['backoff']): number {
  return error instanceof WebhookFailedError ? Math.min(error.retryAfterMs, maxMs) : 0
}

/** The failure of a built-in job carries what the program printed, or the receiver answered. */
function resultIn(settled: Settled): unknown {
  if (settled.kind === 'returned') return settled.value
  const { error } = settled
  return error instanceof CommandFailedError || error instanceof WebhookFailedError ? error.result : undefined
}

/** What is kept of a result: itself, or a word about why not. */
function resultOf(value: unknown): Json {
  const result = toJson(value)
  if (result === undefined) return { notKept: 'it cannot be written as JSON' }
  if (result.bytes > MAX_RESULT_BYTES)
    return { notKept: `it has ${result.bytes} bytes; at most ${MAX_RESULT_BYTES} are kept` }
  return result.json
}

/** What is kept of something thrown. Handlers may throw anything, so nothing is taken for granted, not even reading it. */
function describeError(error: unknown): RunError {
  try {
    if (!(error instanceof Error)) return { code: 'THROWN', message: textOf(error, MAX_MESSAGE) }

    const { name, message, stack } = error
    const code = error instanceof CarillonError ? error.code : textOf(name, MAX_CODE)
    const described = { code, message: textOf(message, MAX_MESSAGE) }
    return stack === undefined ? described : { ...described, stack: textOf(stack, MAX_STACK) }
  } catch {
    return { code: 'THROWN', message: 'something that cannot be read' }
  }
}

function textOf(value: unknown, limit: number): string {
  const text = typeof value === 'string' ? value : inspect(value)
  return text.slice(0, limit)
}
