import { z } from 'zod'
import type { AnyJob } from './job.ts'

/** A job, as those see it who make schedules of it. */
export interface JobInfo {
  readonly name: string
  /** The JSON Schema of its payload, as it is given; `undefined` when the job takes any, or its library has none. */
  readonly payload: Readonly<Record<string, unknown>> | undefined
}

/** Jobs with what their payloads are to be, as far as the libraries of their schemas can say it. */
export function describeJobs(jobs: Iterable<AnyJob>): JobInfo[] {
  return Array.from(jobs, (job) => ({ name: job.name, payload: jsonSchemaOf(job.payload) }))
}

function jsonSchemaOf(schema: AnyJob['payload']): JobInfo['payload'] {
  if (schema === undefined) return undefined
  const standard = schema['~standard'] as StandardJsonSchema
  if (standard.jsonSchema !== undefined) return standard.jsonSchema.input({ target: 'draft-2020-12' })
  if (!(schema instanceof z.ZodType)) return undefined
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}

/** What libraries have that follow Standard JSON Schema. */
interface StandardJsonSchema {
  readonly jsonSchema?: {
    readonly input: (options: { readonly target: string }) => Record<string, unknown>
  }
}
