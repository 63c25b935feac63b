import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { OneRequest } from '../catalog/requests/one-request.ts'
import type { KnownRequest } from '../catalog/requests/requests.ts'
import { AlreadyDoneError } from '../errors.ts'
import { LONGEST_KEY } from '../schedule/check-shape.ts'
import type { Env, Services } from './context.ts'
import { problemAnswer, ProblemError } from './problem.ts'

const NAME = 'idempotency-key'
/** What is kept of an answer besides its body. */
const KEPT_HEADERS = ['content-type', 'etag', 'retry-after']

/** The header under which a request is done once, for endpoints that change something. */
export const idempotencyHeader = z.object({
  [NAME]: z.string().min(1).max(LONGEST_KEY).optional().openapi({
    description:
      'a name for this request, such as a UUID: sent again under it, within a day, it changes nothing more and has the same answer',
  }),
})

/**
 * Answers a request once. Sent again under the same key by the same sender, it is answered with what was answered then; so
 * is one that came while the first was under way, as soon as that has its answer.
 *
 * @param body as it was read
 * @param handle answers it, changing what it changes as the request that it is given
 */
export async function answerOnce(
  context: Context<Env>,
  services: Services,
  body: unknown,
  handle: (services: Services) => Promise<Response>,
): Promise<Response> {
  const key = context.req.header(NAME)
  if (key === undefined) return handle(services)

  const { requests } = services.carillon
  const request = requestOf(context, key, body)
  const known = await requests.find(request)
  if (known !== undefined) return answerKnown(known)
  const answer = await answered(handle({ ...services, once: request }))
  // Another one with the same key was faster.
  if (answer === 'done before') return answerKnown((await requests.find(request)) ?? { kind: 'under-way' })

  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = answer.headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  const kept = {
    status: answer.status,
    headers: Object.fromEntries(headers),
    body: await answer.clone().text(),
  }
  await requests.keep(request, kept).catch((error: unknown) => {
    services.logger.warn({ error }, 'the answer to a request with an idempotency key could not be kept')
  })
  return answer
}

/** By who asks, as far as that decides what they reach: a token that takes the place of another is the same one. */
function requestOf(context: Context<Env>, key: string, body: unknown): OneRequest {
  const { namespace, groups, jobs, scope, actor } = context.get('grant')
  const { method, url } = context.req
  const { pathname, search } = new URL(url)
  const conditions = [context.req.header('if-match'), context.req.header('if-none-match')]
  return new OneRequest(
    ['http', JSON.stringify([namespace, groups, jobs, scope, actor]), key],
    [method, pathname, search, JSON.stringify([conditions, body])],
  )
}

/** The answer, also when it is that something is wrong with the request. */
async function answered(answer: Promise<Response>): Promise<Response | 'done before'> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AlreadyDoneError) return 'done before'
    const response = problemAnswer(error)
    if (response === undefined || response.status >= 500) throw error
    return response
  }
}

function answerKnown(known: KnownRequest): Response {
  switch (known.kind) {
    case 'answered': {
      const { status, headers, body } = known.answer
      const all = { ...headers, 'idempotency-replayed': 'true' }
      return new Response(status === 204 ? null : body, { status, headers: all })
    }
    case 'other':
      throw new ProblemError(
        'IDEMPOTENCY_KEY_REUSED',
        'the key was used for another request: take a new one',
        {
          path: 'Idempotency-Key',
        },
      )
    case 'under-way':
      throw new ProblemError(
        'REQUEST_UNDER_WAY',
        'the same request is being answered: ask again in a moment',
        {
          headers: { 'retry-after': '1' },
        },
      )
    case 'lost':
      throw new ProblemError(
        'ANSWER_LOST',
        'this was done before, at least in part, and its answer was lost: read what is there, and send what is missing under a new key',
      )
  }
}
