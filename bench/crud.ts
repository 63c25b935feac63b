/**
 * Schedules created a second: many in one call, and in calls of their own, with 64 in flight or one after the other. The
 * floor is a bare upsert of equal rows into a single table, in bulk or row by row with as many in flight, on a pool of the
 * same size.
 */
import { Carillon } from '../src/carillon/carillon.ts'
import { allPeers } from './peer/all-peers.ts'
import type { Peer } from './peer/peer.ts'
import type { BulkWrite } from './support/bare/bare.ts'
import { dailyAt, nextFullHour } from './support/daily.ts'
import { Databases, type BenchDatabase, type DatabaseKind } from './support/databases.ts'
import { inFlight } from './support/in-flight.ts'
import { interleave, timed, type Contestant } from './support/interleave.ts'
import { median } from './support/median.ts'
import { noop } from './support/noop.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { createWideTable, wideRow, wideUpsert } from './support/wide-table.ts'

const ROUNDS = 5
const IN_FLIGHT = [64, 1]

/** They fire tomorrow: none has an occurrence to be planned now. */
const DUE_AT = nextFullHour() + 20 * 3_600_000
const DAILY = dailyAt(DUE_AT)

export async function bench({ quick, alone, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const many = quick ? 2_000 : 10_000
  const singles = quick ? 500 : 2_000
  const rows: BenchRow[] = []
  for (const kind of kinds) rows.push(await bulk(databases, kind, many))
  const peers = alone ? [] : await allPeers(databases)
  for (const width of IN_FLIGHT) rows.push(...(await single(databases, kinds, peers, singles, width)))
  return { bench: 'crud', rows }
}

async function bulk(databases: Databases, kind: DatabaseKind, count: number): Promise<BenchRow> {
  const ours = onFresh(databases, kind, async ({ address }) => {
    await using cron = await Carillon.open({ database: address, jobs: [noop()] })
    const inputs = schedules(count)
    return await timed(() => cron.scheduleMany(inputs))
  })
  const floor = (write: (database: BenchDatabase) => BulkWrite) =>
    onFresh(databases, kind, async (database) => {
      await createWideTable(database)
      const rows = schedules(count).map((input) => wideRow(input, DUE_AT))
      return timed(() => write(database)(wideUpsert(Date.now()), rows))
    })
  // Each database has one or two plain ways.
  const times = await interleave(ROUNDS, {
    ours,
    one: floor(({ bare }) => Object.values(bare.bulkWays)[0]!),
    other: floor(({ bare }) => Object.values(bare.bulkWays).at(-1)!),
  })
  const best = Math.min(median(times.one), median(times.other))
  return rate(`${kind}, ${count.toLocaleString('en')} in one call`, count, median(times.ours), best)
}

async function single(
  databases: Databases,
  kinds: readonly DatabaseKind[],
  peers: readonly Peer[],
  count: number,
  width: number,
): Promise<BenchRow[]> {
  const contestants = new Map<string, Contestant>()
  for (const kind of kinds) {
    contestants.set(kind, singleCalls(databases, kind, count, width))
    contestants.set(`bare ${kind}`, singleUpserts(databases, kind, count, width))
  }
  for (const peer of peers) {
    contestants.set(peer.name, () =>
      peer.withSchedules((create) => timed(() => inFlight(width, count, (i) => create(schedule(i))))),
    )
  }
  const times = await interleave(ROUNDS, Object.fromEntries(contestants))

  return [...kinds, ...peers.map(({ name }) => name)].map((name) => {
    // The peers are measured against PostgreSQL's.
    const floor = times[`bare ${name}`] ?? times['bare postgres']
    const label = `${name}, single calls, ${width} in flight`
    return rate(label, count, median(times[name]!), floor === undefined ? null : median(floor))
  })
}

function singleCalls(databases: Databases, kind: DatabaseKind, count: number, width: number): Contestant {
  return onFresh(databases, kind, async ({ address }) => {
    await using cron = await Carillon.open({ database: address, jobs: [noop()] })
    return await timed(() => inFlight(width, count, (i) => cron.schedule(schedule(i))))
  })
}

function singleUpserts(databases: Databases, kind: DatabaseKind, count: number, width: number): Contestant {
  return onFresh(databases, kind, async (database) => {
    await createWideTable(database)
    const rows = schedules(count).map((input) => wideRow(input, DUE_AT))
    const upsert = wideUpsert(Date.now())
    return timed(() => inFlight(width, count, (i) => database.bare.writeOne(upsert, rows[i]!)))
  })
}

function onFresh(
  databases: Databases,
  kind: DatabaseKind,
  work: (database: BenchDatabase) => Promise<number>,
): Contestant {
  return async () => {
    await using database = await databases.create(kind)
    return await work(database)
  }
}

function schedules(count: number) {
  return Array.from({ length: count }, (_, i) => schedule(i))
}

function schedule(i: number) {
  return { ...DAILY, key: `bench-${i}`, job: 'noop', payload: { user: i } }
}

function rate(name: string, count: number, ms: number, floorMs: number | null): BenchRow {
  const perSecond = (each: number) => (count / each) * 1_000
  return row(name, '1/s', perSecond(ms), floorMs === null ? null : perSecond(floorMs))
}
