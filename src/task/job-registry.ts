import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ConfigError, InvalidPayloadError, UnknownJobError } from '../errors.ts'
import type { Json } from '../schedule/json.ts'
import { didYouMean } from '../suggestion.ts'
import type { AnyJob } from './job.ts'

/** The jobs that this process knows, by name. */
export class JobRegistry {
  readonly #jobs = new Map<string, AnyJob>()
  #hasPriorities = false

  /** @throws {ConfigError} when two jobs share a name, or a number of one is out of range */
  constructor(jobs: Iterable<AnyJob>) {
    for (const job of jobs) {
      if (this.#jobs.has(job.name))
        throw new ConfigError(`two jobs are named "${job.name}": a name stands for one job`)
      const { concurrency = 1, priority = 0 } = job
      if (!Number.isInteger(priority) || priority < 0 || priority > 9)
        throw new ConfigError(`priority of job "${job.name}" is a whole number from 0 to 9`)
      this.#hasPriorities ||= priority > 0
      if (!Number.isInteger(concurrency) || concurrency < 1)
        throw new ConfigError(`concurrency of job "${job.name}" is a whole number from 1`)
      this.#jobs.set(job.name, job)
    }
  }

  get names(): readonly string[] {
    return [...this.#jobs.keys()]
  }

  /** Those of them with these names. */
  among(names: readonly string[]): JobRegistry {
    return new JobRegistry([...this.#jobs.values()].filter(({ name }) => names.includes(name)))
  }

  /** The priority of a job; `undefined` when no job has one, so that queues need not sort. */
  priorityOf(name: string): number | undefined {
    return this.#hasPriorities ? (this.#jobs.get(name)?.priority ?? 0) : undefined
  }

  find(name: string): AnyJob | undefined {
    return this.#jobs.get(name)
  }

  /** @throws {UnknownJobError} with the nearest name */
  get(name: string): AnyJob {
    const job = this.#jobs.get(name)
    if (job !== undefined) return job

    const known = this.names.length === 0 ? 'no jobs are registered' : `known jobs: ${this.names.join(', ')}`
    throw new UnknownJobError(`unknown job "${name}"${didYouMean(name, this.names) || `: ${known}`}`, name)
  }

  /**
   * The payload as the job's schema gives it out.
   *
   * @throws {UnknownJobError} when no job has this name
   * @throws {InvalidPayloadError} when the schema refuses it
   */
  async checkPayload(name: string, payload: Json): Promise<unknown> {
    const job = this.get(name)
    if (job.payload === undefined) return payload

    const result = await job.payload['~standard'].validate(payload)
    if (result.issues === undefined) return result.value

    const issues = result.issues.map(describeIssue).join('; ')
    throw new InvalidPayloadError(`the payload does not fit job "${name}": ${issues}`, name)
  }
}

function describeIssue({ message, path = [] }: StandardSchemaV1.Issue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}
