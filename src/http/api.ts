import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { Carillon } from '../carillon/carillon.ts'
import type { Clock } from '../clock/clock.ts'
import { SystemClock } from '../clock/system-clock.ts'
import { consoleLogger, guarded, type Logger } from '../logger.ts'
import { may, senderOf } from './access/grant.ts'
import type { Authenticate } from './authenticate.ts'
import type { Env, Services } from './context.ts'
import { BodyBudget } from './body-budget.ts'
import { isChange, type Endpoint } from './endpoint.ts'
import { OpenStreams } from './event-stream.ts'
import { answerOnce } from './idempotency.ts'
import { documentOf, type OpenApiDocument } from './document.ts'
import { nestingOf } from './nesting.ts'
import { problemAnswer, problemOf, problemResponse, ProblemError } from './problem.ts'
import { RateLimit, type RequestRate } from './rate-limit.ts'
import { actEndpoints } from './route/acts.ts'
import { eventEndpoints } from './route/events.ts'
import { operatingEndpoints } from './route/operating.ts'
import { previewEndpoints } from './route/preview.ts'
import { probeEndpoints } from './route/probes.ts'
import { runEndpoints } from './route/runs.ts'
import { scheduleEndpoints } from './route/schedules.ts'
import { tokenEndpoints } from './route/tokens.ts'
import { describeIssue } from './validation.ts'

export interface ApiParts {
  readonly carillon: Carillon
  readonly authenticate: Authenticate
  /** Where it is mounted; `/api/v1` by default. */
  readonly basePath?: string | undefined
  /** Sent with every answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The largest body, in bytes; 1 MiB by default. */
  readonly maxBodyBytes?: number | undefined
  /** How many requests each token may send; any number when left out. */
  readonly rate?: RequestRate | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** What answers requests, however they came. */
export interface Api {
  /** A web-standard handler. @param bindings what the server knows of the connection */
  fetch(request: Request, bindings?: Env['Bindings']): Promise<Response>
  /** What it can do, as OpenAPI 3.1. */
  readonly document: OpenApiDocument
}

const MAX_BODY_BYTES = 1024 * 1024
/** How deep objects and lists of a body may be in each other. */
const MAX_NESTING = 64
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

export const ENDPOINTS: readonly Endpoint[] = [
  ...scheduleEndpoints,
  ...actEndpoints,
  ...runEndpoints,
  ...previewEndpoints,
  ...operatingEndpoints,
  ...eventEndpoints,
  ...tokenEndpoints,
  ...probeEndpoints,
]

/** Browsers are told to read nothing into an answer, and to keep none. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

/** Puts the endpoints together. */
export function buildApi({ basePath = '/api/v1', ...parts }: ApiParts): Api {
  const logger = guarded(parts.logger ?? consoleLogger)
  const services: Services = {
    carillon: parts.carillon,
    clock: parts.clock ?? new SystemClock(),
    logger,
    streams: new OpenStreams(),
  }
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw describeIssue(result.error)
    },
  }).basePath(basePath)
  const headers = { ...SECURITY_HEADERS, ...parts.headers }

  app.use(async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value)
  })
  app.onError((error, context) => answerError(error, context, logger))
  app.notFound((context) => answerUnknown(context, basePath))
  const limit = parts.maxBodyBytes ?? MAX_BODY_BYTES
  const tooLarge = () => new ProblemError('TOO_LARGE', `a body has ${limit} bytes at most`)
  const guardBody = bodyLimit({
    maxSize: limit,
    onError: () => {
      throw tooLarge()
    },
  })

  const rate = parts.rate && new RateLimit(parts.rate)
  const budget = new BodyBudget(limit)

  for (const one of ENDPOINTS) {
    const { access } = one.definition
    app.use(pathOf(one), async (context, next) => {
      if (context.req.method !== one.definition.method.toUpperCase()) return next()
      if (access === 'nobody') return next()
      const caller = { address: context.env?.remoteAddress }
      const renew = async () => parts.authenticate(context.req.raw, caller)
      const grant = await renew()
      if (grant === undefined) throw unauthenticated()
      if (!may(grant, access)) throw new ProblemError('FORBIDDEN', `this needs a token of scope ${access}`)
      context.set('grant', grant)
      context.set('renew', renew)
      const waitMs = rate?.take(senderOf(grant)) ?? 0
      if (waitMs > 0) throw tooMany(waitMs)
      return next()
    })
    if (one.definition.body !== undefined) {
      app.on(one.definition.method, pathOf(one), guardBody, async (context, next) => {
        const release = budget.take(senderOf(context.get('grant')), lengthOf(context, limit))
        if (release === undefined) throw tooMany(1_000)
        try {
          await checkBody(context)
          await next()
        } finally {
          release()
        }
      })
    }
    app.openapi(one.route, (async (context: Context<Env>) => answer(one, context, services)) as never)
  }
  const document = documentOf(app)
  app.get('/openapi.json', (context) => context.json(document))

  return {
    document,
    fetch: async (request, bindings = {}) => app.fetch(request, bindings),
  }
}

