import type { Instant } from '../../clock/clock.ts'
import { InvalidInputError } from '../../errors.ts'
import { parseMessage, type Message } from '../message.ts'

/** A message on its way through the server. */
export interface Parcel {
  readonly message: Message
  /** When it is to come, whatever the message says. */
  readonly comesAt: Instant
  /** How often a consumer has wanted it to come again. */
  readonly returns?: number
}

/** What of a delivery is looked at. */
interface Delivered {
  readonly content: Buffer
  readonly properties: { readonly headers?: Record<string, unknown> | undefined }
}

const RETURNS = 'carillon-returns'

export function contentOf({ message }: Parcel): Buffer {
  const { scheduleId, generation, nominalAt, attempt, dueAt, job } = message
  return Buffer.from(JSON.stringify({ scheduleId, generation, nominalAt, attempt, dueAt, job }))
}

export function headersOf({ returns = 0 }: Parcel): Record<string, unknown> {
  return returns === 0 ? {} : { [RETURNS]: returns }
}

/**
 * The message in a delivery of amqplib, for workers of your own.
 *
 * @throws {InvalidInputError} when it is none of Carillon
 */
export function messageOfDelivery({ content }: Pick<Delivered, 'content'>): Message {
  let value: unknown
  try {
    value = JSON.parse(content.toString())
  } catch (cause) {
    throw new InvalidInputError('what came out of the queue is not JSON', 'message', { cause })
  }
  return parseMessage(value)
}

/** How often a consumer has wanted the message to come again. */
export function returnsOf({ properties }: Pick<Delivered, 'properties'>): number {
  const returns = Number(properties.headers?.[RETURNS])
  return Number.isSafeInteger(returns) && returns > 0 ? returns : 0
}
