import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import type { DispatchReport } from '../../src/index.ts'
import { instant, useWorld } from './support.ts'

const world = useWorld()
const PROCESS = fileURLToPath(new URL('pass-process.ts', import.meta.url))
/** What a process has that holds one batch at a time; the plans of 100,000 schedules would not fit into it. */
const HEAP_MB = 40
const WEEK_MS = 7 * 24 * 3_600_000
const SHORT = { ahead: '1m', interval: '1m' } as const
const PER_MINUTE = 600
/** On servers fewer by default, since they take longer to set up. */
const SCHEDULES = Number(
  process.env['CARILLON_OUTAGE_SCHEDULES'] ?? (inject('database') === 'sqlite' ? 100_000 : 10_000),
)
const SMALL = SCHEDULES / 100

function* schedulesOf(count: number) {
  // Every five minutes, at one of fifty seconds: each has missed 2,016 runs.
  for (let i = 0; i < count; i++)
    yield { key: `k${i}`, cron: `${i % 50} */5 * * * *`, job: 'note', catchUp: '30d' }
}

async function passInSmallProcess(at: number): Promise<DispatchReport> {
  const options = JSON.stringify({ ...SHORT, catchUp: { perMinute: PER_MINUTE } })
  const args = [`--max-old-space-size=${HEAP_MB}`, PROCESS, world.database.address, String(at), options]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as DispatchReport
}

/** How many occurrences of a namespace are planned, by their origin. */
async function countsOf(namespace: string): Promise<Record<string, number>> {
  const rows = await world.sql(
    `select o.origin, count(*) as total from carillon_occurrences o
     join carillon_schedules s on s.id = o.schedule_id
     where s.namespace = ? and o.state = 'planned' group by o.origin`,
    namespace,
  )
  return Object.fromEntries(rows.map(({ origin, total }) => [String(origin), Number(total)]))
}

describe('after a week without a dispatcher', () => {
  it(
    `the first pass over ${SCHEDULES} schedules keeps to the rate, in flat memory, and starves no namespace`,
    { timeout: 600_000 },
    async () => {
      const cron = await world.open(SHORT)
      world.clock.jumpTo(instant('10:01'))
      await cron.namespace('large').scheduleMany(schedulesOf(SCHEDULES - SMALL))
      await cron.namespace('small').scheduleMany(schedulesOf(SMALL))
      world.clock.jumpTo(instant('10:02') + WEEK_MS)
      const report = await passInSmallProcess(world.clock.now())

      const missed = 2_016 * SCHEDULES
      expect(report).toEqual({ planned: PER_MINUTE, missed: 0, broken: 0, owed: missed })
      expect(await countsOf('large')).toEqual({ 'catch-up': PER_MINUTE / 2 })
      expect(await countsOf('small')).toEqual({ 'catch-up': PER_MINUTE / 2 })
      const spread = await world.sql(
        `select count(distinct due_at) as instants, max(due_at) - min(due_at) as length from carillon_occurrences
         where origin = 'catch-up'`,
      )
      expect(spread.map((row) => [Number(row['instants']), Number(row['length'])])).toEqual([
        [PER_MINUTE, 60_000 - 60_000 / PER_MINUTE],
      ])

      const again = await passInSmallProcess(world.clock.now())
      expect(again, 'the minute is used up').toMatchObject({ planned: 0, owed: 0 })

      // What is due now does not wait for what was missed.
      world.clock.jumpTo(instant('10:04:30') + WEEK_MS)
      const next = await passInSmallProcess(world.clock.now())
      expect(next.planned).toBe(PER_MINUTE + (SCHEDULES * 31) / 50)
      expect(await cron.owed()).toMatchObject({ runs: missed - 2 * PER_MINUTE, held: 0 })
    },
  )
})