function tooMany(waitMs: number): ProblemError {
  const headers = { 'retry-after': String(Math.ceil(waitMs / 1_000)) }
  return new ProblemError('TOO_MANY_REQUESTS', 'there were too many requests: wait, then go on', { headers })
}

function unauthenticated(): ProblemError {
  const headers = { 'www-authenticate': 'Bearer' }
  return new ProblemError('UNAUTHENTICATED', 'send a token: Authorization: Bearer …', { headers })
}

/** How long a body is, as far as that is told; as long as it may be otherwise. */
function lengthOf({ req }: Context<Env>, limit: number): number {
  const text = req.header('content-length') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : limit
}

/** The path of an endpoint as the router has it. */
function pathOf({ definition }: Endpoint): string {
  return definition.path.replaceAll(/\{(\w+)\}/g, ':$1')
}

async function answer(
  { definition, handle }: Endpoint,
  context: Context<Env>,
  services: Services,
): Promise<Response> {
  const body = valid(context, 'json', definition.body)
  const respond = async (own: Services) => {
    const value = await handle({
      params: valid(context, 'param', definition.params),
      query: valid(context, 'query', definition.query),
      body,
      services: own,
      grant: context.get('grant'),
      context,
    } as never)
    if (value instanceof Response) return value
    if (definition.answer === undefined) return context.body(null, 204)
    return context.json(value as object, definition.status ?? 200)
  }
  return isChange(definition) ? answerOnce(context, services, body, respond) : respond(services)
}

function valid(context: Context<Env>, target: 'param' | 'query' | 'json', schema: unknown): unknown {
  return schema === undefined ? undefined : context.req.valid(target as never)
}

/** @throws {ProblemError} when the body is no JSON, or nested too deep */
async function checkBody({ req }: Context<Env>): Promise<void> {
  if (!WITH_BODY.has(req.method)) return
  const type = req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new ProblemError(
      'UNSUPPORTED_MEDIA_TYPE',
      'send JSON, with the header Content-Type: application/json',
    )
  if (nestingOf(await req.text()) > MAX_NESTING)
    throw new ProblemError('MALFORMED', `objects and lists are at most ${MAX_NESTING} deep in each other`)
}

function answerError(error: Error, context: Context<Env>, logger: Logger): Response {
  const answer = problemAnswer(error)
  if (answer !== undefined) {
    if (answer.status >= 500)
      logger.warn({ error, path: context.req.routePath }, 'a request could not be answered')
    return answer
  }
  if (error instanceof HTTPException && error.status < 500)
    return problemResponse(problemOf('MALFORMED', 'the body is no JSON'))
  logger.error({ error, path: context.req.routePath }, 'a request failed')
  return problemResponse(problemOf('INTERNAL', 'the server failed; its log says why'))
}

/** There is no such path, or it does not know the method. */
function answerUnknown(context: Context<Env>, basePath: string): Response {
  const methods = ENDPOINTS.filter((one) => matches(one, basePath, context.req.path)).map(({ definition }) =>
    definition.method.toUpperCase(),
  )
  if (methods.length === 0) return problemResponse(problemOf('NOT_FOUND', 'there is no such path'))
  const allow = methods.join(', ')
  return problemResponse(problemOf('METHOD_NOT_ALLOWED', `this path knows ${allow}`), { allow })
}

function matches({ definition }: Endpoint, basePath: string, path: string): boolean {
  const parts = `${basePath}${definition.path}`.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, i) => part.startsWith('{') || part === given[i])
}
