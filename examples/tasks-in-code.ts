/**
 * Tasks that code defines. Start it several times: each second one of the processes greets.
 */
import { once } from 'node:events'
import { Tasks } from 'carillon'
import { databaseLocks } from 'carillon/lock/database'

await using locks = await databaseLocks(process.env.CARILLON_DATABASE ?? 'sqlite:./carillon.db')
await using tasks = await Tasks.open({
  locks,
  tasks: {
    timezone: 'Europe/Berlin',
    schedule(schedule) {
      schedule
        .call(() => console.log('Hello Ada!'))
        .name('greet')
        .everySecond()
        .onOneServer()
      schedule.command('node scripts/prune.js --days 30').dailyAt('3:30').withoutOverlapping()
    },
  },
})
tasks.start()

await once(process, 'SIGINT')
