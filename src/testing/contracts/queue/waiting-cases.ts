import assert from 'node:assert/strict'
import { HOUR, queueCase, SECOND, type QueueContractCase } from './queue-stage.ts'

/** What can be done with messages that wait: send them again, promote them, take them back. */
export const waitingCases: readonly QueueContractCase[] = [
  queueCase('takes in a message once while it waits, if it can deduplicate', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    stage.consume(two)
    const messages = await stage.inAdvance(async (dueAt) => {
      const messages = stage.many(500, dueAt)
      // What waits is left as it is, so it does not wait any longer.
      const later = messages.map((message) => ({ ...message, dueAt: message.dueAt + HOUR }))
      await stage.send(one, [...messages, ...messages.slice(0, 50)])
      await Promise.all([stage.send(one, messages), stage.send(two, messages)])
      await stage.send(two, later)
      return messages
    })
    await stage.arrival(messages)
    await stage.pass(two)
    if (one.capabilities.canDeduplicate) stage.atMost(1, messages)
  }),

  queueCase('takes in again what has been delivered and settled', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const messages = stage.many(500, stage.now())
    for (const round of [1, 2, 3]) {
      const sender = round === 2 ? two : one
      await stage.send(sender, messages)
      const consumer = stage.consume(one)
      await stage.arrival(messages, round)
      await stage.inTime('it stops', consumer.stop())
      stage.atMost(round, messages)
    }
  }),

  queueCase('promotes what waits', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    stage.consume(two)
    const messages = stage.messages(Array.from({ length: 1_000 }, (_, i) => stage.now() + HOUR + i))
    const others = stage.many(10, stage.now() + HOUR)
    await stage.send(one, [...messages, ...others])
    await stage.pass(one)
    assert.equal(stage.timesInAll(messages), 0)

    await stage.promote(one, [])
    await stage.promote(two, messages.slice(0, 1))
    await stage.promote(one, messages.slice(1))
    await stage.arrival(messages)
    await stage.pass(one)
    if (one.capabilities.canDeduplicate) stage.atMost(1, messages)
    assert.equal(stage.timesInAll(others), 0)
  }),

  queueCase('promotes what waits before its instant comes by itself, and then not again', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    stage.consume(two)
    const messages = stage.many(200, stage.now() + 1.5 * SECOND)
    await stage.send(one, messages)
    await stage.promote(one, messages)
    await stage.arrival(messages)
    const [last] = stage.many(1, messages[0]!.dueAt + SECOND / 2)
    await stage.send(two, [last!])
    await stage.arrival([last!])
    if (one.capabilities.canDeduplicate) stage.atMost(1, messages)
  }),

  queueCase('is not harmed when what is unknown, at work or settled is promoted', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const end = Promise.withResolvers<'done'>()
    const [settled, unknown] = [stage.many(50, stage.now()), stage.many(50, stage.now() + HOUR)]
    const [working, waiting] = [stage.many(5, stage.now()), stage.many(50, stage.now() + HOUR)]
    const isWorking = new Set(working.map(({ id }) => id))
    const consumer = stage.consume(one, { settle: ({ id }) => (isWorking.has(id) ? end.promise : 'done') })
    await stage.send(one, [...settled, ...working, ...waiting])
    await stage.arrival([...settled, ...working])
    await stage.until('the others are settled', () => consumer.active === 5)

    await stage.promote(two, [...unknown, ...settled, ...working, ...waiting])
    await stage.arrival(waiting)
    end.resolve('done')
    await stage.pass(two)
    if (!one.capabilities.canDeduplicate) return
    stage.atMost(1, [...settled, ...working, ...waiting])
    assert.equal(stage.timesInAll(unknown), 0, 'messages came that had not been sent')
  }),

  queueCase('takes back what waits, if it can withdraw, and nothing if it cannot', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const isKept = (_: unknown, i: number) => i % 6 === 0
    const messages = await stage.inAdvance(async (dueAt) => {
      const messages = stage.messages(Array.from({ length: 1_200 }, (_, i) => dueAt + i / 2))
      const withdrawn = messages.filter((_, i) => !isKept(_, i))
      await stage.send(one, messages)
      await stage.inTime('nothing is withdrawn', two.withdraw([]))
      const unknown = stage.many(50, dueAt)
      await stage.inTime('messages are withdrawn', two.withdraw([...unknown, ...withdrawn]))
      return messages
    })

    stage.consume(two)
    const kept = one.capabilities.canWithdraw ? messages.filter(isKept) : messages
    await stage.arrival(kept)
    await stage.pass(one)
    stage.atMost(1, messages)
    assert.equal(stage.timesInAll(messages), kept.length, 'messages came that had been withdrawn')
  }),

  queueCase('takes in again what was withdrawn', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    stage.consume(two)
    const first = stage.many(200, stage.now() + HOUR)
    await stage.send(one, first)
    await stage.inTime('messages are withdrawn', one.withdraw(first))
    const sooner = first.map((message) => ({ ...message, dueAt: stage.now() + SECOND / 2 }))
    // Where they could not be withdrawn and are known, they are left as they are.
    const isLeft = !one.capabilities.canWithdraw && one.capabilities.canDeduplicate
    await stage.send(one, sooner)
    if (!isLeft) await stage.arrival(sooner)
    await stage.pass(one)
    stage.atMost(1, sooner)
  }),

  queueCase('is not harmed when what is at work or settled is withdrawn', async (stage) => {
    const [one, two] = [await stage.open(), await stage.open()]
    const end = Promise.withResolvers<'done'>()
    const [working, settled] = [stage.many(5, stage.now()), stage.many(50, stage.now())]
    const isWorking = new Set(working.map(({ id }) => id))
    const consumer = stage.consume(one, { settle: ({ id }) => (isWorking.has(id) ? end.promise : 'done') })
    await stage.send(one, [...working, ...settled])
    await stage.arrival([...working, ...settled])
    await stage.until('the others are settled', () => consumer.active === 5)

    await stage.inTime('messages are withdrawn', two.withdraw([...working, ...settled]))
    await stage.pass(two)
    end.resolve('done')
    await stage.inTime('it stops', consumer.stop())
    stage.consume(two)
    await stage.pass(two)
    stage.atMost(1, [...working, ...settled])

    await stage.send(two, settled)
    await stage.arrival(settled, 2)
  }),
]
