import assert from 'node:assert/strict'
import type { MessageQueue, QueueHealth } from '../../../queue/message-queue.ts'
import {
  HOUR,
  queueCase,
  queueCaseWith,
  SECOND,
  type QueueContractCase,
  type QueueStage,
} from './queue-stage.ts'

/** How often the server is asked, while the answer is awaited. */
const ASK_MS = 50

/** What can be known of the server, and what becomes of messages when something happens to it. */
export const serverCases: readonly QueueContractCase[] = [
  queueCase('has one epoch for all who ask, as long as it loses nothing', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const [first, ...others] = await Promise.all([one, two, one, two].map((queue) => epoch(stage, queue)))
    assert.ok(typeof first === 'string' && first !== '', 'the epoch has no name')
    for (const other of others)
      assert.equal(other, first, 'those who asked at once were told different epochs')

    stage.consume(one)
    const messages = stage.many(50, stage.now())
    await stage.send(one, messages)
    await stage.arrival(messages)
    await stage.pass(two)
    assert.equal(await epoch(stage, one, first), first, 'it became another one when messages came through')
    assert.equal(await epoch(stage, two), first, 'it depends on what is given as the last one')
    assert.equal(await epoch(stage, two, 'another'), first, 'it depends on what is given as the last one')

    await stage.clear()
    const three = await stage.open()
    assert.equal(await epoch(stage, three, first), first, 'it became another one when nobody was connected')
  }),

  queueCaseWith(
    'loseData',
    'has another epoch once the server has lost its data',
    async (stage, loseData) => {
      const [one, two] = [await stage.open(), await stage.open()]
      const before = await epoch(stage, one)
      await stage.send(one, stage.many(5, stage.now() + HOUR))
      await loseData()

      const after = await answer(stage, () => one.epoch(before))
      assert.notEqual(after, before, 'it is the same as before')
      for (const queue of [one, two, await stage.open()]) {
        assert.equal(
          await answer(stage, () => queue.epoch(before)),
          after,
          'it becomes another one each time',
        )
        assert.equal(await epoch(stage, queue, after), after, 'it becomes another one each time')
      }
    },
  ),

  queueCaseWith('loseData', 'goes on when the server has lost its data', async (stage, loseData) => {
    const [one, two] = [await stage.open(), await stage.open()]
    stage.consume(one)
    const lost = stage.many(5, stage.now() + HOUR)
    const first = stage.many(20, stage.now())
    await stage.send(two, [...first, ...lost])
    await stage.arrival(first)
    await loseData()
    await answer(stage, () => two.epoch(undefined))

    const messages = stage.many(50, stage.now() + SECOND / 2)
    await sendAtLast(stage, two, messages)
    await stage.arrival(messages)
    const again = lost.map((message) => ({ ...message, dueAt: stage.now() }))
    await stage.send(two, again)
    await stage.arrival(again)
  }),

  queueCaseWith('restart', 'loses nothing when the server is started anew', async (stage, restart) => {
    const [one, two] = [await stage.open(), await stage.open()]
    stage.consume(one)
    const before = await epoch(stage, two)
    const first = stage.many(20, stage.now())
    await stage.send(two, first)
    await stage.arrival(first)
    const messages = stage.messages(Array.from({ length: 500 }, (_, i) => stage.now() + SECOND + i * 2))
    await stage.send(two, messages)

    await whileLooking(stage, two, restart())
    await stage.until('it is up', async () => (await two.health()).isUp)
    await stage.arrival(messages)
    assert.equal(await answer(stage, () => two.epoch(before)), before, 'its epoch is another one')
    const last = stage.many(20, stage.now() + SECOND / 2)
    await sendAtLast(stage, two, last)
    await stage.arrival(last)
  }),

  queueCase('says how it is', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const { isUp, error } = await health(stage, one)
    assert.ok(isUp, `it says that it is down: ${error}`)
    assert.equal(error, undefined)

    await stage.send(one, [...stage.many(7, stage.now() + HOUR), ...stage.many(4, stage.now())])
    await healthy(
      stage,
      two,
      'it counts what waits',
      ({ delayed = 7, waiting = 4, active = 0 }) => delayed === 7 && waiting === 4 && active === 0,
    )

    const end = Promise.withResolvers<'done'>()
    const consumer = stage.consume(one, { concurrency: 3, settle: () => end.promise })
    await stage.until('three are at work', () => consumer.active === 3)
    // What a consumer holds ready for its handlers may be counted as active.
    await healthy(
      stage,
      two,
      'it counts what is at work',
      ({ delayed = 7, waiting = 1, active = 4 - waiting }) => delayed === 7 && waiting <= 1 && active >= 3,
    )
    end.resolve('done')
    await healthy(
      stage,
      two,
      'it counts nothing that is settled',
      ({ delayed = 7, waiting = 0, active = 0 }) => delayed === 7 && waiting === 0 && active === 0,
    )
  }),
]

function epoch(stage: QueueStage, queue: MessageQueue, last?: string): Promise<string> {
  return stage.inTime('it answers its epoch', queue.epoch(last))
}

/** Asks until it does not fail: right after the server was gone, it may. */
async function answer<T>(stage: QueueStage, ask: () => Promise<T>): Promise<T> {
  let answered: { value: T } | undefined
  await stage.until('it answers again', async () => {
    answered = await ask().then(
      (value) => ({ value }),
      () => stage.pause(ASK_MS).then(() => undefined),
    )
    return answered !== undefined
  })
  return answered!.value
}

async function sendAtLast(
  stage: QueueStage,
  queue: MessageQueue,
  messages: Parameters<MessageQueue['send']>[0],
) {
  stage.watch.expect(messages, queue.capabilities)
  await answer(stage, () => queue.send(messages))
}

async function health(stage: QueueStage, queue: MessageQueue): Promise<QueueHealth> {
  const health = await stage.inTime('it says how it is', queue.health())
  for (const count of [health.delayed, health.waiting, health.active])
    assert.ok(count === undefined || (Number.isInteger(count) && count >= 0), `${count} is no count`)
  return health
}

/** Waits until it says that it is so. */
async function healthy(
  stage: QueueStage,
  queue: MessageQueue,
  what: string,
  isSo: (health: QueueHealth) => boolean,
): Promise<void> {
  let last: QueueHealth | undefined
  const look = async () => {
    last = await health(stage, queue)
    if (!isSo(last)) await stage.pause(ASK_MS)
    return isSo(last)
  }
  await stage
    .until(what, look)
    .catch((error: unknown) => assert.fail(`${String(error)}; it says ${JSON.stringify(last)}`))
}

/** Asks for the health all the time while the work is done: it must not fail. */
async function whileLooking(stage: QueueStage, queue: MessageQueue, work: Promise<void>): Promise<void> {
  work.catch(() => {})
  for (let isDone = false; !isDone;) {
    await health(stage, queue)
    isDone = await Promise.race([work.then(() => true), stage.pause(20).then(() => false)])
  }
}
