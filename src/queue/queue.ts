import type { Instant } from '../clock/clock.ts'
import type { OccurrenceRef } from '../schedule/occurrence.ts'

/** An occurrence that a queue hands over. */
export interface Delivery extends OccurrenceRef {
  /** When its run is to start, by this process's clock. */
  readonly startAt: Instant
}

/** Who takes occurrences from a queue: the worker. */
export interface Consumer {
  /** Names this process; what it holds is held under this name. */
  readonly owner: string
  /** The jobs that it can run; no others are delivered to it. */
  readonly jobs: readonly string[]

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

  /** Ends it, and gives back what was taken from the queue and not delivered. */
  stop(): Promise<void>
}

/** What brings occurrences to workers at their due instants. */
export interface Queue {
  /** The name by which schedules choose it. */
  readonly name: string

  /** Starts to deliver to a consumer. */
  consume(consumer: Consumer): Consumption
}
