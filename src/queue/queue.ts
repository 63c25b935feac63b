import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'

/** An occurrence that a queue hands over. */
export interface Delivery extends OccurrenceRef {
  /** Its job, as far as is known before it begins. */
  readonly job: string
  /** When its run is to start, by this process's clock. */
  readonly startAt: Instant
  /** The attempt of the message that brought it; `undefined` where none did, and it is claimed. */
  readonly attempt?: number
  /**
   * Called once nothing is to be done for it here any more: it has ended, or must not begin; or another server is to have
   * it.
   */
  readonly settle?: (end: 'done' | 'again') => void
}

/** Who takes occurrences from a queue: the worker. */
export interface Consumer {
  /** Names this process; what it holds is held under this name. */
  readonly owner: string
  /** The jobs of which it can run more now. */
  readonly jobs: readonly string[]
  /** How many occurrences it runs at once. */
  readonly concurrency: number

  /** How many more occurrences it can take now. */
  capacity(): number

  /** How long before its instant it wants to be handed an occurrence, in milliseconds: passing the fence takes time. */
  leadMs(): number

  /** Says that these will be handed over soon. */
  prepare(refs: readonly OccurrenceRef[]): void

  /**
   * Hands over occurrences that are due, or are within the lead. They have not begun: the consumer passes each through the fence, and one
   * that it does not let begin is no concern of the queue any more.
   */
  deliver(due: readonly Delivery[]): void
}

/** A consumer's connection to a queue. */
export interface Consumption {
  /** Says that the consumer has capacity again. */
  wake(): void

  /** Delivers nothing more; resolves when what was taken from the queue and not delivered is given back. */
  stop(): Promise<void>

  /** Ends it, when all that was delivered is settled. */
  end(): Promise<void>
}

/** What brings occurrences to workers at their due instants. */
export interface Queue {
  /** The name by which schedules choose it. */
  readonly name: string

  /** Starts to deliver to a consumer. */
  consume(consumer: Consumer): Consumption
}
