import type { Clock } from '../clock/clock.ts'
import { Inbox, type AskStoreClock } from './inbox.ts'
import type { MessageQueue } from './message-queue.ts'
import type { Consumer, Consumption, Queue } from './queue.ts'

/** A queue that Carillon does not own, as workers see it. */
export class ForeignQueue implements Queue {
  readonly name: string
  readonly messages: MessageQueue
  readonly #clock: Clock
  readonly #askStoreClock: AskStoreClock

  constructor(name: string, messages: MessageQueue, clock: Clock, askStoreClock: AskStoreClock) {
    this.name = name
    this.messages = messages
    this.#clock = clock
    this.#askStoreClock = askStoreClock
  }

  consume(consumer: Consumer): Consumption {
    const inbox = new Inbox(consumer, this.#clock, this.#askStoreClock)
    const { concurrency } = consumer
    const consumption = this.messages.consume({ concurrency, handle: (message) => inbox.handle(message) })
    let ended: Promise<void> | undefined
    return {
      wake: () => inbox.wake(),
      stop: async () => {
        // It ends when the runs that it brought have; the consumer has a say in that.
        ended = consumption.stop()
        ended.catch(() => {})
        inbox.close()
      },
      end: async () => ended,
    }
  }
}
