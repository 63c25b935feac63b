/**
 * A server whose clock may be wrong. Each beginning and end of a handler is a line on its standard output.
 *
 *     node --import ./shift-clock.ts skewed-server.ts <SkewedServerSettings as JSON>
 */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Carillon, defineJob, type JobContext } from '../../../src/index.ts'
import { rightNow } from './shift-clock.ts'
import type { RunLine, SkewedServerSettings } from './skewed-process.ts'

const { database, name, roles, aheadMs, intervalMs, leaseMs } = JSON.parse(
  process.argv[2]!,
) as SkewedServerSettings

function write(event: RunLine['event'], { occurrence }: JobContext): void {
  const { key, id, attempt, dueAt, origin } = occurrence
  const line: RunLine = {
    event,
    key,
    id,
    attempt,
    dueAt: dueAt.getTime(),
    origin,
    server: name,
    at: rightNow(),
  }
  writeSync(1, `${JSON.stringify(line)}\n`)
}

const job = (jobName: string, handle: (context: JobContext) => unknown) =>
  defineJob(jobName, {
    async handle(context) {
      write('begin', context)
      await handle(context)
      write('end', context)
    },
  })

const cron = await Carillon.open({
  database,
  ahead: aheadMs,
  interval: intervalMs,
  lease: leaseMs,
  server: name,
  logger: {
    info: () => {},
    warn: () => {},
    error: (fields, message) => void process.stderr.write(`${name}: ${message} ${inspect(fields)}\n`),
  },
  jobs: [
    job('tick', () => undefined),
    job('long', ({ signal }) => sleep(2.5 * leaseMs, undefined, { signal })),
    job('flaky', ({ occurrence: { attempt } }) => {
      if (attempt < 3) throw new Error('not yet')
    }),
  ],
})
process.once('SIGTERM', () => void cron.close().then(() => process.exit(0)))
await cron.start({ roles })
writeSync(1, 'started\n')
