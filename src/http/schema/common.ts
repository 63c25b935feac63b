import { z } from '@hono/zod-openapi'
import { PROBLEM_CODES } from '../problem.ts'

const LONGEST_NAME = 255
/** How many things one page has at most. */
const LARGEST_PAGE = 1_000

/** As names are checked everywhere: not every database could keep a NUL, nor half a character. */
export const name = z
  .string()
  .min(1)
  .max(LONGEST_NAME)
  .refine((text) => !text.includes('\u0000') && text.isWellFormed(), {
    message: 'it holds a NUL character, or half of one that takes two',
  })

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
  .openapi({ description: 'how many at most; 50 by default' })

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
