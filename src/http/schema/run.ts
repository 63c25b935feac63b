import { z } from '@hono/zod-openapi'
import { OCCURRENCE_ORIGINS, OCCURRENCE_STATES, SKIP_REASONS } from '../../schedule/occurrence.ts'
import { anyJson, cursorQuery, instant, instantInput, limitQuery, listQuery } from './common.ts'

const runError = z.object({ code: z.string(), message: z.string(), stack: z.string().optional() })

const occurrence = {
  id: z.string(),
  nominalAt: instant,
  dueAt: instant,
  state: z.enum(OCCURRENCE_STATES),
  reason: z.enum(SKIP_REASONS).optional(),
  origin: z.enum(OCCURRENCE_ORIGINS),
  generation: z.int(),
  attempt: z.int(),
  server: z.string().optional(),
  dispatchedAt: instant,
  startedAt: instant.optional(),
  finishedAt: instant.optional(),
  error: runError.optional(),
  result: anyJson.optional(),
  missed: z.object({ until: instant, count: z.int() }).optional(),
  standsFor: z.int(),
}

export const occurrenceSchema = z.object(occurrence).openapi('Occurrence')

const listed = { key: z.string(), group: z.string().optional(), job: z.string(), ...occurrence }

export const listedRunSchema = z.object(listed).openapi('ListedRun')

const line = z.object({
  at: instant,
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
  isCut: z.boolean(),
})

const told = {
  log: z.array(line),
  dropped: z.object({ after: z.int(), count: z.int() }).optional(),
  progress: z
    .object({
      at: instant,
      fraction: z.number().optional(),
      done: z.number().optional(),
      total: z.number().optional(),
      note: z.string().optional(),
    })
    .optional(),
}

export const runDetailsSchema = z
  .object({
    ...listed,
    ...told,
    attempts: z.array(
      z.object({
        attempt: z.int(),
        server: z.string(),
        startedAt: instant,
        error: runError.optional(),
        ...told,
      }),
    ),
  })
  .openapi('RunDetails')

/** Which occurrences are wanted. */
export const occurrenceQuery = {
  limit: limitQuery,
  cursor: cursorQuery,
  states: listQuery(OCCURRENCE_STATES),
  reasons: listQuery(SKIP_REASONS),
  origins: listQuery(OCCURRENCE_ORIGINS),
  errorCode: z.string().min(1).max(255).optional(),
  from: instantInput.optional(),
  until: instantInput.optional(),
}

export const explanationSchema = z
  .object({
    key: z.string(),
    namespace: z.string(),
    instant,
    verdict: z.enum(['ran', 'runs', 'will-run', 'did-not-run', 'will-not-run', 'unknown']),
    code: z.string(),
    text: z.string(),
    occurrence: occurrenceSchema.optional(),
    others: z.array(occurrenceSchema),
    inForce: z
      .object({
        generation: z.int(),
        cause: z.string(),
        from: instant,
        until: instant.optional(),
        by: z.string().optional(),
        note: z.string().optional(),
        recurrence: z.string(),
      })
      .optional(),
    previousAt: instant.optional(),
    nextAt: instant.optional(),
  })
  .openapi('Explanation')
