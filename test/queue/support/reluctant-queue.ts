import type { QueueDriver } from '../../../src/index.ts'
import type { Message } from '../../../src/queue/message.ts'
import type { ExecuteSql, MessageQueue } from '../../../src/queue/message-queue.ts'

/** A queue that learns late what workers are done with: until it is told, the messages are in it. */
export class ReluctantQueue {
  readonly driver: QueueDriver
  /** What was sent, in order, by id. */
  readonly sent: string[] = []
  /** What workers are done with, in order, by id. */
  readonly done: string[] = []
  readonly #told = Promise.withResolvers<void>()

  constructor(driver: QueueDriver) {
    const open: QueueDriver['open'] = async (setting) => this.#around(await driver.open(setting))
    this.driver = { driver: driver.driver, open }
  }

  tell(): void {
    this.#told.resolve()
  }

  #around(queue: MessageQueue): MessageQueue {
    const { inside } = queue
    const note = (messages: readonly Message[]) => this.sent.push(...messages.map(({ id }) => id))
    return {
      driver: queue.driver,
      capabilities: queue.capabilities,
      send: async (messages) => {
        note(messages)
        await queue.send(messages)
      },
      promote: (messages) => queue.promote(messages),
      withdraw: (messages) => queue.withdraw(messages),
      consume: (consumer) =>
        queue.consume({
          concurrency: consumer.concurrency,
          handle: async (message) => {
            const end = await consumer.handle(message)
            if (end === 'done') {
              this.done.push(message.id)
              await this.#told.promise
            }
            return end
          },
        }),
      epoch: (last) => queue.epoch(last),
      health: () => queue.health(),
      inside: inside && {
        send: async (execute: ExecuteSql, messages) => {
          note(messages)
          await inside.send(execute, messages)
        },
      },
      [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
    }
  }
}
