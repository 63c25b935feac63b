import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { seededRandom } from '../cluster/random.ts'
import { Fleet } from './fleet.ts'
import { chosenKinds, startLockServer } from './lock-server.ts'
import type { MemberProcess } from './member-process.ts'
import type { LockKind } from './open-locks.ts'
import type { TaskPlan } from './task-plan.ts'

/**
 * Servers are killed and started again at random while they share 200 tasks. No task may run on two of them at a time,
 * and all of them must go on.
 *
 *     CARILLON_CHAOS_SECONDS=120 CARILLON_LOCKS=redis npx vitest run test/tasks/chaos.test.ts
 *
 * is the long form, on one kind of lock; CARILLON_CHAOS_SEED=… kills at the same times again.
 */
const CHAOS_MS = Number(process.env['CARILLON_CHAOS_SECONDS'] ?? 10) * 1_000
const SERVERS = 4
const TASKS = 200
/** Each task is due every so many seconds, a part of them in each second. */
const EVERY_S: Readonly<Record<LockKind, number>> = {
  redis: 1,
  memcached: 2,
  postgres: 4,
  mysql: 4,
  sqlite: 10,
}
const EXPIRES_MS = 3_000

it.for(chosenKinds(['redis', 'memcached', 'postgres']))(
  'runs 200 tasks while servers are killed and started again, and none of them twice at a time: %s',
  { timeout: CHAOS_MS + 300_000 },
  async (kind) => {
    const seed = Number(process.env['CARILLON_CHAOS_SEED'] ?? randomInt(2 ** 31))
    const random = seededRandom(seed)
    const tasks = Array.from({ length: TASKS }, (_, i): TaskPlan => ({
      name: `task-${i}`,
      cron: `${i % EVERY_S[kind]}/${EVERY_S[kind]} * * * * *`,
      // One in ten is at work for most of a second, and so is likely to be hit.
      work: i % 10 === 0 ? 700 : 30,
      onOneServer: i % 2 === 0,
      overlap: { expiresAfter: EXPIRES_MS, minimumBreak: 100 },
    }))

    await using locks = await startLockServer(kind)
    await using fleet = new Fleet(locks)
    // Their clocks are not quite the same, as is usual.
    const start = () => fleet.start(tasks, Math.round((random() - 0.5) * 500))
    await Promise.all(Array.from({ length: SERVERS }, start))
    const endsAt = Date.now() + CHAOS_MS
    while (Date.now() < endsAt || !hasHitRun(fleet)) {
      await sleep(300 + random() * 1_200)
      const { alive } = fleet
      const anyOne = alive[Math.floor(random() * alive.length)]!
      await fleet.kill(random() < 0.5 ? anyOne : await atWork(fleet))
      await start()
    }

    // What a killed server was at expires, and goes on elsewhere.
    const lastKillAt = Math.max(...fleet.killedAt.values())
    await fleet.wait('all tasks have run since the last kill', () => {
      const ended = fleet.runs().filter(({ at, endAt }) => at > lastKillAt && endAt !== undefined)
      return new Set(ended.map(({ task }) => task)).size === TASKS
    })
    await fleet.stop()
    const { expected: _, ...counts } = fleet.judge({ tasks }).counts
    const facts = { kills: fleet.killedAt.size, ...counts, 'longest stall, ms': longestStall(fleet), seed }
    process.stdout.write(`chaos of tasks on ${kind}: ${JSON.stringify(facts)}\n`)
    expect(counts.overlaps).toBe(0)
  },
)

/** Whether a kill has cut off a run: without one the test would show little. */
function hasHitRun(fleet: Fleet): boolean {
  return fleet.runs().some(({ endAt, goneAt }) => endAt === undefined && goneAt < Infinity)
}

/** The server that began last of those that are at work. */
function atWork(fleet: Fleet): Promise<MemberProcess> {
  return fleet.wait('a server is at work', () => {
    const open = fleet.runs().findLast(({ goneAt }) => goneAt === Infinity)
    return fleet.alive.find(({ pid }) => pid === open?.pid)
  })
}

/** For how long a server was not given the processor: for the reader, where runs have outlived their locks. */
function longestStall(fleet: Fleet): number {
  return fleet
    .lines()
    .reduce(
      (longest, line) => (line.event === 'stall' ? Math.max(longest, line.at - line.from!) : longest),
      0,
    )
}
