import { afterAll, beforeAll, describe, it } from 'vitest'
import { queueContract } from '../../src/testing/contracts/queue/queue-contract.ts'
import { KINDS, openQueue, optionsFor, startServer, type QueueServer } from './bullmq-servers.ts'

describe.each(KINDS)('BullMQ on %s', (kind) => {
  let server: QueueServer
  beforeAll(async () => {
    server = await startServer(kind)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
  })

  it.each(queueContract)('$name', { timeout: 120_000 }, async ({ run }) => {
    await run({
      open: (name) => openQueue(optionsFor(kind, server.address), name),
      toleranceMs: 20_000,
      loseData: () => server.loseData(),
      restart: () => server.restart(),
    })
  })
})
