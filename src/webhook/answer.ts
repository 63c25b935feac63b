/** What an answer means for its request: it was taken, it may be taken if it is sent later, or it never will be. */
export type Verdict = 'taken' | 'later' | 'never'

/** What may be otherwise a moment later: a timeout, too early, too many requests. */
const PASSING = [408, 425, 429]

export function verdictOn(status: number): Verdict {
  if (status >= 200 && status < 300) return 'taken'
  return status >= 500 || PASSING.includes(status) ? 'later' : 'never'
}

/** What an answer that is not `taken` says, to be put after who has answered. */
export function refusalText(status: number): string {
  return status >= 300 && status < 400
    ? `answered ${status}, and redirects are not followed: give the address that it points to`
    : `answered ${status}`
}

/** How long a header `Retry-After` of seconds wants to be waited, in milliseconds; 0 when it is empty, or a date. */
export function retryAfterMs(header: string): number {
  return /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : 0
}

/** Why a request failed, with a colon before it. `fetch` itself only says that it failed. */
export function causeText(error: unknown): string {
  let cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  // Of several addresses none could be reached; the error for them all has no words of its own.
  if (cause instanceof AggregateError && cause.message === '') cause = cause.errors[0]
  const text = cause instanceof Error ? cause.message || cause.name : String(cause)
  return `: ${text}`
}
