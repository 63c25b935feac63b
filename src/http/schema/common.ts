import { z } from '@hono/zod-openapi'
import { LONGEST_KEY, shortText } from '../../schedule/check-shape.ts'
import { PROBLEM_CODES } from '../problem.ts'

/** How many things one page has at most. */
const LARGEST_PAGE = 1_000
/** How many it has, unless it is told. */
export const DEFAULT_PAGE = 50

/** A name, checked as it is everywhere. */
export const name = shortText(LONGEST_KEY)

/** What people say about what they do. */
export const noteInput = z.string().min(1).max(4_000).optional()

export const missedInput = z
  .enum(['skip', 'latest', 'all'])
  .optional()
  .openapi({ description: 'what becomes of the runs of the pause; they are skipped by default' })

export const instantInput = z.union([z.string().max(64), z.number()]).openapi({
  description: 'ISO 8601 with an offset, or epoch milliseconds',
  example: '2026-12-24T18:00:00Z',
})

export const durationInput = z
  .union([z.string().max(64), z.number()])
  .openapi({ description: 'as in `90s`, `5m`, `2h`, `1d`, or milliseconds', example: '5m' })

/** An instant in an answer. */
export const instant = z.iso.datetime().openapi({ description: 'ISO 8601, in UTC' })

export const anyJson = z.unknown().openapi({ description: 'any JSON' })

export const namespaceQuery = z.object({
  namespace: name.optional().openapi({
    description: 'the namespace that is meant; that of the token, or `default`, when left out',
  }),
})

export const keyParameter = z.object({ key: name.openapi({ description: 'the key of the schedule' }) })

export const limitQuery = z.coerce
  .number()
  .int()
  .min(1)
  .max(LARGEST_PAGE)
  .optional()
  .openapi({ description: `how many at most; ${DEFAULT_PAGE} by default` })

export const cursorQuery = z
  .string()
  .min(1)
  .max(2_048)
  .optional()
  .openapi({ description: 'where the page before ended: its `next`' })

/** Several values as one parameter: `a,b`. */
export function listQuery<const T extends readonly string[]>(values: T) {
  return z
    .string()
    .max(1_000)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(values)).min(1))
    .optional()
    .openapi({ type: 'string', description: `some of ${values.join(', ')}, with commas between them` })
}

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(PROBLEM_CODES as [string, ...string[]]),
    detail: z.string(),
    path: z.string().optional(),
    position: z.int().optional(),
    suggestion: z.string().optional(),
    quota: z.string().optional(),
  })
  .openapi('Problem')
