import type { Context } from 'hono'
import type { Carillon } from '../carillon/carillon.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { OneRequest } from '../catalog/requests/one-request.ts'
import type { Clock } from '../clock/clock.ts'
import type { Logger } from '../logger.ts'
import type { OpenStreams } from './event-stream.ts'
import { isPartial, type Grant } from './access/grant.ts'
import { ProblemError } from './problem.ts'

/** What the routes work with. */
export interface Services {
  readonly carillon: Carillon
  readonly clock: Clock
  readonly logger: Logger
  readonly streams: OpenStreams
  /** What changes something changes it as this request, which is done once. */
  readonly once?: OneRequest
}

/** What is known of a request while it is answered. */
export interface Env {
  readonly Bindings: {
    /** The address of the client, where the server that took the request knows it. */
    readonly remoteAddress?: string
  }
  readonly Variables: {
    /** Of whoever sent it; absent on routes that are open to all. */
    grant: Grant
    /** The same, asked for once more: a token may have been revoked meanwhile. */
    renew: () => Promise<Grant | undefined>
  }
}

/** A request that may name a namespace. */
interface NamespacedRequest {
  readonly services: Services
  readonly grant: Grant
  readonly query: { readonly namespace?: string | undefined }
}

/**
 * The schedules that a request is about: of the namespace that it names, as far as its token reaches, changed in the name of
 * its token.
 *
 * @throws {ProblemError} when the token is for another namespace
 */
export function catalogFor({ services, grant, query }: NamespacedRequest): Catalog {
  const name = namespaceFor(grant, query.namespace)
  const named = services.carillon.namespace(name).as(grant.actor)
  const { groups, jobs } = grant
  const own = isPartial(grant)
    ? named.only({ ...(groups !== null && { groups }), ...(jobs !== null && { jobs }) })
    : named
  return services.once === undefined ? own : own.once(services.once)
}

/** @throws {ProblemError} when the token is for another namespace: the same whether that exists or not */
export function namespaceFor(grant: Grant, asked: string | undefined): string {
  if (grant.namespace === null) return asked ?? 'default'
  if (asked === undefined || asked === grant.namespace) return grant.namespace
  throw new ProblemError('FORBIDDEN', 'the token is for another namespace', { path: 'namespace' })
}

/** @throws {ProblemError} when the token reaches only some of what this is about */
export function refusePartial(grant: Grant, what: string): void {
  if (!isPartial(grant)) return
  throw new ProblemError('FORBIDDEN', `${what} is for tokens that reach all of their namespace`)
}

/** @throws {ProblemError} when the token is for one namespace alone */
export function refuseConfined(grant: Grant, what: string): void {
  if (grant.namespace === null && !isPartial(grant)) return
  throw new ProblemError('FORBIDDEN', `${what} is for tokens of all namespaces`)
}

/**
 * The revision that `If-Match` insists on; 0, for none yet, where `If-None-Match: *` does.
 *
 * @throws {ProblemError} when it is none
 */
export function expectedRevision(context: Context): number | undefined {
  const absent = context.req.header('if-none-match')
  const header = context.req.header('if-match')
  if (absent !== undefined) {
    if (absent === '*' && header === undefined) return 0
    const why = header === undefined ? 'is to be *' : 'contradicts If-Match'
    throw new ProblemError('MALFORMED', `If-None-Match ${why}`, { path: 'If-None-Match' })
  }
  if (header === undefined || header === '*') return undefined
  const revision = /^"(\d{1,10})"$/.exec(header)?.[1]
  if (revision !== undefined) return Number(revision)
  throw new ProblemError(
    'MALFORMED',
    'If-Match is a revision in quotes, as the ETag of the schedule has it',
    {
      path: 'If-Match',
    },
  )
}
