/**
 * Time to plan and write N occurrences that fall due together, one of each of N daily schedules in a time zone, by one
 * dispatch pass. The floor is one bare bulk insert of the same rows into an identical table.
 *
 * In the full form also a pass over 1,000 due among a million, beside one over 1,000 among 1,000, and what more memory it
 * takes. The peers plan a schedule's next run when they run it, so theirs is the time from the due instant until all have
 * run.
 */
import { Carillon } from '../src/carillon/carillon.ts'
import type { Dispatched } from './member/dispatcher.ts'
import { allPeers } from './peer/all-peers.ts'
import type { Peer } from './peer/peer.ts'
import { Child } from './support/child.ts'
import { dailyAt, nextFullHour } from './support/daily.ts'
import { Databases, type BenchDatabase, type DatabaseKind } from './support/databases.ts'
import { interleave, timed, type Contestant } from './support/interleave.ts'
import { median } from './support/median.ts'
import { checkLedger, occurrencesAt, occurrencesPlannedAt } from './support/occurrences.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { seedSchedules } from './support/seed.ts'

const ROUNDS = 5
const FEW = 1_000
const MANY = 1_000_000
const MIB = 2 ** 20

/** How many schedules of each peer fall due together: pg-boss would take minutes for 10,000. */
const PEER_SIZES: Readonly<Record<string, number>> = { 'pg-boss': 1_000 }
const PEER_SIZE = 10_000
/** What creating a peer's schedules gets before they are due, at least. */
const PEER_LEAD_MS = 60_000
const MINUTE = 60_000

export async function bench({ quick, alone, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const rows: BenchRow[] = []
  for (const kind of kinds) {
    for (const count of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000])
      rows.push(await dueTogether(databases, kind, count))
    if (!quick) rows.push(...(await dueAmongMany(databases, kind)))
  }
  if (!quick && !alone) for (const peer of await allPeers(databases)) rows.push(await peerDueTogether(peer))
  return { bench: 'dispatch', rows }
}

async function dueTogether(databases: Databases, kind: DatabaseKind, count: number): Promise<BenchRow> {
  const dueAt = nextFullHour()
  const ours = async () => {
    await using database = await databases.create(kind)
    await seedSchedules(database, { count, schedule: dailyAt(dueAt) })
    await using carillon = await Carillon.open({ database: database.address })
    const ms = await timed(() => carillon.dispatch({ ahead: '3h' }))
    await checkLedger(database.bare, 'planned', count)
    return ms
  }
  // Each database has one or two plain ways.
  const floor = (way: 0 | -1) => async () => {
    await using database = await databases.create(kind)
    const rows = occurrencesAt(dueAt, count)
    const write = Object.values(database.bare.bulkWays).at(way)!
    return await timed(() => write(occurrencesPlannedAt(Date.now()), rows))
  }
  const times = await interleave(ROUNDS, { ours, one: floor(0), other: floor(-1) })
  const best = Math.min(median(times.one), median(times.other))
  return row(`${kind}, ${count.toLocaleString('en')} due together`, 'ms', median(times.ours), best)
}

async function dueAmongMany(databases: Databases, kind: DatabaseKind): Promise<BenchRow[]> {
  const dueAt = nextFullHour()
  const stored = async (count: number) => {
    const database = await databases.create(kind)
    await seedSchedules(database, { count, schedule: dailyAt(dueAt), due: FEW })
    return database
  }
  await using few = await stored(FEW)
  await using many = await stored(MANY)
  const peaks = { few: [] as number[], many: [] as number[] }
  const pass =
    (database: BenchDatabase, peak: number[]): Contestant =>
    async () => {
      await using child = await Child.start('dispatcher', database.address)
      child.go()
      const { ms, peakBytes } = await child.answer<Dispatched>()
      await checkLedger(database.bare, 'planned', FEW)
      await undoPass(database, dueAt)
      peak.push(peakBytes)
      return ms
    }
  const times = await interleave(ROUNDS, { few: pass(few, peaks.few), many: pass(many, peaks.many) })

  const name = `${kind}, 1,000 due among 1,000,000`
  const more = (median(peaks.many) - median(peaks.few)) / MIB
  return [
    row(name, 'ms', median(times.many), median(times.few)),
    { name: `${name}, memory beyond that among 1,000`, value: more, unit: 'MiB', floor: null, ratio: null },
  ]
}

async function undoPass({ bare }: BenchDatabase, dueAt: number): Promise<void> {
  await bare.query('delete from carillon_occurrences')
  await bare.query(`
    update carillon_cursors set next_at = ${dueAt}, last_at = 0, planned = 0 where schedule_id <= ${FEW}`)
  await bare.settle()
}

/** Once and not five times, since the instant has to be waited for. */
async function peerDueTogether(peer: Peer): Promise<BenchRow> {
  const count = PEER_SIZES[peer.name] ?? PEER_SIZE
  const dueAt = Math.ceil((Date.now() + PEER_LEAD_MS) / MINUTE) * MINUTE
  const daily = dailyAt(dueAt)
  const schedules = Array.from({ length: count }, (_, i) => ({
    ...daily,
    key: `bench-${i}`,
    payload: { user: i },
  }))

  let runs = 0
  const { promise: allRun, resolve } = Promise.withResolvers<number>()
  await using stack = new AsyncDisposableStack()
  const running = await peer.run(schedules, () => {
    if (++runs === count) resolve(Date.now() - dueAt)
  })
  stack.use(running)
  if (Date.now() > dueAt) throw new Error(`${peer.name} took too long to create ${count} schedules`)
  const ms = await allRun
  return row(`${peer.name}, ${count.toLocaleString('en')} due together, all run`, 'ms', ms, null)
}
