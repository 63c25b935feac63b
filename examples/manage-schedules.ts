/**
 * What a program can do to schedules while the system runs: change, pause, resume, run at once, look ahead and back.
 *
 *     npm run example examples/manage-schedules.ts
 */
import { Carillon, defineJob } from 'carillon'
import { z } from 'zod'

const sent = Promise.withResolvers<void>()

const sendReport = defineJob('send-report', {
  payload: z.object({ user: z.number(), format: z.enum(['pdf', 'html']).default('pdf') }),
  handle: ({ payload }) => {
    sent.resolve()
    return { sent: `report of user ${payload.user} as ${payload.format}` }
  },
})

await using cron = await Carillon.open({
  database: process.env.CARILLON_DATABASE ?? 'sqlite::memory:',
  jobs: [sendReport],
})

// Store it. The payload is checked against the job's schema, the rest as well, before anything is written.
await cron.schedule({
  key: 'report:42',
  group: 'reports',
  cron: '0 8 * * MON-FRI',
  timezone: 'Europe/Berlin',
  job: sendReport,
  payload: { user: 42 },
  retries: 3,
})

// Look ahead.
const mornings = await cron.preview('report:42', 3)
console.log('next', mornings.map((instant) => instant.toISOString()).join(', '))

// Change parts of it, and insist on the revision that was read: whoever changed it in between is not overwritten.
const { revision } = (await cron.describe('report:42'))!
const patched = await cron.patch('report:42', { cron: '30 7 * * MON-FRI', timeout: '5m' }, { revision })
console.log('patched', patched.cron, 'is revision', patched.revision)

// Keep it from running for a while; what the pause kept from running is skipped, or made up for.
await cron.pause('report:42')
const resumed = await cron.resume('report:42', { missed: 'latest' })
console.log('resumed', resumed.state)

// Run it now, on whichever server takes it; its plan stays as it is.
await cron.start()
const { id } = await cron.trigger('report:42')
await sent.promise
await cron.stop()

// Look back.
for (const occurrence of await cron.history('report:42')) {
  const which = occurrence.id === id ? 'triggered' : occurrence.origin
  console.log(which, occurrence.state, occurrence.result)
}

for await (const schedule of cron.describeAll({ group: 'reports' })) console.log('deleting', schedule.key)
console.log('deleted', await cron.delete('report:42'))
