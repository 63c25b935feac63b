// What the examples beside it have in common: the schedules, and the API over them.
import { Carillon, defineJob } from 'carillon'
import { createApi } from 'carillon/http'

const sendReport = defineJob('send-report', { handle: () => {} })

export const cron = await Carillon.open({
  database: process.env.CARILLON_DATABASE ?? 'sqlite:./carillon.db',
  jobs: [sendReport],
})

/** Who asks needs a token: `npx carillon token create --label me --scope write`. */
export const api = createApi(cron)
