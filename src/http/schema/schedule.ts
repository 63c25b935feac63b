import { z } from '@hono/zod-openapi'
import { MAX_CAUGHT_UP } from '../../schedule/definition.ts'
import { SCHEDULE_SHAPE } from '../../schedule/check-shape.ts'
import { OVERLAP_WORDS } from '../../schedule/overlap.ts'
import { anyJson, durationInput, instant, instantInput, name } from './common.ts'

const { group, job, except, timezone, dst, syntax, active, maxRuns, retries, pauseAfter } = SCHEDULE_SHAPE
const { overlap, maxRunning, mutex, queue, whenFinished, note } = SCHEDULE_SHAPE

const expression = z.string().max(1_000)

/** When a schedule runs. */
const recurrence = {
  cron: z
    .union([expression, z.array(expression).min(1).max(50)])
    .optional()
    .openapi({ description: 'a cron expression, or several', example: '0 9 * * MON-FRI' }),
  timezone,
  dst,
  syntax,
  except,
  every: durationInput.optional(),
  anchor: instantInput.optional(),
  at: instantInput.optional(),
}

/** What else there is to say of one. */
const policies = {
  group,
  active,
  catchUp: z
    .union([
      durationInput,
      z.strictObject({
        within: durationInput,
        policy: z.enum(['all', 'latest']).optional(),
        max: z.int().min(1).max(MAX_CAUGHT_UP).optional(),
      }),
    ])
    .optional(),
  startsAt: instantInput.optional(),
  endsAt: instantInput.optional(),
  maxRuns,
  spread: durationInput.optional(),
  jitter: durationInput.optional(),
  retries,
  backoff: z
    .strictObject({
      initial: durationInput.optional(),
      factor: z.number().min(1).max(100).optional(),
      max: durationInput.optional(),
      jitter: z.number().min(0).max(1).optional(),
    })
    .optional(),
  pauseAfter,
  expectWithin: durationInput.optional(),
  overlap,
  maxRunning,
  mutex,
  minimumBreak: durationInput.optional(),
  timeout: durationInput.optional(),
  queue,
  whenFinished,
  note,
}

/** A schedule as it is given, without its key. */
export const scheduleInput = z
  .strictObject({ ...recurrence, ...policies, job, payload: anyJson.optional() })
  .openapi('ScheduleInput')

/** A key must be able to stand in a path, where these mean something else. */
const keyInput = name.refine((key) => key !== '.' && key !== '..', { message: 'a key is not . or ..' })

/** A schedule as it is given, perhaps with a key. */
export const keyedScheduleInput = z
  .strictObject({ key: keyInput.optional(), ...recurrence, ...policies, job, payload: anyJson.optional() })
  .openapi('KeyedScheduleInput')

type Parts = typeof recurrence & typeof policies
type Clearable = { [K in keyof Parts]: z.ZodNullable<Parts[K]> }

const clearable = Object.fromEntries(
  Object.entries({ ...recurrence, ...policies }).map(([part, schema]) => [part, schema.nullable()]),
) as Clearable

/** The parts that are to change. */
export const schedulePatch = z
  .strictObject({ ...clearable, job: job.optional(), payload: anyJson.optional() })
  .openapi('SchedulePatch', {
    description: 'what is left out stays as it is; `null` takes a part back to its default',
  })

export const recurrenceInput = z
  .strictObject({ ...recurrence, startsAt: policies.startsAt, endsAt: policies.endsAt })
  .openapi('RecurrenceInput')

const pause = z.object({
  by: z.string().optional(),
  note: z.string().optional(),
  since: instant,
  until: instant.optional(),
  with: z.object({ namespace: z.string().optional(), group: z.string().optional() }).optional(),
})

/** A schedule in an answer. */
export const scheduleSchema = z
  .object({
    key: z.string(),
    group: z.string().optional(),
    namespace: z.string(),
    origin: z.enum(['user', 'code']),
    state: z.enum(['active', 'paused', 'broken']),
    reason: z.string().optional(),
    pause: pause.optional(),
    generation: z.int(),
    revision: z.int(),
    cron: z.union([z.string(), z.array(z.string())]).optional(),
    timezone: z.string().optional(),
    dst: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
    syntax: z.string().optional(),
    except: z.array(z.string()).optional(),
    everyMs: z.number().optional(),
    anchor: instant.optional(),
    at: instant.optional(),
    job: z.string(),
    payload: anyJson,
    catchUp: z.object({ withinMs: z.number(), policy: z.enum(['all', 'latest']), max: z.int() }),
    startsAt: instant.optional(),
    endsAt: instant.optional(),
    maxRuns: z.int().optional(),
    spreadMs: z.number(),
    jitterMs: z.number(),
    retries: z.int(),
    backoff: z.object({
      initialMs: z.number(),
      factor: z.number(),
      maxMs: z.number(),
      jitter: z.number(),
    }),
    pauseAfter: z.int().optional(),
    expectWithinMs: z.number().optional(),
    overlap: z.enum(OVERLAP_WORDS),
    maxRunning: z.int().optional(),
    mutex: z.string().optional(),
    minimumBreakMs: z.number(),
    timeoutMs: z.number().optional(),
    queue: z.string(),
    whenFinished: z.enum(['keep', 'remove']),
    note: z.string().optional(),
    nextRunAt: instant.optional(),
    lastScheduledAt: instant.optional(),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Schedule')
