import { createRoute, type RouteConfig, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Grant, Scope } from './access/grant.ts'
import type { Env, Services } from './context.ts'
import { idempotencyHeader } from './idempotency.ts'
import { problemSchema } from './schema/common.ts'

/** Who may use an endpoint: whoever has a token with this scope; `nobody` needs none. */
export type Access = Scope | 'nobody'

/** What is said of an endpoint, once: the request is checked by it, and the document is made of it. */
export interface EndpointDefinition {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As in `/schedules/{key}`. */
  readonly path: string
  readonly access: Access
  /** Its name in the document, and in the client. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  readonly body?: z.ZodType
  /** What it answers; nothing when left out. */
  readonly answer?: z.ZodType
  /** What its answer is written in; JSON by default. */
  readonly answerType?: 'application/json' | 'text/event-stream' | 'text/plain'
  /** The status of the answer; 200 by default, 204 without one. */
  readonly status?: 200 | 201 | 202
  /** Its answer must not be kept, so it takes no idempotency key. */
  readonly isSecret?: boolean
}

/** What a handler is given: the parts of the request as its definition has them. */
export interface EndpointRequest<D extends EndpointDefinition> {
  readonly params: Output<D['params']>
  readonly query: Output<D['query']>
  readonly body: Output<D['body']>
  readonly services: Services
  readonly grant: Grant
  readonly context: Context<Env>
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined

/** An endpoint with what answers it. */
export interface Endpoint {
  readonly definition: EndpointDefinition
  readonly route: ReturnType<typeof routeOf>
  readonly handle: (request: EndpointRequest<EndpointDefinition>) => unknown
}

/** Ties a handler to a definition. What the handler returns is the answer, as JSON; a `Response` is sent as it is. */
export function endpoint<const D extends EndpointDefinition>(
  definition: D,
  handle: (request: EndpointRequest<D>) => unknown,
): Endpoint {
  return { definition, route: routeOf(definition), handle }
}

/** Whether it may change something, and its answer be kept. */
export function isChange({ method, access, isSecret = false }: EndpointDefinition): boolean {
  return method !== 'get' && access !== 'nobody' && !isSecret
}

const PROBLEM = {
  description: 'A problem; its `code` says which.',
  content: { 'application/problem+json': { schema: problemSchema } },
}

function routeOf(definition: EndpointDefinition) {
  const { method, path, access, id, tag, summary, description, params, query, body } = definition
  const headers = headersOf(definition)
  return createRoute({
    method,
    path,
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(access !== 'nobody' && { security: [{ token: [] }] }),
    'x-carillon-access': access,
    request: {
      ...(params !== undefined && { params }),
      ...(query !== undefined && { query }),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && {
        body: { required: true, content: { 'application/json': { schema: body } } },
      }),
    },
    responses: { ...answerOf(definition), default: PROBLEM },
  })
}

function headersOf(definition: EndpointDefinition): z.ZodObject | undefined {
  const { headers } = definition
  if (!isChange(definition)) return headers
  return headers === undefined ? idempotencyHeader : headers.extend(idempotencyHeader.shape)
}

function answerOf({
  answer,
  answerType = 'application/json',
  status = 200,
}: EndpointDefinition): RouteConfig['responses'] {
  if (answer === undefined) return { 204: { description: 'Done.' } }
  return { [status]: { description: 'The answer.', content: { [answerType]: { schema: answer } } } }
}
