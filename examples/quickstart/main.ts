/**
 * A server with two schedules, to watch and to play with: `npm start`.
 */
import { once } from 'node:events'
import { relative } from 'node:path'
import { Carillon } from 'carillon'
import config from './carillon.config.ts'
import { measure, summarise } from './jobs.ts'
import { MEASUREMENTS_FILE } from './measurements.ts'

await using cron = await Carillon.open({ ...config, database: config.database! })

// Storing the same again changes nothing, so a program can declare what it needs each time it starts.
await cron.schedule({ key: 'measure', every: '5s', job: measure, note: 'measures this machine' })
await cron.schedule({ key: 'summarise', cron: '* * * * *', job: summarise, payload: { minutes: 1 } })

console.log(`
Carillon runs two schedules on ${cron.database}:

  measure     every 5 seconds, into ${relative(process.cwd(), MEASUREMENTS_FILE)}
  summarise   every minute, what was measured in it

Add one yourself: paste this into a second terminal, in the same folder, and see it run here.

  npx carillon schedule add hello --every 10s --command 'echo Hello from Carillon'
  npx carillon schedule list
  npx carillon schedule history hello      (with what it printed)

Ctrl-C stops it.
`)

await cron.start()
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
console.log('\nStopping: what runs may end.')
await cron.stop()
console.log('Stopped.')
