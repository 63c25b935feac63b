import type { Schema } from './operation.ts'

/** What is wrong with a request, or went wrong with it. */
export type Problem = Schema<'Problem'>

/** Stable, and meant for programs; `UNKNOWN` when the answer is no problem of Carillon, as that of a proxy. */
export type ApiErrorCode = Problem['code'] | 'UNKNOWN'

/** A request was answered, and not with what was asked for. */
export class CarillonApiError extends Error {
  override readonly name = 'CarillonApiError'
  /** The status of the answer. */
  readonly status: number
  readonly code: ApiErrorCode
  /** What the server says is wrong; absent when `code` is `UNKNOWN`. */
  readonly problem: Problem | undefined
  /** How long the server asks to wait before it is asked again. */
  readonly retryAfterMs: number | undefined

  constructor(
    operation: string,
    status: number,
    { problem, retryAfterMs }: { problem?: Problem | undefined; retryAfterMs?: number | undefined } = {},
  ) {
    super(
      problem === undefined
        ? `${operation} was answered with ${status}, by what does not seem to be Carillon`
        : `${operation} was answered with ${status} ${problem.code}: ${problem.detail}`,
    )
    this.status = status
    this.code = problem?.code ?? 'UNKNOWN'
    this.problem = problem
    this.retryAfterMs = retryAfterMs
  }
}

/** A request had no answer: there is no connection, it broke, or the time was up. The `cause` says which. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
  readonly code = 'NO_ANSWER'
  /** How many times it was sent. */
  readonly attempts: number

  constructor(operation: string, attempts: number, cause: unknown) {
    const times = attempts === 1 ? '' : `, sent ${attempts} times`
    super(`${operation} had no answer${times}: ${cause instanceof Error ? cause.message : 'it failed'}`, {
      cause,
    })
    this.attempts = attempts
  }
}
