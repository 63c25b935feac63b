import { ConfigError } from '../errors.ts'
import type { QueueDriver } from '../queue/message-queue.ts'

/** The ledger itself as a queue. */
export const DATABASE_QUEUE = { driver: 'database' } as const

/** A queue that schedules can choose. */
export type QueueChoice = QueueDriver | typeof DATABASE_QUEUE

/** The name of the queue of schedules that name none. */
const DEFAULT_QUEUE = 'default'

/** The queue that needs no other server: workers take their runs from the database. */
export function databaseQueue(): typeof DATABASE_QUEUE {
  return DATABASE_QUEUE
}

/**
 * The queues of a process by name, with the default one.
 *
 * @throws {ConfigError} when one of them is none
 */
export function resolveQueues(
  queue: QueueChoice | undefined,
  queues: Readonly<Record<string, QueueChoice>> = {},
): Readonly<Record<string, QueueChoice>> {
  if (queue !== undefined && DEFAULT_QUEUE in queues)
    throw new ConfigError(`queue and queues.${DEFAULT_QUEUE} are the same: give one of them`)
  const all = { [DEFAULT_QUEUE]: queue ?? DATABASE_QUEUE, ...queues }
  for (const [name, choice] of Object.entries(all)) {
    if (name === '' || name.length > 100 || !/^[\w.-]+$/.test(name))
      throw new ConfigError(
        `queue name ${JSON.stringify(name)}: a name has 1 to 100 letters, digits, ".", "_" or "-"`,
      )
    if (choice !== DATABASE_QUEUE && typeof (choice as Partial<QueueDriver> | null)?.open !== 'function')
      throw new ConfigError(
        `queue "${name}" is none: give databaseQueue(), bullmqQueue(…) or another driver's`,
      )
  }
  return all
}
