import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { queueContract } from '../../src/testing/contracts/queue/queue-contract.ts'
import { RabbitmqServer } from '../support/servers/rabbitmq-server.ts'
import { until } from '../support/until.ts'
import { messages, openQueue, Taker } from './rabbitmq-support.ts'

const timeout = 120_000

let server: RabbitmqServer
beforeAll(async () => {
  server = await RabbitmqServer.start()
}, timeout)
afterAll(async () => server.stop(), timeout)

/** As a server that was set up anew at the same address. */
async function loseData(): Promise<void> {
  for (const step of ['stop_app', 'reset', 'start_app']) await server.control(step)
}

describe('a queue in RabbitMQ', () => {
  it.each(queueContract)('$name', { timeout }, async ({ run }) => {
    await run({
      open: (name) => openQueue(name, { url: server.address }),
      loseData,
      restart: () => server.restart(),
      toleranceMs: 20_000,
    })
  })

  it(
    'loses none of 2,000 that wait when the server is killed, and is away when half are due',
    { timeout },
    async () => {
      await using queue = await openQueue('crash', { url: server.address })
      const due = messages(500, () => Date.now())
      await queue.send(due)
      const dueAt = Date.now() + 15_000
      const waiting = messages(1_500, (i) => dueAt + i * 8)
      await queue.send(waiting)
      await server.crash()
      // What has gone on from its delay by then, and is not taken, RabbitMQ may lose.
      expect(Date.now()).toBeLessThan(dueAt)
      await sleep(dueAt + 6_000 - Date.now())
      await server.restart()

      const taker = new Taker(queue)
      await until('all come', () => taker.has([...waiting, ...due]), 60_000).catch(() => {})
      const missing = [...due, ...waiting].filter(({ id }) => !taker.times.has(id))
      expect(missing.map((message) => message.dueAt - dueAt)).toEqual([])
      expect(taker.early).toEqual([])
      await taker.stop()
    },
  )
})
