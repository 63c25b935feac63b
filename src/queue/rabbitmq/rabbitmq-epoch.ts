import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock/clock.ts'
import { waitAtMost } from '../../clock/wait.ts'
import { QUEUE_TYPE } from './delay-queue.ts'
import type { RabbitmqConnection } from './rabbitmq-connection.ts'
import { onChannel } from './rabbitmq-publisher.ts'

/** How long it is waited for the name before a new one is proposed. */
const PROPOSE_AFTER_MS = 250
/** More than so many proposals are never kept; only the first one counts. */
const MOST_PROPOSALS = 10

/**
 * The name of what the server holds: the first message of a queue of its own. It is looked at and given back, one
 * reader at a time, since the server has only one active consumer for it. Who finds the queue empty adds a name at its
 * end, so when several do, all of them read the one that came first.
 */
export function readEpoch(connection: RabbitmqConnection, queue: string, clock: Clock): Promise<string> {
  return connection.carryOut('read the epoch', (model) =>
    onChannel(model, async (channel) => {
      const { messageCount } = await channel.assertQueue(queue, {
        durable: true,
        arguments: {
          ...QUEUE_TYPE,
          'x-single-active-consumer': true,
          'x-max-length': MOST_PROPOSALS,
          'x-overflow': 'reject-publish',
        },
      })
      const first = Promise.withResolvers<string>()
      first.promise.catch(() => {})
      channel.on('close', () => first.reject(new Error('the channel was closed')))
      await channel.prefetch(1)
      await channel.consume(queue, (delivery) => {
        if (delivery === null) first.reject(new Error(`queue "${queue}" was deleted`))
        else first.resolve(delivery.content.toString())
      })

      // Another reader may have it, and then it is not counted.
      if (messageCount === 0) {
        const found = await waitAtMost(clock, clock.now() + PROPOSE_AFTER_MS, first.promise)
        if (found !== undefined) return found
        channel.sendToQueue(queue, Buffer.from(randomUUID()), { persistent: true }, () => {})
        await channel.waitForConfirms().catch(() => {})
      }
      return first.promise
    }),
  )
}
