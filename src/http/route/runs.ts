import { z } from '@hono/zod-openapi'
import { RunNotFoundError } from '../../errors.ts'
import { catalogFor } from '../context.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { DEFAULT_PAGE, instant, instantInput, keyParameter, name, namespaceQuery } from '../schema/common.ts'
import {
  explanationSchema,
  listedRunSchema,
  occurrenceQuery,
  occurrenceSchema,
  runDetailsSchema,
} from '../schema/run.ts'

const tag = 'Runs'

const runId = z.object({ id: z.string().min(1).max(64).openapi({ description: 'the id of an occurrence' }) })

/** What became of occurrences, and why. */
export const runEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'get',
      path: '/schedules/{key}/history',
      access: 'read',
      id: 'listHistory',
      tag,
      summary: 'What became of a schedule’s occurrences, newest first',
      description:
        'Of deleted schedules with this key too, while they are kept; empty for an unknown key. With `until` later than now, what is planned ahead too.',
      params: keyParameter,
      query: namespaceQuery.extend(occurrenceQuery),
      answer: z.object({ items: z.array(occurrenceSchema), next: z.string().optional() }),
    },
    async (request) => {
      const { namespace: _, cursor, errorCode, limit = DEFAULT_PAGE, ...filter } = request.query
      const own = catalogFor(request)
      const items = await own.history(request.params.key, {
        ...filter,
        ...codes(errorCode),
        limit,
        after: cursor,
      })
      return { items, next: items.length === limit ? items.at(-1)!.id : undefined }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/schedules/{key}/explain',
      access: 'read',
      id: 'explain',
      tag,
      summary: 'Why a schedule ran at an instant, or did not, or whether it will',
      params: keyParameter,
      query: namespaceQuery.extend({ at: instantInput }),
      answer: explanationSchema,
    },
    (request) => catalogFor(request).explain(request.params.key, request.query.at),
  ),
  endpoint(
    {
      method: 'get',
      path: '/schedules/{key}/next',
      access: 'read',
      id: 'nextInstants',
      tag,
      summary: 'The next nominal instants of a schedule',
      params: keyParameter,
      query: namespaceQuery.extend({
        count: z.coerce.number().int().min(1).max(1_000).default(5),
        after: instantInput.optional(),
      }),
      answer: z.object({ instants: z.array(instant) }),
    },
    async (request) => {
      const { count, after } = request.query
      const own = catalogFor(request)
      return { instants: await own.preview(request.params.key, count, after === undefined ? {} : { after }) }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/runs',
      access: 'read',
      id: 'listRuns',
      tag,
      summary: 'What became of the occurrences of all schedules, newest first',
      description: 'A page may have less than `limit`, or nothing, and still a `next` one: go by that.',
      query: namespaceQuery.extend({ ...occurrenceQuery, group: name.optional(), job: name.optional() }),
      answer: z.object({ items: z.array(listedRunSchema), next: z.string().optional() }),
    },
    async (request) => {
      const { namespace: _, cursor, errorCode, limit = DEFAULT_PAGE, ...filter } = request.query
      const own = catalogFor(request)
      const { runs, next } = await own.runs({ ...filter, ...codes(errorCode), limit, after: cursor })
      return { items: runs, next }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/runs/{id}',
      access: 'read',
      id: 'getRun',
      tag,
      summary: 'One run with its log lines, its progress and its attempts',
      params: runId,
      query: namespaceQuery,
      answer: runDetailsSchema,
    },
    async ({ services, grant, params, query }) => {
      const run = await catalogFor({ services, grant, query }).run(params.id)
      if (run === undefined) throw new RunNotFoundError(`no run has the id "${params.id}"`, params.id)
      return run
    },
  ),
]

function codes(errorCode: string | undefined): { errorCodes?: string[] } {
  return errorCode === undefined ? {} : { errorCodes: [errorCode] }
}
