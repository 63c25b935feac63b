import { randomUUIDv7 } from 'node:crypto'
import { CarillonError, InvalidInputError, InvalidPayloadError } from '../errors.ts'
import { resolveDefinition, type CompiledSchedule } from '../schedule/resolve-definition.ts'
import { seedOf } from '../schedule/schedule-identity.ts'
import type { ScheduleInput } from '../schedule/schedule-input.ts'
import { didYouMean } from '../suggestion.ts'
import type { Job } from '../task/job.ts'
import { EVERYTHING, type Reach } from '../store/reach.ts'
import type { JobRegistry } from '../task/job-registry.ts'
import type { ScheduleToWrite } from './generations.ts'
import type { Quotas } from './quotas.ts'

/** A schedule to store. The job is named, or given as `defineJob` made it, which types the payload. */
export type ScheduleOptions<Input = unknown> = Omit<ScheduleInput, 'job' | 'payload'> & {
  // oxlint-disable-next-line typescript/no-explicit-any -- what the handler gets out of the schema does not matter here
  readonly job: string | Job<any, Input>
  readonly payload?: Input
}

/** Any number of schedules to store, one after the other. */
export type Schedules = Iterable<ScheduleOptions> | AsyncIterable<ScheduleOptions>

/** What schedules are checked against. */
export interface ResolverParts {
  readonly jobs: JobRegistry
  /** The names of the queues that schedules may choose. */
  readonly queues: readonly string[]
  /** The largest payload, in bytes of JSON. */
  readonly maxPayloadBytes: number
  /** Without limits when left out. */
  readonly quotas?: Quotas
  /** What schedules may be; anything by default. */
  readonly reach?: Reach
}

/** Checks the schedules of one namespace, as callers give them, and writes out their defaults. */
export class ScheduleResolver {
  readonly #parts: ResolverParts
  readonly #namespace: string

  constructor(parts: ResolverParts, namespace: string) {
    this.#parts = parts
    this.#namespace = namespace
  }

  async toWrite(options: ScheduleOptions): Promise<ScheduleToWrite> {
    const job = typeof options.job === 'string' ? options.job : options.job?.name
    const key = options.key ?? randomUUIDv7()
    const resolved = await this.resolve({ ...options, key, job }, key)
    return { key, ...resolved }
  }

  /** Each of many as `toWrite`; an error tells which one it is about. */
  async *toWriteMany(schedules: Schedules): AsyncGenerator<ScheduleToWrite, void, undefined> {
    let index = 0
    for await (const options of schedules) {
      const at = index++
      yield await this.toWrite(options).catch((error: unknown) => {
        throw atIndex(error, at, options)
      })
    }
  }

  /** @param isForJob whether the job is to be asked about the payload; one that did not change was asked before */
  async resolve(input: ScheduleInput, key: string, isForJob = true): Promise<CompiledSchedule> {
    const { jobs, queues, maxPayloadBytes, quotas } = this.#parts
    const within = this.#within(input)
    const resolved = resolveDefinition(within, seedOf({ namespace: this.#namespace, key }))
    const { job, payload } = resolved.definition

    const { queue } = resolved.definition
    if (!queues.includes(queue)) {
      throw new InvalidInputError(
        `unknown queue "${queue}"${didYouMean(queue, queues) || `: known are ${queues.join(', ')}`}`,
        'queue',
      )
    }
    const { payloadBytes } = resolved
    if (payloadBytes > maxPayloadBytes) {
      const message = `the payload for job "${job}" has ${payloadBytes} bytes as JSON; at most ${maxPayloadBytes} are allowed`
      throw new InvalidPayloadError(message, job)
    }
    quotas?.checkInterval(this.#namespace, resolved)
    if (isForJob) await jobs.checkPayload(job, payload)
    return resolved
  }

  /**
   * The schedule in the one group that it can be in, where none is given.
   *
   * @throws {InvalidInputError} when it would be out of reach, or touch what is
   */
  #within(input: ScheduleInput): ScheduleInput {
    const { groups, jobs } = this.#parts.reach ?? EVERYTHING
    if (input.mutex !== undefined && (groups !== null || jobs !== null))
      throw new InvalidInputError(
        'a mutex is shared with schedules that are out of reach here: leave it out',
        'mutex',
      )
    if (groups === null) return input
    const group = input.group ?? (groups.length === 1 ? groups[0] : undefined)
    if (group !== undefined && groups.includes(group)) return { ...input, group }
    const which = groups.map((name) => `"${name}"`).join(', ')
    throw new InvalidInputError(`the group is one of ${which}`, 'group')
  }
}

/** The error, told with which one of many it is about. */
function atIndex(error: unknown, index: number, options: ScheduleOptions): unknown {
  if (error instanceof CarillonError)
    error.message = `schedule ${index} (${options?.key ?? 'without key'}): ${error.message}`
  return error
}
