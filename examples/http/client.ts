// Asks the API from another program: CARILLON_URL=http://127.0.0.1:4000/api/v1 CARILLON_TOKEN=… node client.ts
import { CarillonApiError, createClient } from 'carillon/client'

const cron = createClient({
  url: process.env.CARILLON_URL ?? 'http://127.0.0.1:4000/api/v1',
  token: process.env.CARILLON_TOKEN,
})

const path = { key: 'report/42' }
const schedule = await cron.putSchedule({ path, body: { cron: '0 9 * * MON-FRI', job: 'send-report' } })

try {
  await cron.patchSchedule({ path, body: { cron: '61 9 * * *' }, revision: schedule.revision })
} catch (error) {
  if (!(error instanceof CarillonApiError) || error.code !== 'CRON_SYNTAX') throw error
  console.log(error.problem?.detail) // minute "61" is out of range 0-59 …
}

for await (const { key, nextRunAt } of cron.allSchedules({ query: { job: 'send-report' } }))
  console.log(key, nextRunAt)
