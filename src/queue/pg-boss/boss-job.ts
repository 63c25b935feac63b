import { hash } from 'node:crypto'
import type { JobInsert } from 'pg-boss'
import type { Instant } from '../../clock/clock.ts'
import { parseMessage, type Message } from '../message.ts'

/** A job that was fetched, with what names this fetch of it: one that was taken back meanwhile is not settled by it. */
export interface FetchedJob {
  readonly id: string
  readonly retryCount: number
}

export interface JobSettings {
  readonly heartbeatSeconds: number
}

/** Marks the jobs of Carillon, and brings those at work into an index of pg-boss's own. */
export const GROUP = 'carillon'

/** What priorities are counted from, in seconds: the year 2020. One that is due in the year 2088 has the lowest. */
export const PRIORITY_EPOCH_SECONDS = 1_577_836_800

const NAMESPACE = Buffer.from('2f9a4b5c6c0b4d4c9d53a0d5a3f1c7be', 'hex')
const LOWEST_INTEGER = -(2 ** 31)
const HIGHEST_INTEGER = 2 ** 31 - 1
/** What PostgreSQL reads as an instant without more ado. */
const LAST_INSTANT = Date.UTC(9999, 11, 31)
/** pg-boss allows no longer one, since its workers time it by a timer. */
const LONGEST_RUN_SECONDS = 24 * 3_600
const TEN_YEARS_SECONDS = 10 * 365 * 24 * 3_600

/** A message as pg-boss takes it in. It never fails for good: what becomes of it is settled in the ledger. */
export function jobOfMessage(message: Message, { heartbeatSeconds }: JobSettings): JobInsert {
  const { scheduleId, generation, nominalAt, attempt, dueAt, job } = message
  return {
    id: jobId(message.id),
    data: { scheduleId, generation, nominalAt, attempt, dueAt, job },
    startAfter: new Date(Math.min(Math.max(dueAt, 0), LAST_INSTANT)),
    priority: priorityOf(dueAt),
    group: { id: GROUP },
    heartbeatSeconds,
    expireInSeconds: LONGEST_RUN_SECONDS,
    retentionSeconds: TEN_YEARS_SECONDS,
    // Of what workers of the application's own have completed.
    deleteAfterSeconds: 60,
    retryLimit: HIGHEST_INTEGER,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 30,
  }
}

/**
 * The message that a job of pg-boss carries, for workers of the application's own.
 *
 * @throws {InvalidInputError} when it carries none, since somebody else sent it
 */
export function messageOfJob(job: { readonly data: unknown }): Message {
  return parseMessage(job.data)
}

/** The UUID (version 5) under which a message is in pg-boss. */
export function jobId(messageId: string): string {
  const bytes = hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(messageId)]), 'buffer').subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/**
 * The earlier it is due, the higher. pg-boss has an index by priority and none by instant, so this is what makes it
 * quick to find what is due, and what is due next, among hundreds of thousands that wait.
 */
export function priorityOf(dueAt: Instant): number {
  const seconds = Math.floor(dueAt / 1_000) - PRIORITY_EPOCH_SECONDS
  return Math.min(Math.max(-seconds, LOWEST_INTEGER), HIGHEST_INTEGER)
}
