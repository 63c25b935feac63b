import { z } from '@hono/zod-openapi'
import type { Token } from '../../catalog/tokens/token-view.ts'
import { InvalidInputError } from '../../errors.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import { TOKEN_SCOPES } from '../../store/token-table.ts'
import type { Grant } from '../access/grant.ts'
import { namespaceFor, refusePartial, type Services } from '../context.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { ProblemError } from '../problem.ts'
import { instant, instantInput, name, namespaceQuery } from '../schema/common.ts'

const tag = 'Tokens'
const WHAT = 'what has to do with tokens'
/** How many groups, or jobs, a token may be limited to. */
const names = z.array(name).min(1).max(100)

const tokenSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    scope: z.enum(TOKEN_SCOPES as [string, ...string[]]),
    state: z.enum(['in-force', 'expired', 'revoked']),
    namespace: z.string().optional(),
    groups: z.array(z.string()).optional(),
    jobs: z.array(z.string()).optional(),
    createdAt: instant,
    createdBy: z.string().optional(),
    expiresAt: instant.optional(),
    revokedAt: instant.optional(),
    lastUsedAt: instant.optional().openapi({ description: 'to the minute' }),
  })
  .openapi('Token')

type NamespaceQuery = z.output<typeof namespaceQuery>

/** The stored tokens. A token of one namespace has to do with those of that namespace alone. */
export const tokenEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'get',
      path: '/tokens',
      access: 'admin',
      id: 'listTokens',
      tag,
      summary: 'List the stored tokens, oldest first; without their secrets',
      query: namespaceQuery,
      answer: z.object({ items: z.array(tokenSchema) }),
    },
    async ({ services, grant, query }) => ({ items: await tokensOf(services, grant, query) }),
  ),
  endpoint(
    {
      method: 'post',
      path: '/tokens',
      access: 'admin',
      id: 'createToken',
      tag,
      summary: 'Create a token',
      description:
        'The answer is the only time that its text can be had. Without a namespace it is for that of the token that asks, or for all; it lasts no longer than that token.',
      query: namespaceQuery,
      body: z.strictObject({
        label: name,
        scope: z.enum(TOKEN_SCOPES as ['read', 'write', 'admin']),
        groups: names.optional(),
        jobs: names.optional(),
        expiresAt: instantInput.optional(),
      }),
      answer: z.object({ id: z.string(), token: z.string() }).openapi('CreatedToken'),
      status: 201,
      isSecret: true,
    },
    async ({ services, grant, query, body }) => {
      refusePartial(grant, WHAT)
      const namespace = namespaceOf(grant, query)
      const expiresAt = endFor(grant, body.expiresAt)
      return services.carillon.tokens.create({ ...body, namespace, expiresAt, createdBy: grant.actor })
    },
  ),
  endpoint(
    {
      method: 'delete',
      path: '/tokens/{id}',
      access: 'admin',
      id: 'revokeToken',
      tag,
      summary: 'End a token for good, within a second',
      params: z.object({ id: name }),
      query: namespaceQuery,
    },
    async ({ services, grant, params: { id }, query }) => {
      const own = await tokensOf(services, grant, query)
      if (!own.some((token) => token.id === id)) throw new ProblemError('NOT_FOUND', 'there is no such token')
      await services.carillon.tokens.revoke(id)
    },
  ),
]

async function tokensOf({ carillon }: Services, grant: Grant, query: NamespaceQuery): Promise<Token[]> {
  refusePartial(grant, WHAT)
  const namespace = namespaceOf(grant, query)
  const tokens = await carillon.tokens.list()
  return namespace === undefined ? tokens : tokens.filter((token) => token.namespace === namespace)
}

/** The namespace whose tokens are meant; `undefined` for all. */
function namespaceOf(grant: Grant, { namespace }: NamespaceQuery): string | undefined {
  return grant.namespace === null ? namespace : namespaceFor(grant, namespace)
}

/** When a token ends: not after the one that creates it, which may have been signed for minutes. */
function endFor(grant: Grant, given: string | number | undefined): number | undefined {
  const end = given === undefined ? undefined : instantMs(given, 'expiresAt')
  const last = 'expiresAt' in grant && typeof grant.expiresAt === 'number' ? grant.expiresAt : undefined
  if (last === undefined || end === undefined || end <= last) return end ?? last
  throw new InvalidInputError('a token ends no later than the one that creates it', 'expiresAt')
}
