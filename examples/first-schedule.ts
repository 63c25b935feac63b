/**
 * A job, a schedule, a server: all that Carillon needs.
 *
 *     node examples/first-schedule.ts           until Ctrl-C
 *     node examples/first-schedule.ts --short   until the first run
 */
import { once } from 'node:events'
import { Carillon, defineJob } from 'carillon'
import { z } from 'zod'

const greeted = Promise.withResolvers<void>()

const greet = defineJob('greet', {
  payload: z.object({ name: z.string() }),
  handle: ({ payload, occurrence }) => {
    console.log(`${occurrence.nominalAt.toISOString()} Hello ${payload.name}!`)
    greeted.resolve()
  },
})

await using cron = await Carillon.open({
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

const isShort = process.argv.includes('--short')
await (isShort ? greeted.promise : once(process, 'SIGINT'))
