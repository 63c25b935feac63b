import assert from 'node:assert/strict'
import { messageOf, type Message } from '../../../queue/message.ts'
import { HOUR, queueCase, SECOND, type QueueContractCase } from './queue-stage.ts'

/** The longest that an id may be: 64 characters. */
const LONGEST: Partial<Message> = {
  scheduleId: 999_999_999_999_999,
  generation: 888_888_888_888_888,
  nominalAt: -777_777_777_777_777,
  attempt: 666_666_666_666_666,
}

const JOBS = [
  '',
  ' ',
  'a b',
  'ä€😀',
  'line\nbreak',
  `"quotes'\\`,
  '{braces}:*?',
  '__proto__',
  '0',
  'x'.repeat(200),
]

/** That all comes, unchanged, and not before it is due. */
export const deliveryCases: readonly QueueContractCase[] = [
  queueCase('delivers each of thousands once, unchanged, and not before it is due', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    for (const queue of [one, two]) stage.consume(queue)
    const base = stage.now() + SECOND
    const messages = stage.messages(Array.from({ length: 5_000 }, () => base + Math.random() * 1_500))

    const batches = [0, 1, 2, 3, 4].map((batch) => messages.slice(batch * 1_000, (batch + 1) * 1_000))
    await Promise.all(batches.map((batch, i) => stage.send(i % 2 === 0 ? one : two, batch)))

    await stage.arrival(messages)
    await stage.pass(one)
    stage.atMost(1, messages)
  }),

  queueCase('takes in thousands in one call, and none', async (stage) => {
    const queue = await stage.open()
    await stage.send(queue, [])
    const messages = stage.many(3_000, stage.now())
    await stage.send(queue, messages)
    await stage.send(queue, [])

    const consumer = stage.consume(queue)
    await stage.arrival(messages)
    await consumer.stop()
    assert.equal(consumer.given.length, messages.length)
  }),

  queueCase('carries messages of any kind', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const dueAt = stage.now() + SECOND / 2
    const [plain] = stage.many(1, dueAt)
    const kinds: Partial<Message>[] = [
      LONGEST,
      // Another one only in the last digit of its id.
      { ...LONGEST, attempt: LONGEST.attempt! + 1 },
      { scheduleId: 0, generation: 0, nominalAt: 0 },
      { nominalAt: -1 },
      { nominalAt: -62_135_596_800_000 },
      { nominalAt: 253_402_300_799_999, attempt: 7 },
      ...JOBS.map((job, i) => ({ job, generation: i + 2 })),
    ]
    const messages = kinds.map((kind) => messageOf({ ...plain!, ...kind }))
    assert.equal(messages[0]!.id.length, 64)

    await stage.send(one, messages)
    const consumer = stage.consume(two)
    await stage.arrival(messages)
    await consumer.stop()
    stage.atMost(1, messages)
  }),

  queueCase('delivers at once what is due already', async (stage) => {
    const queue = await stage.open()
    stage.consume(queue)
    const now = stage.now()
    const late = stage.messages([now, now - 1, now - SECOND, now - HOUR, now - 10_000 * HOUR, 1, 0, -1])
    const sent = [...late, ...stage.messages([now + HOUR])]
    await stage.send(queue, sent)
    await stage.arrival(late)
    await stage.pass(queue)
    stage.atMost(1, late)
  }),

  queueCase('lets a long delay hold up no short one', async (stage) => {
    const queue = await stage.open()
    stage.consume(queue)
    const now = stage.now()
    const minute = Math.max(60 * SECOND, 6 * stage.kit.toleranceMs)
    // Beyond 2^31 and 2^32 milliseconds too, where a timer or a field of a protocol ends.
    const long = [minute, 2 * minute, HOUR, 24 * HOUR, 700 * HOUR, 1_300 * HOUR, 9_000 * HOUR]
    const short = () => stage.now() + SECOND / 2 + Math.random() * SECOND

    const awaited: Message[] = []
    for (const delay of long) {
      const shorts = stage.messages(Array.from({ length: 20 }, short))
      // Before them, beside them, after them; and the next long one while they wait.
      await stage.send(queue, stage.messages([now + delay]))
      await stage.send(queue, [...stage.messages([now + delay + 1]), ...shorts])
      awaited.push(...shorts)
    }
    await stage.arrival(awaited)
    stage.atMost(1, awaited)
  }),

  queueCase('keeps what waits while nobody is connected', async (stage) => {
    const sender = await stage.open()
    const due = stage.many(20, stage.now())
    const waiting = stage.messages(Array.from({ length: 20 }, (_, i) => stage.now() + SECOND + i * 10))
    await stage.send(sender, [...waiting, ...due])
    await stage.close(sender)

    const queue = await stage.open()
    stage.consume(queue)
    await stage.arrival([...due, ...waiting])
    await stage.pass(queue)
    stage.atMost(1, [...due, ...waiting])
  }),
]
