/**
 * A job, a schedule, a server: all that Carillon needs. Ctrl-C ends it.
 *
 *     npm run example examples/first-schedule.ts
 */
import { Carillon, defineJob } from 'carillon'
import { z } from 'zod'

const greet = defineJob('greet', {
  payload: z.object({ name: z.string() }),
  handle: ({ payload, occurrence }) => {
    console.log(`${occurrence.nominalAt.toISOString()} Hello ${payload.name}!`)
  },
})

const cron = await Carillon.open({
  database: process.env.CARILLON_DATABASE ?? 'sqlite:./first-schedule.db',
  jobs: [greet],
})
await cron.schedule({
  key: 'greet:ada',
  cron: '*/2 * * * * *', // a sixth field in front: every 2 seconds
  timezone: 'Europe/Berlin',
  job: greet,
  payload: { name: 'Ada' },
  catchUp: '1m', // runs that were missed because no server was up are made up for, if they are not older
})
await cron.start()

// Runs that are under way may end; what has not begun is left to other servers.
process.once('SIGINT', () => void cron.close())
