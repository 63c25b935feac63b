import type { Logger } from '../logger.ts'
import type { Message } from './message.ts'

/** What a queue can do, and how well. */
export interface QueueCapabilities {
  /** How late its own delay delivers at the median, in milliseconds, as measured; what a nudge makes up for. */
  readonly precisionMs: number
  /** Whether messages that wait can be taken back. Where not, the fence stops them when they come. */
  readonly canWithdraw: boolean
  /** Whether a message is taken in once while one with its id waits. Where not, the fence lets one of them through. */
  readonly canDeduplicate: boolean
  /** Whether messages of higher priority overtake others that are due. */
  readonly canPrioritize: boolean
}

/** How a queue is. */
export interface QueueHealth {
  readonly isUp: boolean
  /** Why it is not. */
  readonly error?: string
  /** How many messages wait for their due instants, where it can be counted. */
  readonly delayed?: number
  /** How many are due and not taken, where it can be counted. */
  readonly waiting?: number
  /** How many are with consumers, where it can be counted. */
  readonly active?: number
}

/** Who takes messages. */
export interface MessageConsumer {
  /** How many messages it takes at a time, before the first of them is settled. */
  readonly concurrency: number

  /**
   * Takes a message. It is the consumer's until the promise resolves, and must not be given to anybody else in this
   * time unless this process is gone. Never rejects.
   *
   * @returns `done` when the queue is to forget it, `again` when it is to give it to somebody else, soon
   */
  handle(message: Message): Promise<'done' | 'again'>
}

/** A consumer's connection to a queue. */
export interface MessageConsumption {
  /**
   * Takes nothing more; resolves when what was taken is settled. Messages that were taken from the queue and not handed
   * to `handle` go back.
   */
  stop(): Promise<void>
}

/**
 * A queue that Carillon does not own, as a driver makes it usable. The ledger is what counts: a message says only that
 * an occurrence may be due, and the fence decides. So a queue may deliver twice, or something that was withdrawn; what it
 * must not do is lose a message, or deliver one before it is due.
 *
 * `queueContract` of `carillon/testing` says what each driver must do, and can be run against one of your own.
 *
 * @see docs/design/queues.md
 */
export interface MessageQueue extends AsyncDisposable {
  /** The technology, as in `bullmq`. */
  readonly driver: string
  readonly capabilities: QueueCapabilities

  /**
   * Takes in messages, to be delivered at their due instants; at once when those have passed. Once it resolves, they
   * survive what the queue survives. A message that waits already under its id is left as it is, where the queue
   * can tell; one that has been delivered and settled is taken in again.
   *
   * @throws {DriverError} when the queue does not answer; some of them may have been taken in then
   */
  send(messages: readonly Message[]): Promise<void>

  /**
   * Delivers messages now that wait for their due instants. What is not there, or delivered already, is passed over. A
   * queue that has no way to find a message (`canDeduplicate` is false) takes in a copy of each, due now.
   *
   * @throws {DriverError} when the queue does not answer
   */
  promote(messages: readonly Message[]): Promise<void>

  /**
   * Takes back messages that wait. What is not there, or is with a consumer, is passed over; where `canWithdraw` is
   * false, all are.
   *
   * @throws {DriverError} when the queue does not answer
   */
  withdraw(messages: readonly Message[]): Promise<void>

  /** Starts to deliver what is due. It goes on over lost connections, and says in the log when one is lost. */
  consume(consumer: MessageConsumer): MessageConsumption

  /**
   * Names what is in the queue: the name becomes another one when it has lost what it held, as a Redis that was restarted
   * without its data.
   *
   * @param last what it answered before, to anybody
   * @throws {DriverError} when the queue does not answer
   */
  epoch(last: string | undefined): Promise<string>

  /** How it is. Never fails: a queue that does not answer within seconds is down. */
  health(): Promise<QueueHealth>

  /** Puts messages into the queue inside a transaction of the database, where they are in the same. */
  readonly inside?: MessageQueueInside | undefined
}

/** Runs a statement in a transaction of PostgreSQL, with parameters as `$1`. @returns its rows */
export type ExecuteSql = (text: string, values: readonly unknown[]) => Promise<readonly object[]>

/** A queue whose messages live in Carillon's own PostgreSQL database. */
export interface MessageQueueInside {
  /** As `send`, in the transaction: it takes in all of them when that is committed, and none when it is rolled back. */
  send(execute: ExecuteSql, messages: readonly Message[]): Promise<void>
}

/** What a driver is given to open a queue. */
export interface QueueSetting {
  /** The name by which schedules choose it. */
  readonly name: string
  readonly logger: Logger
  /** The address of Carillon's own database, if it is a PostgreSQL that the driver can connect to. */
  readonly postgresAddress: string | undefined
}

/** A queue that is set up and not open yet: what `bullmqQueue(…)` and the like return. */
export interface QueueDriver {
  /** The technology, as in `bullmq`. */
  readonly driver: string

  /**
   * Opens it. A server that is not there is no error: it is tried again at each use.
   *
   * @throws {ConfigError} when the package that it needs is not installed, or an option is not valid
   */
  open(setting: QueueSetting): Promise<MessageQueue>
}
