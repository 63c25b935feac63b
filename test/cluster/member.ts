/**
 * One server of a cluster test: dispatches or works until it is killed or told to end. What its handler does it writes
 * to a file line by line, synchronously, so that a SIGKILL loses nothing of it.
 *
 *     node member.ts <MemberSettings as JSON>
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Carillon, defineJob } from '../../src/index.ts'
import { CursorTable } from '../../src/store/cursor-table.ts'
import type { LoggedEvent, MemberSettings } from './member-process.ts'

const settings = JSON.parse(process.argv[2]!) as MemberSettings
const { name, role, fatalBatch } = settings

type Method = CursorTable['move']

if (fatalBatch !== undefined) {
  const move = Object.getOwnPropertyDescriptor(CursorTable.prototype, 'move')!.value as Method
  let batch = 0
  CursorTable.prototype.move = async function (moves) {
    await move.call(this, moves)
    if (++batch === fatalBatch) process.kill(process.pid, 'SIGKILL')
  }
}

const log = openSync(settings.logFile, 'a')
const note = (event: Omit<LoggedEvent, 'member' | 'at'>) =>
  writeSync(log, `${JSON.stringify({ ...event, member: name, at: Date.now() })}\n`)

const work = defineJob<{ ms?: number } | undefined>('work', {
  handle: async ({ payload, occurrence, signal }) => {
    const { id, attempt, nominalAt, dueAt, lateMs } = occurrence
    // A long run that meets a kill each time would end as one that kills its servers, which it does not.
    const ms = attempt > 2 ? settings.handlerMs : (payload?.ms ?? settings.handlerMs)
    note({ event: 'begin', id, attempt, nominalAt: nominalAt.getTime(), startedAt: dueAt.getTime() + lateMs })
    try {
      await sleep(ms, undefined, { signal })
    } catch (error) {
      note({ event: 'abort', id, attempt })
      throw error
    }
    note({ event: 'end', id, attempt })
  },
})

const complain = (level: string) => (fields: object, message: string) =>
  process.stderr.write(
    `${new Date().toISOString()} ${name} ${level}: ${message} ${inspect(fields, { depth: 4 })}\n`,
  )

const cron = await Carillon.open({
  database: settings.database,
  jobs: [work],
  lease: settings.leaseMs,
  concurrency: settings.concurrency,
  ahead: settings.aheadMs,
  interval: settings.intervalMs,
  server: name,
  logger: { info: () => {}, warn: complain('warn'), error: complain('error') },
})
process.once('SIGTERM', () => void cron.close().then(() => process.exit(0)))
await cron.start({ roles: [role] })
process.stdout.write('started\n')
