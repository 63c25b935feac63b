import { z } from '@hono/zod-openapi'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { ProblemError } from '../problem.ts'

const tag = 'Probes'

/** What orchestrators ask; open to all, so they tell nothing else. */
export const probeEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'get',
      path: '/live',
      access: 'nobody',
      id: 'isLive',
      tag,
      summary: 'Whether the process lives',
      answer: z.object({ isLive: z.literal(true) }),
    },
    () => ({ isLive: true }),
  ),
  endpoint(
    {
      method: 'get',
      path: '/ready',
      access: 'nobody',
      id: 'isReady',
      tag,
      summary: 'Whether the process can do its work: 503 while it can not',
      answer: z.object({ isReady: z.literal(true) }),
    },
    async ({ services }) => {
      const { isReady } = await services.carillon.health()
      if (!isReady)
        throw new ProblemError('UNAVAILABLE', 'the process cannot do its work now, or is stopping')
      return { isReady }
    },
  ),
]
