import { CarillonApiError, NoAnswerError, type Problem } from './api-error.ts'
import { eventsIn, type ApiEvent } from './event.ts'
import type { OperationId } from './operation.ts'
import { writeRequest, type AnyRequest, type WrittenRequest } from './request.ts'
import { retryAfterOf, retryDelay, type RetryPolicy } from './retry.ts'
import { deadline, type Wait } from './wait.ts'

/** How a client sends its requests. */
export interface Sender {
  readonly base: string
  readonly token: () => Promise<string | undefined>
  readonly fetch: typeof globalThis.fetch
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly wait: Wait
}

/**
 * Sends a request, again while that helps, and reads the answer.
 *
 * @throws {CarillonApiError} when it is answered with a problem
 * @throws {NoAnswerError} when it is not answered
 */
export async function send(sender: Sender, id: OperationId, request: AnyRequest): Promise<unknown> {
  return again(sender, writeRequest(sender.base, id, request), request, readAnswer)
}

/**
 * Opens a stream of events, as `send` sends, and reads it to its end. Once it is open it is not opened anew.
 *
 * @throws {NoAnswerError} also when it breaks off
 */
export async function* follow(
  sender: Sender,
  id: OperationId,
  request: AnyRequest,
): AsyncGenerator<ApiEvent, void> {
  const written = writeRequest(sender.base, id, request)
  const bytes = await again(sender, written, request, async ({ body }) => body!)
  try {
    yield* eventsIn(bytes)
  } catch (error) {
    request.signal?.throwIfAborted()
    throw new NoAnswerError(id, 1, error)
  }
}

type Read<T> = (answer: Response, name: string) => Promise<T>

async function again<T>(
  sender: Sender,
  written: WrittenRequest,
  request: AnyRequest,
  read: Read<T>,
): Promise<T> {
  const retries = written.mayRepeat ? (request.retries ?? sender.retry.retries) : 0
  const retry = { ...sender.retry, retries }
  for (let sent = 1; ; sent++) {
    try {
      return await attempt(sender, written, request, read, sent)
    } catch (error) {
      const delayMs = retryDelay(error, sent, retry, Math.random())
      if (delayMs === undefined) throw error
      await sender.wait(delayMs, request.signal)
    }
  }
}

async function attempt<T>(
  sender: Sender,
  { name, url, ...written }: WrittenRequest,
  request: AnyRequest,
  read: Read<T>,
  sent: number,
): Promise<T> {
  request.signal?.throwIfAborted()
  const token = await sender.token()
  const headers = new Headers(written.headers)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)

  const limit = deadline(request.timeoutMs ?? sender.timeoutMs)
  const signal = request.signal === undefined ? limit.signal : AbortSignal.any([request.signal, limit.signal])
  try {
    // Not followed elsewhere, where the token does not belong.
    const init = {
      method: written.method,
      headers,
      body: written.body ?? null,
      signal,
      redirect: 'manual',
    } as const
    const answer = await sender.fetch(url, init)
    if (!answer.ok) throw await errorOf(answer, name)
    return await read(answer, name)
  } catch (error) {
    if (error instanceof CarillonApiError) throw error
    request.signal?.throwIfAborted()
    throw new NoAnswerError(name, sent, error)
  } finally {
    limit.lift()
  }
}

const readAnswer: Read<unknown> = async (answer, name) => {
  const text = await answer.text()
  if (answer.status === 204) return undefined
  if (answer.headers.get('content-type')?.startsWith('text/plain') === true) return text
  const value = parsed(text)
  if (value === undefined) throw new CarillonApiError(name, answer.status)
  return value
}

async function errorOf(answer: Response, name: string): Promise<CarillonApiError> {
  const problem = problemIn(answer, await answer.text())
  return new CarillonApiError(name, answer.status, { problem, retryAfterMs: retryAfterOf(answer.headers) })
}

function problemIn({ headers }: Response, text: string): Problem | undefined {
  if (headers.get('content-type')?.startsWith('application/problem+json') !== true) return undefined
  const value = parsed(text) as Partial<Problem> | null | undefined
  return typeof value?.code === 'string' ? (value as Problem) : undefined
}

/** `undefined` for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
