import assert from 'node:assert/strict'
import type { MessageQueue } from '../../../queue/message-queue.ts'
import type { Message } from '../../../queue/message.ts'
import { queueCase, SECOND, type QueueContractCase, type QueueStage } from './queue-stage.ts'

const HOLD_MS = 2_000

/** What those who take messages can rely on. */
export const consumerCases: readonly QueueContractCase[] = [
  queueCase('gives a message to one of many that compete for it', async (stage) => {
    const queues = [await stage.open(), await stage.open(), await stage.open()]
    const busy = async () => {
      await stage.pause(Math.random() * 10)
      return 'done' as const
    }
    for (const queue of queues) stage.consume(queue, { concurrency: 10, settle: busy })
    const soon = stage.now() + SECOND / 2
    const messages = [...stage.many(300, stage.now()), ...stage.many(700, soon)]
    await stage.send(queues[0]!, messages)
    await stage.arrival(messages)
    await stage.pass(queues[1]!)
    stage.atMost(1, messages)
  }),

  queueCase('gives a message to nobody else while a handler has it', async (stage) => {
    const [one, two, three] = [await stage.open(), await stage.open(), await stage.open()]
    const messages = stage.many(5, stage.now())
    const end = Promise.withResolvers<'done'>()
    const holder = stage.consume(one, { concurrency: 5, settle: () => end.promise })
    await stage.send(one, messages)
    await stage.until('all are with the first consumer', () => holder.active === 5)

    const others = [two, three].map((queue) => stage.consume(queue))
    await stage.pass(two, stage.kit.holdMs ?? HOLD_MS)
    assert.equal(holder.active, 5)
    end.resolve('done')
    await stage.until('all are settled', () => holder.active === 0)

    await stage.pass(one)
    stage.atMost(1, messages)
    await Promise.all([holder, ...others].map((consumer) => consumer.stop()))
    stage.atMost(1, messages)
  }),

  queueCase('gives again what is to come again, soon and until it is done', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const settle = ({ id }: Message) => (stage.watch.times(id) < 3 ? 'again' : 'done')
    for (const queue of [one, two]) stage.consume(queue, { settle })
    const messages = stage.messages(Array.from({ length: 100 }, (_, i) => stage.now() + i * 5))
    await stage.send(one, messages)
    await stage.arrival(messages, 3)
    await stage.pass(two)
    stage.atMost(3, messages)
  }),

  queueCase('gives to another what its consumer did not want', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const messages = stage.many(20, stage.now())
    const refusal = Promise.withResolvers<'again'>()
    const refusing = stage.consume(one, { concurrency: 20, settle: () => refusal.promise })
    await stage.send(one, messages)
    await stage.until('all are with the first consumer', () => refusing.active === 20)
    const stopped = refusing.stop()
    refusal.resolve('again')
    await stage.inTime('it stops', stopped)

    stage.consume(two)
    await stage.arrival(messages, 2)
    await stage.pass(two)
    stage.atMost(2, messages)
  }),

  queueCase('takes as many at a time as it says, and no more', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const messages = stage.many(40, stage.now())
    const { settle, end } = held()
    const few = stage.consume(one, { concurrency: 3, settle })
    const many = stage.consume(two, { concurrency: 8, settle })
    await stage.send(one, messages)
    await stage.until('both have as many as they take', () => few.active === 3 && many.active === 8)
    await stage.idle(SECOND / 2)
    end()
    await stage.arrival(messages)
    stage.atMost(1, messages)
    assert.deepEqual([few.mostActive, many.mostActive], [3, 8])
  }),

  queueCase('goes on with others while a handler is at work', async (stage) => {
    const queue = await stage.open()
    const [slow] = stage.many(1, stage.now())
    const { settle, end } = held()
    const consumer = stage.consume(queue, {
      concurrency: 3,
      settle: (message) => (message.id === slow!.id ? settle() : 'done'),
    })
    await stage.send(queue, [slow!])
    await stage.until('the slow handler is at work', () => consumer.active === 1)
    const quick = stage.messages(Array.from({ length: 100 }, (_, i) => stage.now() + i * 2))
    await stage.send(queue, quick)
    await stage.arrival(quick)
    assert.equal(stage.watch.times(slow!.id), 1)
    end()
    await stage.inTime('it stops', consumer.stop())
    stage.atMost(1, [slow!, ...quick])
  }),

  queueCase('stops when what is at work has ended, and gives back the rest', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const messages = [...stage.many(60, stage.now()), ...stage.many(60, stage.now() + SECOND / 2)]
    const { settle, end } = held()
    const consumer = stage.consume(one, { concurrency: 10, settle })
    await stage.send(one, messages)
    await stage.until('ten are at work', () => consumer.active === 10)

    let isStopped = false
    const stopped = consumer.stop().then(() => (isStopped = true))
    // Long enough for those that come later to be due.
    await stage.idle(SECOND)
    assert.ok(!isStopped, 'it did not wait for the handlers at work')
    end()
    await stage.inTime('it stops', stopped)
    stage.check()
    assert.equal(consumer.active, 0, 'it stopped before its handlers ended')
    assert.equal(consumer.given.length, 10)

    const others = [one, two].map((queue) => stage.consume(queue))
    await stage.arrival(messages)
    await stage.pass(two)
    for (const other of others) await stage.inTime('it stops', other.stop())
    stage.atMost(1, messages)
  }),

  queueCase('gives to another what a consumer had when its queue was disposed of', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const messages = stage.many(10, stage.now())
    const left = Promise.withResolvers<'again'>()
    const consumer = stage.consume(one, { concurrency: 5, settle: () => left.promise })
    await stage.send(two, messages)
    await stage.until('five are at work', () => consumer.active === 5)
    await dispose(stage, one, () => left.resolve('again'))

    const had = consumer.given.length
    const other = stage.consume(two)
    await stage.arrivalAt(other, messages, stage.kit.abandonedMs)
    assert.equal(
      consumer.given.length,
      had,
      'a consumer was given messages when its queue had been disposed of',
    )
  }),
]

/** Handlers that stay at work until all of them are to end. */
function held(): { settle: () => Promise<'done'>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<'done'>()
  return { settle: () => promise, end: () => resolve('done') }
}

/** Disposes of a queue whose handlers are at work: it may wait for them, or let go of them. */
async function dispose(stage: QueueStage, queue: MessageQueue, end: () => void): Promise<void> {
  const closed = stage.close(queue)
  await Promise.race([closed, stage.pause(SECOND / 2)])
  end()
  await closed
}
