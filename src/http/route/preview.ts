import { z } from '@hono/zod-openapi'
import { CronExpression, type CronFinding } from '../../cron/index.ts'
import { seedOf } from '../../schedule/schedule-identity.ts'
import type { RecurrenceInput } from '../../schedule/schedule-input.ts'
import { catalogFor } from '../context.ts'
import { endpoint, type Endpoint } from '../endpoint.ts'
import { instant, instantInput, namespaceQuery } from '../schema/common.ts'
import { recurrenceInput } from '../schema/schedule.ts'

const tag = 'Previews'
const NAMED_COUNTS = z.array(z.object({ name: z.string(), count: z.int() }))

/** What would run, before it is stored. */
export const previewEndpoints: readonly Endpoint[] = [
  endpoint(
    {
      method: 'post',
      path: '/preview',
      access: 'read',
      id: 'previewRecurrence',
      tag,
      summary: 'The next instants of a recurrence as somebody types it, what it means, and what may surprise',
      query: namespaceQuery,
      body: z.strictObject({
        recurrence: recurrenceInput,
        count: z.int().min(1).max(1_000).default(5),
        after: instantInput.optional(),
      }),
      answer: z.object({
        instants: z.array(
          z.object({
            at: instant,
            shiftedMs: z.number().openapi({
              description: 'how much later than the expression names it is, since a clock change skipped it',
            }),
            secondPass: z.boolean().openapi({
              description: 'whether it is the second pass through a time that a clock change repeated',
            }),
          }),
        ),
        descriptions: z.array(z.string()),
        findings: z.array(z.object({ expression: z.string(), code: z.string(), message: z.string() })),
      }),
    },
    async ({ services, grant, query, body: { recurrence, count, after } }) => {
      const own = catalogFor({ services, grant, query })
      const dates = await own.preview(recurrence, count, after === undefined ? {} : { after })
      const expressions = expressionsOf(recurrence, own.namespaceName)
      return {
        instants: dates.map((at) => ({ at, ...changeAt(expressions, at) })),
        descriptions: expressions.map((expression) => expression.describe()),
        findings: expressions.flatMap((expression) =>
          expression.diagnose(services.clock.now()).map(({ code, message }: CronFinding) => ({
            expression: expression.expression,
            code,
            message,
          })),
        ),
      }
    },
  ),
  endpoint(
    {
      method: 'get',
      path: '/forecast',
      access: 'read',
      id: 'forecast',
      tag,
      summary: 'How many occurrences fall due ahead, and of what the fullest minutes are full',
      query: namespaceQuery.extend({
        from: instantInput.optional(),
        until: instantInput.optional(),
        bucket: z.string().max(64).optional(),
        top: z.coerce.number().int().min(0).max(100).optional(),
      }),
      answer: z.object({
        from: instant,
        until: instant,
        bucketMs: z.number(),
        schedules: z.int(),
        unreadable: z.int(),
        total: z.int(),
        buckets: z.array(z.object({ at: instant, count: z.int() })),
        byNamespace: NAMED_COUNTS,
        byJob: NAMED_COUNTS,
        byQueue: NAMED_COUNTS,
        fullest: z.array(
          z.object({
            at: instant,
            count: z.int(),
            filledBy: z.array(
              z.object({
                namespace: z.string(),
                group: z.string().optional(),
                job: z.string(),
                count: z.int(),
              }),
            ),
          }),
        ),
      }),
    },
    (request) => {
      const { namespace: _, ...options } = request.query
      return catalogFor(request).forecast({ ...options, signal: request.context.req.raw.signal })
    },
  ),
]

function expressionsOf(
  { cron, timezone, dst, syntax }: RecurrenceInput,
  namespace: string,
): CronExpression[] {
  const texts = cron === undefined ? [] : typeof cron === 'string' ? [cron] : cron
  const seed = seedOf({ namespace, key: '' })
  return texts.map((text) => new CronExpression(text, timezone, { dst, syntax, seed }))
}

/** What a clock change did to an instant, by the first of the expressions that names it. */
function changeAt(
  expressions: readonly CronExpression[],
  at: Date,
): { shiftedMs: number; secondPass: boolean } {
  for (const expression of expressions) {
    const found = expression.occurrenceAt(at)
    if (found !== undefined) return { shiftedMs: found.shiftedMs, secondPass: found.secondPass }
  }
  return { shiftedMs: 0, secondPass: false }
}
