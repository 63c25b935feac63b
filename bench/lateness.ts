/**
 * Start minus due, with one process that dispatches and works and a handler that does nothing. The floor is a plain
 * `setTimeout` for each of the same instants, at the same time on another thread.
 *
 * The rows of a burst are about 10,000 that fall due at one instant, from then until all have started, beside one bare
 * claim of the same rows, by 1,000.
 */
import { Carillon } from '../src/carillon/carillon.ts'
import { allPeers } from './peer/all-peers.ts'
import { AT_ONCE } from './support/bare/bare.ts'
import { Databases, type DatabaseKind } from './support/databases.ts'
import { interleave, timed } from './support/interleave.ts'
import { median, quantile } from './support/median.ts'
import { noop } from './support/noop.ts'
import { checkLedger, occurrencesAt, occurrencesPlannedAt } from './support/occurrences.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { Starts } from './support/starts.ts'
import { timerLateness } from './support/timer-floor.ts'

/** What setting up gets before the first instant, and on top of it for each run. */
const LEAD_MS = 3_000
const LEAD_PER_RUN_MS = 1
const BURST = 10_000
const ROUNDS = 5
/** How many runs at once: Carillon's default. */
const CONCURRENCY = 20

/** Runs something at each of these instants, and answers how late each began. */
type Runner = (instants: readonly number[], concurrency: number) => Promise<readonly number[]>

export async function bench({ quick, alone, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const ours = kinds.map((kind): [string, Runner] => [
    kind,
    (...given) => carillon(databases, kind, ...given),
  ])
  const peers = (alone ? [] : await allPeers(databases)).map((peer): [string, Runner] => [
    peer.name,
    (...given) => peer.lateness(...given),
  ])
  const runners = [...ours, ...peers]

  const rows: BenchRow[] = []
  const loads = quick ? [[1_000, 10_000] as const] : [[1_000, 60_000] as const, [10_000, 60_000] as const]
  for (const [count, windowMs] of loads)
    for (const [name, run] of runners) rows.push(...(await spread(name, run, count, windowMs)))

  const count = quick ? 1_000 : BURST
  rows.push(...(await burst(databases, kinds, runners, count, quick ? 2 : ROUNDS)))
  return { bench: 'lateness', rows }
}

/** `count` runs, evenly over `windowMs`. */
async function spread(name: string, run: Runner, count: number, windowMs: number): Promise<BenchRow[]> {
  const firstAt = inTimeFor(count)
  const instants = Array.from({ length: count }, (_, i) => firstAt + Math.floor((i * windowMs) / count))
  const [floor, late] = await Promise.all([timerLateness(instants), run(instants, CONCURRENCY)])

  const label = `${name}, ${count.toLocaleString('en')} in ${windowMs / 1_000} s`
  return ([0.5, 0.95, 0.99, 1] as const).map((q) => {
    const which = q === 1 ? 'max' : `p${q * 100}`
    return row(`${label}, ${which}`, 'ms', quantile(late, q), quantile(floor, q))
  })
}

/** `count` runs at one instant: how late the last begins. */
async function burst(
  databases: Databases,
  kinds: readonly DatabaseKind[],
  runners: readonly (readonly [string, Runner])[],
  count: number,
  rounds: number,
): Promise<BenchRow[]> {
  const ours = runners.map(([name, run]) => {
    const last = async () => {
      const dueAt = inTimeFor(count)
      return Math.max(
        ...(await run(
          Array.from({ length: count }, () => dueAt),
          count,
        )),
      )
    }
    return [name, last] as const
  })
  const floors = kinds.map((kind) => [`bare ${kind}`, () => bareClaim(databases, kind, count)] as const)
  const times = await interleave(rounds, Object.fromEntries([...ours, ...floors]))

  return runners.map(([name]) => {
    // The peers are measured against PostgreSQL's.
    const floor = times[`bare ${name}`] ?? times['bare postgres']
    const label = `${name}, ${count.toLocaleString('en')} at one instant, all started`
    return row(label, 'ms', median(times[name]!), floor === undefined ? null : median(floor))
  })
}

/** Every default of Carillon holds, but for the concurrency. */
async function carillon(
  databases: Databases,
  kind: DatabaseKind,
  instants: readonly number[],
  concurrency: number,
): Promise<readonly number[]> {
  await using database = await databases.create(kind)
  const starts = new Starts(instants.length)
  const jobs = [noop(starts.began)]
  await using cron = await Carillon.open({ database: database.address, jobs, concurrency })
  await cron.scheduleMany(instants.map((at, i) => ({ key: `bench-${i}`, at, job: 'noop' })))
  await database.bare.settle()
  if (Date.now() > instants[0]! - 1_000) throw new Error('setting up took too long: give it more time')

  await cron.start()
  const late = await starts.all
  await cron.stop()
  await checkLedger(database.bare, 'succeeded', instants.length)
  return late
}

async function bareClaim(databases: Databases, kind: DatabaseKind, count: number): Promise<number> {
  await using database = await databases.create(kind)
  const { bare } = database
  const now = Date.now()
  await Object.values(bare.bulkWays)[0]!(occurrencesPlannedAt(now), occurrencesAt(now, count))
  await bare.settle()

  const ms = await timed(async () => {
    while ((await bare.claimDue(AT_ONCE)) > 0);
  })
  await checkLedger(bare, 'running', count)
  return ms
}

function inTimeFor(count: number): number {
  return Date.now() + LEAD_MS + count * LEAD_PER_RUN_MS
}
