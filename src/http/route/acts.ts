import { z } from '@hono/zod-openapi'
import { OVERLAP_WORDS } from '../../schedule/overlap.ts'
import { catalogFor } from '../context.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import {
  cursorQuery,
  DEFAULT_PAGE,
  limitQuery,
  missedInput,
  noteInput,
  instant,
  instantInput,
  keyParameter,
  namespaceQuery,
} from '../schema/common.ts'
import { occurrenceSchema } from '../schema/run.ts'
import { scheduleSchema } from '../schema/schedule.ts'

const tag = 'Acts'

const fieldChange = z.object({ path: z.string(), before: z.unknown(), after: z.unknown() }).partial({
  before: true,
  after: true,
})

/** What is done to a schedule besides changing it. */
export const actEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'post',
      path: '/schedules/{key}/pause',
      access: 'write',
      id: 'pauseSchedule',
      tag,
      summary: 'Pause a schedule, for good or until an instant',
      params: keyParameter,
      query: namespaceQuery,
      body: z.strictObject({ until: instantInput.optional(), note: noteInput }),
      answer: scheduleSchema,
    },
    ({ services, grant, params, query, body }) =>
      catalogFor({ services, grant, query }).pause(params.key, body),
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules/{key}/resume',
      access: 'write',
      id: 'resumeSchedule',
      tag,
      summary: 'Let a paused or broken schedule run again',
      params: keyParameter,
      query: namespaceQuery,
      body: z.strictObject({ missed: missedInput, note: noteInput }),
      answer: scheduleSchema,
    },
    ({ services, grant, params, query, body: { missed, note } }) =>
      catalogFor({ services, grant, query }).resume(params.key, {
        ...(missed !== undefined && { missed }),
        ...(note !== undefined && { note }),
      }),
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules/{key}/trigger',
      access: 'write',
      id: 'triggerSchedule',
      tag,
      summary: 'Run a schedule once, now',
      description:
        'With `nominalAt` it is the run of that instant, and one that is there already is the answer.',
      params: keyParameter,
      query: namespaceQuery,
      body: z.strictObject({ nominalAt: instantInput.optional() }),
      answer: occurrenceSchema,
      status: 202,
    },
    ({ services, grant, params, query, body: { nominalAt } }) =>
      catalogFor({ services, grant, query }).trigger(
        params.key,
        nominalAt === undefined ? {} : { nominalAt },
      ),
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules/{key}/retry',
      access: 'write',
      id: 'retryRun',
      tag,
      summary: 'Run once more what failed for good',
      params: keyParameter,
      query: namespaceQuery,
      body: z.strictObject({ id: z.string().max(64).optional() }),
      answer: occurrenceSchema,
      status: 202,
    },
    ({ services, grant, params, query, body: { id } }) =>
      catalogFor({ services, grant, query }).retry(params.key, id === undefined ? {} : { id }),
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules/{key}/backfill',
      access: 'write',
      id: 'backfillSchedule',
      tag,
      summary: 'Make up for what did not run in a time that is over',
      description: 'Only tells what it would do, unless `dryRun` is false.',
      params: keyParameter,
      query: namespaceQuery,
      body: z.strictObject({
        from: instantInput,
        until: instantInput.optional(),
        rate: z.number().positive().max(1_000_000).optional().openapi({ description: 'runs a minute' }),
        overlap: z.enum(OVERLAP_WORDS).optional().openapi({
          description: 'what becomes of those that find no room, in place of what the schedule says',
        }),
        dryRun: z.boolean().default(true),
      }),
      answer: z.object({
        dryRun: z.boolean(),
        planned: z.int(),
        present: z.int(),
        firstAt: instant.optional(),
        lastAt: instant.optional(),
        dueUntil: instant.optional(),
        overlap: z.enum(OVERLAP_WORDS),
        maxRunning: z.int().optional(),
        generations: z.record(z.string(), z.int()),
      }),
    },
    async ({ services, grant, params, query, body }) => ({
      dryRun: body.dryRun,
      ...(await catalogFor({ services, grant, query }).backfill(params.key, body)),
    }),
  ),
  endpoint(
    {
      method: 'post',
      path: '/schedules/{key}/rollback',
      access: 'write',
      id: 'rollbackSchedule',
      tag,
      summary: 'Store an earlier revision as a new change',
      params: keyParameter,
      query: namespaceQuery,
      body: z.strictObject({
        revision: z.int().min(1),
        dryRun: z.boolean().default(false),
        note: noteInput,
      }),
      answer: z.object({ fields: z.array(fieldChange), schedule: scheduleSchema }),
    },
    ({ services, grant, params, query, body }) =>
      catalogFor({ services, grant, query }).rollback(params.key, body),
  ),
  endpoint(
    {
      method: 'get',
      path: '/schedules/{key}/changes',
      access: 'read',
      id: 'listChanges',
      tag,
      summary: 'What was done to a schedule, by whom and why, newest first',
      params: keyParameter,
      query: namespaceQuery.extend({ limit: limitQuery, cursor: cursorQuery }),
      answer: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            revision: z.int(),
            kind: z.string(),
            at: instant,
            by: z.string().optional(),
            note: z.string().optional(),
            fields: z.array(fieldChange),
          }),
        ),
        next: z.string().optional(),
      }),
    },
    async (request) => {
      const { limit = DEFAULT_PAGE, cursor } = request.query
      const items = await catalogFor(request).changes(request.params.key, { limit, after: cursor })
      return { items, next: items.length === limit ? items.at(-1)!.id : undefined }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/schedules/{key}/diff',
      access: 'read',
      id: 'diffRevisions',
      tag,
      summary: 'What differs between two revisions of a schedule',
      params: keyParameter,
      query: namespaceQuery.extend({
        before: z.coerce.number().int().min(1),
        after: z.coerce.number().int().min(1),
      }),
      answer: z.object({ fields: z.array(fieldChange) }),
    },
    async (request) => {
      const { before, after } = request.query
      return { fields: await catalogFor(request).diff(request.params.key, before, after) }
    },
  ),
]
