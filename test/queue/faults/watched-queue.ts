import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueChoice } from '../../../src/index.ts'
import type { Message } from '../../../src/queue/message.ts'
import type {
  ExecuteSql,
  MessageConsumer,
  MessageQueue,
  MessageQueueInside,
} from '../../../src/queue/message-queue.ts'
import type { EventLog } from './event-log.ts'
import type { Fate } from './fate.ts'
import type { Step } from './steps.ts'

export interface Watch {
  readonly fate: Fate
  readonly log: EventLog
  /** Whether some of what was delivered and settled is delivered once more, as a queue may. */
  readonly doubles: boolean
}

/** How many of the messages are delivered twice: one of so many. */
const DOUBLE_ONE_OF = 2
/** When a message is sent once more, after it was done. */
const DOUBLE_AFTER_MS = 50

type Send = (messages: readonly Message[]) => Promise<void>

/** A queue whose calls are known as the steps of an occurrence. The ledger's own has none. */
export function watchQueue(queue: QueueChoice, watch: Watch): QueueChoice {
  if (!('open' in queue)) return queue
  return {
    driver: queue.driver,
    open: async (setting) => watched(await queue.open(setting), watch),
  }
}

function watched(queue: MessageQueue, watch: Watch): MessageQueue {
  const { fate, log } = watch
  const { inside } = queue
  return {
    driver: queue.driver,
    capabilities: queue.capabilities,
    send: async (messages) => {
      await underWay(fate, 'send: under way', messages, (all) =>
        inHalves(fate, 'send: half sent', all, (some) => queue.send(some)),
      )
      log.write({ event: 'sent', ids: messages.map(({ id }) => id) })
    },
    promote: async (messages) => {
      fate.reach('promote: not promoted')
      await inHalves(fate, 'promote: half promoted', messages, (some) => queue.promote(some))
      fate.reach('promote: promoted')
    },
    withdraw: async (messages) => {
      fate.reach('withdraw: not withdrawn')
      await inHalves(fate, 'withdraw: half withdrawn', messages, (some) => queue.withdraw(some))
      fate.reach('withdraw: withdrawn, still noted')
    },
    consume: (consumer) => queue.consume(watchedConsumer(consumer, queue, watch)),
    epoch: (last) => queue.epoch(last),
    health: () => queue.health(),
    inside: inside && watchedInside(inside, fate),
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }
}

function watchedInside(inside: MessageQueueInside, fate: Fate): MessageQueueInside {
  return {
    send: async (execute: ExecuteSql, messages) => {
      fate.reach('send inside: not sent')
      await inHalves(fate, 'send inside: half sent', messages, (some) => inside.send(execute, some))
      fate.reach('send inside: sent')
    },
  }
}

function watchedConsumer(
  consumer: MessageConsumer,
  queue: MessageQueue,
  { fate, doubles }: Watch,
): MessageConsumer {
  const doubled = new Set<string>()
  const isToDouble = ({ id, scheduleId, nominalAt }: Message) =>
    doubles && Math.floor(nominalAt / 1_000 + scheduleId) % DOUBLE_ONE_OF === 0 && !doubled.has(id)
  const double = async (message: Message) => {
    doubled.add(message.id)
    await sleep(DOUBLE_AFTER_MS)
    await queue.send([message])
  }
  return {
    concurrency: consumer.concurrency,
    handle: async (message) => {
      fate.reach('deliver: not handed over')
      const end = await consumer.handle(message)
      if (end !== 'done') return end
      fate.reach('deliver: done, not settled')
      // What the queue does not take is not missed.
      if (isToDouble(message)) void double(message).catch(() => {})
      return end
    },
  }
}

/** All of them; where the step is fatal, in two halves with the step in between. */
async function inHalves(fate: Fate, step: Step, messages: readonly Message[], work: Send): Promise<void> {
  if (!fate.isFatal(step) || messages.length < 2) return work(messages)
  const half = messages.length >> 1
  await work(messages.slice(0, half))
  fate.reach(step)
  await work(messages.slice(half))
}

/** All of them; where the step is fatal, it comes while they are on their way. */
async function underWay(fate: Fate, step: Step, messages: readonly Message[], work: Send): Promise<void> {
  const working = work(messages)
  if (fate.isFatal(step)) {
    await sleep(Math.random() * 3)
    fate.reach(step)
  }
  return working
}
