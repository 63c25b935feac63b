import {
  CarillonError,
  type CronSyntaxError,
  type InvalidInputError,
  type QuotaExceededError,
} from '../errors.ts'

/** What is wrong with a request, or went wrong with it, as RFC 9457 has it. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  /** Stable, and meant for programs. */
  readonly code: string
  /** What is wrong, and what would be right; for people. */
  readonly detail: string
  /** The part of the request that is wrong, with dots. */
  readonly path?: string | undefined
  /** Of a cron expression: where in it the fault begins, in UTF-16 code units, and what would be right. */
  readonly position?: number | undefined
  readonly suggestion?: string | undefined
  /** Which limit a namespace has reached. */
  readonly quota?: string | undefined
}

/** What a request may be answered with besides what was asked for. */
const KINDS = {
  MALFORMED: [400, 'The request cannot be read'],
  UNAUTHENTICATED: [401, 'A token is missing, or is not valid'],
  FORBIDDEN: [403, 'The token does not allow this'],
  NOT_FOUND: [404, 'There is no such thing'],
  METHOD_NOT_ALLOWED: [405, 'The path does not know this method'],
  SCHEDULE_NOT_FOUND: [404, 'There is no such schedule'],
  RUN_NOT_FOUND: [404, 'There is no such run'],
  SCHEDULE_CONFLICT: [409, 'The schedule is not as it is expected to be'],
  REQUEST_UNDER_WAY: [409, 'The same request is being answered'],
  ANSWER_LOST: [409, 'The request was done before, and its answer was lost'],
  REVISION_MISMATCH: [412, 'The schedule is at another revision'],
  TOO_LARGE: [413, 'The request is too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'The body is to be JSON'],
  INVALID_INPUT: [422, 'A part of the request is not valid'],
  CRON_SYNTAX: [422, 'The cron expression is not valid'],
  UNKNOWN_ZONE: [422, 'The time zone is not known'],
  UNKNOWN_JOB: [422, 'The job is not known'],
  INVALID_PAYLOAD: [422, 'The payload is not valid'],
  QUOTA_EXCEEDED: [422, 'The namespace would have more than it may'],
  UNSUPPORTED_BY_DRIVER: [422, 'The database cannot do this'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The idempotency key was used for another request'],
  TOO_MANY_REQUESTS: [429, 'Too many requests'],
  INTERNAL: [500, 'The server failed'],
  UNAVAILABLE: [503, 'The server cannot answer now'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof KINDS

export const PROBLEM_CODES = Object.keys(KINDS) as readonly ProblemCode[]

/** Names the kind of a problem; there is nothing to be fetched there. */
const TYPE = 'urn:carillon:problem:'

/** A request that is answered with a problem. */
export class ProblemError extends Error {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    detail: string,
    { headers = {}, ...more }: Pick<Problem, 'path'> & { headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail)
    this.problem = problemOf(code, detail, more)
    this.headers = headers
  }
}

export function problemOf(code: ProblemCode, detail: string, more: Partial<Problem> = {}): Problem {
  const [status, title] = KINDS[code]
  return { type: `${TYPE}${code.toLowerCase().replaceAll('_', '-')}`, title, status, code, detail, ...more }
}

/**
 * The problem that an error is for whoever sent the request; `undefined` for what is none of theirs, of which they are told
 * nothing.
 */
function problemOfError(error: unknown): Problem | undefined {
  if (error instanceof ProblemError) return error.problem
  if (!(error instanceof CarillonError)) return undefined
  const { code, message } = error
  switch (code) {
    case 'CRON_SYNTAX': {
      const { position, suggestion } = error as CronSyntaxError
      return problemOf(code, message, { path: 'cron', position, suggestion })
    }
    case 'INVALID_INPUT':
      return problemOf(code, message, { path: (error as InvalidInputError).path })
    case 'UNKNOWN_ZONE':
      return problemOf(code, message, { path: 'timezone' })
    case 'UNKNOWN_JOB':
      return problemOf(code, message, { path: 'job' })
    case 'INVALID_PAYLOAD':
      return problemOf(code, message, { path: 'payload' })
    case 'QUOTA_EXCEEDED':
      return problemOf(code, message, { quota: (error as QuotaExceededError).quota })
    case 'SCHEDULE_NOT_FOUND':
    case 'RUN_NOT_FOUND':
    case 'SCHEDULE_CONFLICT':
    case 'UNSUPPORTED_BY_DRIVER':
      return problemOf(code, message)
    case 'DRIVER':
      return problemOf('UNAVAILABLE', 'the database, or a queue, does not answer: try again later')
    default:
      return undefined
  }
}

/** The answer that an error is; `undefined` for what whoever sent the request is told nothing of. */
export function problemAnswer(error: unknown): Response | undefined {
  const problem = problemOfError(error)
  return problem && problemResponse(problem, error instanceof ProblemError ? error.headers : {})
}

/** A problem as an answer. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  const retry = problem.status === 503 ? { 'retry-after': '5' } : {}
  return Response.json(problem, {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...retry,
      ...headers,
    },
  })
}
