/**
 * A process of its own that runs the job `tell`, which logs, reports how far it is and never ends:
 *
 *     node telling-process.ts <database>
 */
import { Carillon, defineJob } from '../../src/index.ts'

const [database = ''] = process.argv.slice(2)
const tell = defineJob('tell', {
  async handle({ log, progress, occurrence }) {
    log.info({ pid: process.pid }, `attempt ${occurrence.attempt} begins`)
    progress({ done: 3, total: 12, note: 'users' })
    await new Promise(() => {})
  },
})
const cron = await Carillon.open({ database, jobs: [tell], lease: '2s' })
await cron.start({ roles: ['work'] })
