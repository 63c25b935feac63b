import { z } from '@hono/zod-openapi'
import type { Schedule } from '../../catalog/schedule-view.ts'
import { ScheduleConflictError, ScheduleNotFoundError } from '../../errors.ts'
import { isPartial } from '../access/grant.ts'
import { catalogFor, expectedRevision, refusePartial } from '../context.ts'
import { endpoint, type Endpoint, type EndpointDefinition, type EndpointRequest } from '../endpoint.ts'
import { ProblemError } from '../problem.ts'
import {
  DEFAULT_PAGE,
  cursorQuery,
  keyParameter,
  limitQuery,
  listQuery,
  name,
  namespaceQuery,
} from '../schema/common.ts'
import { keyedScheduleInput, scheduleInput, schedulePatch, scheduleSchema } from '../schema/schedule.ts'

const tag = 'Schedules'
/** How many schedules one request stores. */
const MOST_AT_ONCE = 1_000

const revisionHeader = z.object({
  'if-match': z
    .string()
    .max(64)
    .optional()
    .openapi({ description: 'the revision that is to be changed, as in `"7"`: the ETag of an answer' }),
})
const absentHeader = revisionHeader.extend({
  'if-none-match': z
    .string()
    .max(64)
    .optional()
    .openapi({ description: '`*` to create it only, and replace none' }),
})

/** Create, read, change and delete schedules. */
export const scheduleEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'get',
      path: '/schedules',
      access: 'read',
      id: 'listSchedules',
      tag,
      summary: 'List schedules by key, page by page',
      query: namespaceQuery.extend({
        group: name.optional(),
        job: name.optional(),
        states: listQuery(['active', 'paused', 'broken']),
        text: z.string().min(1).max(255).optional().openapi({ description: 'in the key or the group' }),
        limit: limitQuery,
        cursor: cursorQuery,
      }),
      answer: z.object({ items: z.array(scheduleSchema), next: z.string().optional() }),
    },
    async (request) => {
      const { namespace: _, limit = DEFAULT_PAGE, cursor, ...filter } = request.query
      const afterKey = cursor === undefined ? undefined : keyOf(cursor)
      const page = catalogFor(request).describeAll({ ...filter, afterKey, limit: limit + 1 })
      const items = await Array.fromAsync(page)
      const isMore = items.length > limit
      if (isMore) items.pop()
      return { items, next: isMore ? cursorOf(items.at(-1)!.key) : undefined }
    },
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules',
      access: 'write',
      id: 'createSchedule',
      tag,
      summary: 'Create a schedule',
      description: 'Without a key it gets one: a UUID that sorts by time.',
      query: namespaceQuery,
      body: keyedScheduleInput,
      answer: scheduleSchema,
      status: 201,
    },
    async (request) => {
      const { key } = request.body
      const own = catalogFor(request)
      if (key !== undefined) {
        if (isPartial(request.grant))
          throw new ProblemError(
            'FORBIDDEN',
            'keys are chosen by tokens that reach all of their namespace: leave the key out, and one is made',
            { path: 'key' },
          )
      }
      // What is there already is for PUT, which says that it replaces.
      return tagged(request, await own.schedule(request.body, { revision: 0 }))
    },
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules/bulk',
      access: 'write',
      id: 'putSchedules',
      tag,
      summary: 'Create or replace many schedules',
      description: `Up to ${MOST_AT_ONCE}. Nothing is stored unless all of them are valid.`,
      query: namespaceQuery,
      body: z.strictObject({ schedules: z.array(keyedScheduleInput).min(1).max(MOST_AT_ONCE) }),
      answer: z.object({ created: z.int(), changed: z.int(), unchanged: z.int() }),
    },
    async (request) => {
      refusePartial(request.grant, 'storing many')
      const own = catalogFor(request)
      const { schedules } = request.body
      for await (const _ of own.compareMany(schedules));
      return own.scheduleMany(schedules)
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/schedules/{key}',
      access: 'read',
      id: 'getSchedule',
      tag,
      summary: 'Read a schedule',
      params: keyParameter,
      query: namespaceQuery,
      answer: scheduleSchema,
    },
    async (request) => tagged(request, await present(request, request.params.key)),
  ),
  endpoint(
    {
      method: 'put',
      path: '/schedules/{key}',
      access: 'write',
      id: 'putSchedule',
      tag,
      summary: 'Create a schedule, or replace it in full',
      description:
        'What is left out has its default. An operator’s pause stays, unless `active` is true. A token that reaches only some groups or jobs replaces what is there, and creates with POST.',
      params: keyParameter,
      query: namespaceQuery,
      headers: absentHeader,
      body: scheduleInput,
      answer: scheduleSchema,
    },
    async (request) => {
      const { key } = request.params
      // Whether a key out of reach is taken must not show.
      if (isPartial(request.grant)) await present(request, key)
      return atRevision(request, async (expected) =>
        tagged(request, await catalogFor(request).schedule({ ...request.body, key }, expected)),
      )
    },
  ),
  endpoint(
    {
      method: 'patch',
      path: '/schedules/{key}',
      access: 'write',
      id: 'patchSchedule',
      tag,
      summary: 'Change parts of a schedule',
      params: keyParameter,
      query: namespaceQuery,
      headers: revisionHeader,
      body: schedulePatch,
      answer: scheduleSchema,
    },
    (request) =>
      atRevision(request, async (expected) =>
        tagged(request, await catalogFor(request).patch(request.params.key, request.body, expected)),
      ),
  ),
  endpoint(
    {
      method: 'delete',
      path: '/schedules/{key}',
      access: 'write',
      id: 'deleteSchedule',
      tag,
      summary: 'Delete a schedule, and withdraw what has not begun',
      params: keyParameter,
      query: namespaceQuery,
      headers: revisionHeader,
    },
    (request) =>
      atRevision(request, async (expected) => {
        const { key } = request.params
        if (!(await catalogFor(request).delete(key, expected))) throw missing(key)
      }),
  ),
]

type Named = EndpointRequest<EndpointDefinition>

/** Changes a schedule at the revision that the headers insist on. @throws {ProblemError} when it is at another one */
async function atRevision<T>(
  { context }: Pick<Named, 'context'>,
  change: (expected: { revision?: number }) => Promise<T>,
): Promise<T> {
  const revision = expectedRevision(context)
  try {
    return await change(revision === undefined ? {} : { revision })
  } catch (error) {
    if (revision === undefined || !(error instanceof ScheduleConflictError)) throw error
    const path = revision === 0 ? 'If-None-Match' : 'If-Match'
    throw new ProblemError('REVISION_MISMATCH', error.message, { path })
  }
}

async function present(request: Parameters<typeof catalogFor>[0], key: string): Promise<Schedule> {
  const schedule = await catalogFor(request).describe(key)
  if (schedule === undefined) throw missing(key)
  return schedule
}

function missing(key: string): ScheduleNotFoundError {
  return new ScheduleNotFoundError(`no schedule has the key "${key}"`, key)
}

/** Names the revision of an answer, so that a change can insist on it. */
function tagged({ context }: Pick<Named, 'context'>, schedule: Schedule): Schedule {
  context.header('etag', `"${schedule.revision}"`)
  return schedule
}

/** Where a page ended: nothing to be read or made up, so that it can change. */
function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function keyOf(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString()
  if (key !== '' && cursorOf(key) === cursor) return key
  throw new ProblemError('INVALID_INPUT', 'the cursor is none that an answer gave', { path: 'cursor' })
}
