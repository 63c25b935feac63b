import { bullmqQueue, type BullmqQueueOptions } from '../../../src/queue/bullmq/bullmq-queue.ts'

/** A server process that takes messages and never ends with them. It prints the id of each. */
const [options, name] = process.argv.slice(2) as [string, string]
const logger = { info() {}, warn: print, error: print }

const queue = await bullmqQueue(JSON.parse(options) as BullmqQueueOptions).open({
  name,
  logger,
  postgresAddress: undefined,
})
queue.consume({
  concurrency: 10,
  handle: ({ id }) => {
    process.stdout.write(`${id}\n`)
    return new Promise(() => {})
  },
})

function print(fields: object, message: string): void {
  console.error(message, fields)
}
