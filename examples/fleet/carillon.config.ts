import { defineConfig } from 'carillon'
import { redisLocks } from 'carillon/lock/redis'
import { Redis } from 'ioredis'

export default defineConfig({
  locks: redisLocks(new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')),
  tasks: {
    timezone: 'Europe/Berlin',
    lockLog: 'conflicts',

    schedule(schedule) {
      // Each second on one of the servers, whichever comes first.
      schedule
        .call(({ nominalAt }) => console.log(`beat ${nominalAt.toISOString()} by ${process.pid}`))
        .name('beat')
        .everySecond()
        .onOneServer()

      // Never two at a time, and 10 seconds apart.
      schedule
        .command('node -e "setTimeout(() => console.log(42), 1500)"')
        .name('import')
        .everyTwoSeconds()
        .withoutOverlapping({ expiresAfter: '5m' })
        .timeout('4m')
        .onFailureWithOutput((output) => console.error(`import failed: ${output}`))

      schedule.group(
        (task) => task.weekdays().onOneServer(),
        (weekdays) => {
          weekdays.command('node scripts/report.mjs --mail').name('report').at('7:30')
          weekdays.command('node scripts/close-day.mjs').name('close-day').at('22:00')
        },
      )
    },
  },
})
