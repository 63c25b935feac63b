/**
 * Processor seconds a minute, of the process and of its database server, with schedules stored of which none is due. The
 * floor is a process that does one bare indexed probe a second on the same database; beside it stands one that does
 * nothing, with a connection open, which is what the machine takes for both of them to live.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Idler } from './member/idler.ts'
import { Child } from './support/child.ts'
import { dailyAt, nextFullHour } from './support/daily.ts'
import { Databases, type DatabaseKind } from './support/databases.ts'
import { median } from './support/median.ts'
import { childrenNamed, processorSeconds } from './support/processor-time.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { seedSchedules } from './support/seed.ts'

/** What starting up may take, until pools have closed the connections that it took. */
const SETTLE_MS = 15_000
/** As long as the longest time between two things that an idle process does often. */
const WINDOW_MS = 10_000
const QUIET_SHARE = 0.02
const LONGEST_UNREST_MS = 60_000

const SERVERS: Readonly<Record<DatabaseKind | 'redis', readonly string[]>> = {
  postgres: ['postgres'],
  mysql: ['mariadbd', 'mysqld'],
  sqlite: [],
  redis: ['redis-server'],
}

export async function bench({ quick, alone, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const windows = quick ? 3 : 5
  const rows: BenchRow[] = []
  for (const kind of kinds) {
    for (const count of quick ? [1_000, 100_000] : [1_000, 1_000_000]) {
      await using database = await databases.create(kind)
      await seedSchedules(database, { count, schedule: dailyAt(nextFullHour() + 12 * 3_600_000) })
      await untilQuiet(kind)
      const probe = await idle('probe', kind, database.address, windows)
      const nothing = await idle('nothing', kind, database.address, windows)
      const ours = await idle('carillon', kind, database.address, windows)
      const label = `${kind}, ${count.toLocaleString('en')} schedules`
      rows.push(row(label, 's/min', ours, probe))
      rows.push(row(`${label}, a process that does nothing`, 's/min', nothing, probe))
    }
  }
  for (const [name, idler, server, address] of alone ? [] : await peers(databases)) {
    await untilQuiet(server)
    rows.push(row(`${name}, 1,000 schedules`, 's/min', await idle(idler, server, address, windows), null))
  }
  return { bench: 'idle', rows }
}

async function peers(
  databases: Databases,
): Promise<(readonly [string, Idler, DatabaseKind | 'redis', string])[]> {
  const postgres = await databases.postgres()
  return [
    ['BullMQ on Redis', 'bullmq', 'redis', (await databases.redis()).address],
    ['BullMQ on PostgreSQL', 'bullmq', 'postgres', await postgres.createDatabase()],
    ['pg-boss', 'pg-boss', 'postgres', await postgres.createDatabase()],
  ]
}

/**
 * Processor seconds a minute of an idle process and its server: the median of some windows, since now and then the server
 * tidies up in one of them.
 */
async function idle(
  idler: Idler,
  server: keyof typeof SERVERS,
  address: string,
  windows: number,
): Promise<number> {
  await using child = await Child.start('idler', idler, address)
  await wait(SETTLE_MS)
  const pids = [child.pid, ...childrenNamed(...SERVERS[server])]
  const used: number[] = []
  while (used.length < windows) used.push(await usedWithin(WINDOW_MS, pids))
  return median(used) * (60_000 / WINDOW_MS)
}

/** A server writes down what was stored for a while after it was. */
async function untilQuiet(server: keyof typeof SERVERS): Promise<void> {
  const giveUpAt = Date.now() + LONGEST_UNREST_MS
  const pids = childrenNamed(...SERVERS[server])
  while ((await usedWithin(1_000, pids)) > QUIET_SHARE && Date.now() < giveUpAt);
}

async function usedWithin(windowMs: number, pids: readonly number[]): Promise<number> {
  const before = processorSeconds(pids)
  await wait(windowMs)
  return processorSeconds(pids) - before
}
