/**
 * A server that takes messages from a queue of pg-boss, says so, and never ends with them.
 *
 *     node pg-boss-member.ts <address> <name of the queue> <seconds of the heartbeat>
 */
import { consoleLogger } from '../../../src/logger.ts'
import { pgBossQueue } from '../../../src/queue/pg-boss/pg-boss-queue.ts'

const [address, name, seconds] = process.argv.slice(2)
const driver = pgBossQueue({ heartbeatSeconds: Number(seconds) })
const queue = await driver.open({ name: name!, logger: consoleLogger, postgresAddress: address })
queue.consume({
  concurrency: 10,
  handle: (message) => {
    process.stdout.write(`${message.id}\n`)
    return new Promise(() => {})
  },
})
