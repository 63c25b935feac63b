/**
 * One server of a fault test: it dispatches, works, and changes schedules, until it dies at the step that is fatal to it
 * or is told to stop.
 *
 *     node member.ts <MemberSettings as JSON>
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Pool } from 'pg'
import { Carillon } from '../../../src/index.ts'
import { EventLog } from './event-log.ts'
import { Fate } from './fate.ts'
import type { MemberSettings } from './member-process.ts'
import { queueOf } from './queue-kind.ts'
import { changeAtRandom, SHAKEN, TIMES, workJob } from './workload.ts'
import { watchPool } from './watched-pool.ts'
import { watchQueue } from './watched-queue.ts'

/** How long it waits between two changes of schedules, on average. */
const CHANGE_MS = 400

const settings = JSON.parse(process.argv[2]!) as MemberSettings
const { name, kind, leaseMs, fatal } = settings
const log = new EventLog(settings.notes, name)
const fate = new Fate(fatal, log)

const complain = (level: string) => (fields: object, message: string) => {
  // As planned.
  if (message === 'a run failed') return
  const text = `${new Date().toISOString()} ${name} ${level}: ${message} ${inspect(fields, { depth: 4 })}\n`
  process.stderr.write(text)
}

const pool = new Pool({ connectionString: settings.database, max: 8 })
pool.on('error', () => {})
const cron = await Carillon.open({
  database: { postgres: watchPool(pool, fate) },
  queue: watchQueue(queueOf(kind, settings), { fate, log, doubles: fatal === undefined }),
  jobs: [workJob(fate, log)],
  lease: leaseMs,
  ...TIMES,
  server: name,
  logger: { info: () => {}, warn: complain('warn'), error: complain('error') },
})

process.on('message', () => {
  void cron.close().then(async () => {
    await pool.end()
    log.write({ event: 'stops', reached: fate.reached })
    process.exit(0)
  })
})
// The test is gone.
process.on('disconnect', () => process.exit(1))
await cron.start({ roles: ['dispatch', 'work'] })

if (fatal !== undefined) await changeUntilTheEnd()

/** Nobody tells it to stop. Others change the same ones: what one of them has just deleted cannot be paused. */
async function changeUntilTheEnd(): Promise<never> {
  for (;;) {
    await changeAtRandom(cron, SHAKEN, Math.random).catch(() => {})
    await sleep(CHANGE_MS * 2 * Math.random())
  }
}
