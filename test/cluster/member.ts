/**
 * One server of a cluster test: dispatches, works, or both, until it is killed or told to end. What its handler does
 * it writes to a file line by line, synchronously, so that a SIGKILL loses nothing of it.
 *
 *     node member.ts <database> <role> <log file> <handler ms> [<batch>]
 *
 * With a batch, it kills itself in the transaction of that batch of a dispatch pass: all is written, nothing committed.
 */
import { appendFileSync } from 'node:fs'
import { Carillon, defineJob, type Role } from '../../src/index.ts'
import { ScheduleTable } from '../../src/store/schedule-table.ts'

const [database, role, logFile, handlerMs, fatalBatch] = process.argv.slice(2) as [
  string,
  Role,
  string,
  string,
  string?,
]

type Method = ScheduleTable['moveCursors']

if (fatalBatch !== undefined) {
  const moveCursors = Object.getOwnPropertyDescriptor(ScheduleTable.prototype, 'moveCursors')!.value as Method
  let batch = 0
  ScheduleTable.prototype.moveCursors = async function (moves) {
    await moveCursors.call(this, moves)
    if (++batch === Number(fatalBatch)) process.kill(process.pid, 'SIGKILL')
  }
}

const note = (line: object) =>
  appendFileSync(logFile, `${JSON.stringify({ ...line, pid: process.pid, at: Date.now() })}\n`)

const work = defineJob('work', {
  handle: async ({ occurrence }) => {
    const { id, attempt } = occurrence
    note({ event: 'begin', id, attempt, nominalAt: occurrence.nominalAt.getTime() })
    await new Promise((resolve) => setTimeout(resolve, Number(handlerMs)))
    note({ event: 'end', id, attempt })
  },
})

const cron = await Carillon.open({
  database,
  jobs: [work],
  lease: '2s',
  concurrency: 40,
  server: `${role}-${process.pid}`,
})
process.once('SIGTERM', () => void cron.close().then(() => process.exit(0)))
await cron.start({ roles: [role] })
process.stdout.write('started\n')
