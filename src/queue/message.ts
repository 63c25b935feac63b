import type { Instant } from '../clock/clock.ts'
import { InvalidInputError } from '../errors.ts'
import { occurrenceId, type OccurrenceRef } from '../schedule/occurrence.ts'

/**
 * What travels through a queue: which attempt of which occurrence is due when. Job and payload stay behind; who begins
 * the run is given those that are in force then.
 */
export interface Message extends OccurrenceRef {
  /**
   * Follows from the occurrence and the attempt, so that the same is sent again under the same name: `17-3-1774746000000-0`.
   * Unique in a database, at most 64 characters, digits and `-`.
   */
  readonly id: string
  /**
   * How often the occurrence had begun when this was sent; where a guard decides, begun or been told to wait for its turn.
   * Once more in between makes the message void.
   */
  readonly attempt: number
  /** When it is to be delivered. */
  readonly dueAt: Instant
  /** The job at the time of sending, for who looks at the queue. */
  readonly job: string
  /**
   * Of messages that are due, those with a higher one come first, where the queue can do that: 0 to 9. Left out where no
   * job has one.
   */
  readonly priority?: number
}

/** The message for an attempt of an occurrence. */
export function messageOf(occurrence: Omit<Message, 'id'>): Message {
  const { scheduleId, generation, nominalAt, attempt, dueAt, job, priority } = occurrence
  const message = { id: messageId(occurrence), scheduleId, generation, nominalAt, attempt, dueAt, job }
  return priority === undefined ? message : { ...message, priority }
}

/** The message with the priority of its job. */
export function prioritized(
  occurrence: Omit<Message, 'id' | 'priority'>,
  priorityOf: (job: string) => number | undefined,
): Message {
  const priority = priorityOf(occurrence.job)
  return messageOf(priority === undefined ? occurrence : { ...occurrence, priority })
}

export function messageId(occurrence: OccurrenceRef & { readonly attempt: number }): string {
  return `${occurrenceId(occurrence)}-${occurrence.attempt}`
}

/**
 * Reads a message that came out of a queue, into which others may have written.
 *
 * @throws {InvalidInputError} when it is none
 */
export function parseMessage(value: unknown): Message {
  const { scheduleId, generation, nominalAt, attempt, dueAt, job } = (value ?? {}) as Record<string, unknown>
  const counts = [scheduleId, generation, attempt]
  const isMessage =
    [...counts, nominalAt, dueAt].every(Number.isSafeInteger) &&
    counts.every((count) => (count as number) >= 0) &&
    typeof job === 'string'
  if (!isMessage)
    throw new InvalidInputError('what came out of the queue is no message of Carillon', 'message')
  return messageOf({ scheduleId, generation, nominalAt, attempt, dueAt, job } as Omit<Message, 'id'>)
}
