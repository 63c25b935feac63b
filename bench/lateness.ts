/**
 * Start minus due, on SQLite, with one process that dispatches and works and a handler that does nothing. The floor is
 * a plain `setTimeout` for each of the same instants, at the same time on another thread.
 *
 * The last row is about a burst: from the one instant at which 10,000 occurrences fall due until all have started,
 * beside one bare UPDATE that sets the same rows to running.
 */
import { Carillon } from '../src/carillon/carillon.ts'
import { defineJob } from '../src/task/job.ts'
import { interleave, timed } from './support/interleave.ts'
import { median, quantile } from './support/median.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { countIn, insertInLoop, storeSchedules, type OccurrenceRow } from './support/rows.ts'
import { TempDatabase } from './support/temp-database.ts'
import { preciseNow, timerLateness } from './support/timer-floor.ts'

/** What opening, seeding and claiming get before the first instant. */
const LEAD_MS = 3_000
const BURST = 10_000
const BURST_ROUNDS = 5

export async function bench({ quick }: BenchOptions): Promise<BenchReport> {
  const rows = quick
    ? await spread(1_000, 10_000)
    : [...(await spread(1_000, 60_000)), ...(await spread(10_000, 60_000))]
  rows.push(await burst(quick ? 1_000 : BURST))
  return { bench: 'lateness', rows }
}

/** `count` runs, evenly over `windowMs`. Every default of Carillon holds; only its ledger is watched. */
async function spread(count: number, windowMs: number): Promise<BenchRow[]> {
  using database = await TempDatabase.create()
  const firstAt = Math.ceil(Date.now()) + LEAD_MS + count
  const instants = Array.from({ length: count }, (_, i) => firstAt + Math.floor((i * windowMs) / count))
  store(database, count, (id) => instants[id - 1]!)

  const late: number[] = []
  const { promise: allStarted, resolve } = Promise.withResolvers<void>()
  const noop = defineJob('noop', {
    handle: async ({ occurrence }) => {
      late.push(preciseNow() - occurrence.dueAt.getTime())
      if (late.length === count) resolve()
    },
  })
  const timers = timerLateness(instants)
  await using carillon = await Carillon.open({ database: database.address, jobs: [noop] })
  await carillon.start()
  await allStarted
  const floor = await timers

  await carillon.stop()
  checkLedger(database, count)
  const name = `${count.toLocaleString('en')} in ${windowMs / 1_000} s`
  return ([0.5, 0.95, 0.99, 1] as const).map((q) => {
    const label = q === 1 ? 'max' : `p${q * 100}`
    return row(`${name}, ${label}`, 'ms', quantile(late, q), quantile(floor, q))
  })
}

/** `count` runs at one instant, planned beforehand. */
async function burst(count: number): Promise<BenchRow> {
  const times = await interleave(BURST_ROUNDS, {
    floor: async () => {
      using database = await planned(count, Date.now())
      using connection = database.connect()
      const claim = connection.prepare(`
        update carillon_occurrences
        set state = 'running', owner = 'bench', attempt = attempt + 1, started_at = ?, lease_until = ?
        where queue = 'default' and due_at <= ? and state = 'planned' and lease_until is null`)
      const now = Date.now()
      return await timed(() => claim.run(now, now + 30_000, now))
    },
    ours: () => burstOnce(count),
  })
  return row(
    `${count.toLocaleString('en')} at one instant, all started`,
    'ms',
    median(times.ours),
    median(times.floor),
  )
}

async function burstOnce(count: number): Promise<number> {
  const dueAt = Date.now() + LEAD_MS
  using database = await planned(count, dueAt)

  let started = 0
  const { promise: allStarted, resolve } = Promise.withResolvers<number>()
  const noop = defineJob('noop', {
    handle: async () => {
      if (++started === count) resolve(preciseNow() - dueAt)
    },
  })
  await using carillon = await Carillon.open({ database: database.address, jobs: [noop], concurrency: count })
  await carillon.start({ roles: ['work'] })
  const ms = await allStarted

  await carillon.stop()
  checkLedger(database, count)
  return ms
}

/** Schedules with nothing left to plan, and their occurrences at one instant. */
async function planned(count: number, dueAt: number): Promise<TempDatabase> {
  const database = await TempDatabase.create()
  using connection = database.connect()
  storeSchedules(
    connection,
    count,
    once(() => dueAt),
    () => null,
  )
  const rows = Array.from({ length: count }, (_, i): OccurrenceRow => [i + 1, 1, dueAt, dueAt])
  insertInLoop(connection, rows, Date.now())
  return database
}

function store(database: TempDatabase, count: number, at: (id: number) => number): void {
  using connection = database.connect()
  storeSchedules(connection, count, once(at), at)
}

function once(at: (id: number) => number) {
  return (id: number) => ({ at: at(id), job: 'noop', payload: { id } })
}

function checkLedger(database: TempDatabase, count: number): void {
  using connection = database.connect()
  const succeeded = countIn(connection, 'succeeded')
  if (succeeded !== count) throw new Error(`${succeeded} runs succeeded, not ${count}`)
}
