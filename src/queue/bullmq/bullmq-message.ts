import type { JobsOptions } from 'bullmq'
import type { Instant } from '../../clock/clock.ts'
import { InvalidInputError } from '../../errors.ts'
import { parseMessage, type Message } from '../message.ts'

/** How the data of a job is written. Whoever reads an older one knows it, a later one is for later versions. */
const VERSION = 1

/** BullMQ takes low numbers first; and a job without a number before all others, so all have one or none has. */
const LOWEST = 10

/** A job as `addBulk` takes it. */
export interface BullmqJob {
  readonly name: string
  readonly data: object
  readonly opts: JobsOptions
}

/**
 * The job for a message. It has the message's id, is kept nowhere when it has ended, and is tried once: who tries again
 * is the ledger.
 */
export function jobOf(message: Message, now: Instant): BullmqJob {
  const { id, scheduleId, generation, nominalAt, attempt, dueAt, job, priority } = message
  return {
    name: job,
    data: { v: VERSION, scheduleId, generation, nominalAt, attempt, dueAt, job },
    opts: {
      jobId: id,
      // BullMQ adds the two up, so the sum is the due instant to the millisecond.
      timestamp: now,
      delay: Math.max(dueAt - now, 0),
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
      ...(priority !== undefined && { priority: LOWEST - priority }),
    },
  }
}

/**
 * The message that a job of Carillon's queue carries, for who runs a `Worker` of his own:
 *
 * ```ts
 * new Worker('carillon-default', (job) => cron.deliver(messageOfJob(job)), { connection })
 * ```
 *
 * @throws {InvalidInputError} when it carries none, or one that a later version of Carillon has written
 */
export function messageOfJob(job: { readonly data: unknown }): Message {
  if (isOfLaterVersion(job))
    throw new InvalidInputError(
      'the message was written by a later version of Carillon; update this one, or leave the message to others',
      'message.v',
    )
  return parseMessage(job.data)
}

/** Whether a later version of Carillon has written what the job carries. */
export function isOfLaterVersion({ data }: { readonly data: unknown }): boolean {
  const version = (data as { v?: unknown } | null | undefined)?.v
  return typeof version === 'number' && version > VERSION
}
