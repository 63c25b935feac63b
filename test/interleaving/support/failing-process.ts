import { Carillon, defineJob } from '../../../src/index.ts'

/** A server of which every run fails: `node failing-process.ts <database>`. It goes on until it is killed. */
const work = defineJob('work', {
  handle() {
    throw new Error('the disk is full')
  },
})
const logger = { info: () => {}, warn: () => {}, error: () => {} }
const cron = await Carillon.open({ database: process.argv[2]!, jobs: [work], logger })
await cron.start({ roles: ['work'] })
process.stdout.write('started\n')
