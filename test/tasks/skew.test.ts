import { it } from 'vitest'
import { Fleet } from './fleet.ts'
import { chosenKinds, startLockServer } from './lock-server.ts'
import type { LockKind } from './open-locks.ts'
import type { TaskPlan } from './task-plan.ts'

/** Five servers whose clocks are up to a minute apart, on each kind of lock. */
const SKEWS = [-30_000, -25_000, 0, 25_000, 30_000]
const SECOND = 1_000

/** A task that goes on for 90 % of its period, with a break longer than the rest of it. */
interface Long {
  /** Divides all skews: the servers try at the same true instants, each for another nominal one. */
  readonly periodS: number
  readonly minimumBreak: number
  readonly runs: number
}

/** Half a period between the end of the break and the tries, on either side, where locks end on time. */
const EXACT: Long = { periodS: 1, minimumBreak: 600, runs: 10 }
/** Memcached frees a lock up to 2 seconds after its end. */
const IN_SECONDS: Long = { periodS: 5, minimumBreak: 2_000, runs: 3 }

const LONG_TASK: Readonly<Record<LockKind, Long>> = {
  redis: EXACT,
  postgres: EXACT,
  mysql: EXACT,
  sqlite: EXACT,
  memcached: IN_SECONDS,
}

it.concurrent.for(chosenKinds(['redis', 'memcached', 'postgres', 'mysql']))(
  'never runs a task on two servers at a time, nor an instant twice, with clocks a minute apart: %s',
  { timeout: 300_000 },
  async (kind, { expect }) => {
    const long = LONG_TASK[kind]
    const overlap = { expiresAfter: 120_000, minimumBreak: kind === 'memcached' ? 1_000 : 200 }
    const tasks: TaskPlan[] = [
      { name: 'once', cron: '* * * * * *', work: 50, onOneServer: true },
      { name: 'guarded', cron: '* * * * * *', work: 50, overlap },
      { name: 'both', cron: '*/2 * * * * *', work: 50, overlap, onOneServer: true },
      {
        name: 'long',
        cron: `*/${long.periodS} * * * * *`,
        work: long.periodS * 900,
        overlap: { ...overlap, minimumBreak: long.minimumBreak },
      },
    ]

    await using locks = await startLockServer(kind)
    await using fleet = new Fleet(locks)
    const members = await Promise.all(SKEWS.map((skewMs) => fleet.start(tasks, skewMs)))
    await fleet.wait('the long task has run', () => fleet.runs('long').length > long.runs)
    // By then the one 5 s behind it has come to instants that the first one has run.
    const foremost = members.at(-1)!.pid
    const isAhead = () => fleet.runs('once').filter(({ pid }) => pid === foremost).length >= 12
    await fleet.wait('the foremost server has run many instants', isAhead)
    await fleet.stop()

    const { counts } = fleet.judge({ tasks, gapless: new Map([['once', SECOND]]) })
    expect(counts, 'nobody was out of the processor for two minutes').toMatchObject({
      overlaps: 0,
      'outlived its lock': 0,
      'cut off': 0,
    })
    expect(counts.expected).toBeGreaterThan(20)
    for (const { name } of tasks) expect(fleet.runs(name).length, name).toBeGreaterThan(2)
    expect(new Set(fleet.runs('once').map(({ pid }) => pid)).size).toBeGreaterThan(1)

    // In the period after each run its lock is held yet; as documented, it runs in every second one.
    const periods = fleet.runs('long').map(({ at }) => Math.floor(at / (long.periodS * SECOND)))
    const apart = periods.slice(1).map((period, i) => period - periods[i]!)
    expect(median(apart), `every second period: ${apart.join(', ')}`).toBe(2)
  },
)

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
