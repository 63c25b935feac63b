import { isDeepStrictEqual } from 'node:util'
import { z } from '@hono/zod-openapi'
import { streamSSE } from 'hono/streaming'
import { senderOf } from '../access/grant.ts'
import { namespaceFor } from '../context.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { EventStream } from '../event-stream.ts'
import { ProblemError } from '../problem.ts'
import { namespaceQuery } from '../schema/common.ts'

/** What happens, as it happens. */
export const eventEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'get',
      path: '/events',
      access: 'read',
      id: 'followEvents',
      tag: 'Events',
      summary: 'Follow what happens to schedules and runs',
      description:
        'Server-sent events, within about a second: `ready` when it begins, so that what is read after it misses nothing; `schedule` when one was stored, changed, paused, resumed or deleted; `run` when one has begun or ended; `gap` when more has happened than is told, so that all is to be read anew. The stream ends when its token does. Without a namespace, a token of all namespaces is told of all.',
      query: namespaceQuery,
      answer: z.string(),
      answerType: 'text/event-stream',
    },
    async ({ services: { carillon, clock, logger, streams }, grant, query, context }) => {
      const closed = streams.open(senderOf(grant))
      if (closed === undefined)
        throw new ProblemError('TOO_MANY_REQUESTS', 'there are too many streams already: end one', {
          headers: { 'retry-after': '60' },
        })
      try {
        const { groups, jobs } = grant
        const own = new EventStream(clock)
        const filter = {
          namespace: grant.namespace === null ? query.namespace : namespaceFor(grant, query.namespace),
          ...(groups !== null && { groups }),
          ...(jobs !== null && { jobs }),
        }
        const unfollow = await carillon.news.follow(filter, own)
        const renew = context.get('renew')
        const isWelcome = async () => isDeepStrictEqual(await renew(), grant)
        return streamSSE(context, async (stream) => {
          try {
            await own.pipe(stream, isWelcome)
          } catch (error) {
            // Such as a database that cannot be asked for the token: the client comes again.
            logger.warn({ error }, 'a stream of events was ended')
          } finally {
            unfollow()
            closed()
          }
        })
      } catch (error) {
        closed()
        throw error
      }
    },
  ),
]
