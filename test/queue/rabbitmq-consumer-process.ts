/** A process that takes messages and never settles one. Its arguments: address, name of the queue, how many at a time. */
import { rabbitmqQueue } from '../../src/queue/rabbitmq/rabbitmq-queue.ts'
import { consoleLogger } from '../../src/logger.ts'

const [url = '', name = '', concurrency = '1'] = process.argv.slice(2)
const queue = await rabbitmqQueue({ url }).open({ name, logger: consoleLogger, postgresAddress: undefined })
queue.consume({
  concurrency: Number(concurrency),
  handle: ({ id }) => {
    process.stdout.write(`${id}\n`)
    return new Promise(() => {})
  },
})
