import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Carillon, defineJob, type ScheduleOptions } from '../../src/index.ts'
import { planChaos, wreak } from './chaos.ts'
import { DATABASE_KINDS, startDatabase, type ClusterDatabase } from './cluster-database.ts'
import { Cluster, type Happening } from './cluster.ts'
import { seededRandom } from './random.ts'
import { LONG, SHORT, windowMs } from './scale.ts'
import { judge, type LedgerRow } from './verdict.ts'

/**
 * A cluster in which everything goes wrong: processes are killed at random, the database server crashes, connections are
 * cut and fall silent. Then the ledger must have every nominal instant exactly once, and what the handlers wrote must
 * show that each began, and began again only when its lease was lost.
 *
 *     CARILLON_CLUSTER=long npx vitest run test/cluster/chaos.test.ts
 *
 * is the long form: 20,000 schedules due each minute of a compressed clock, for ten minutes.
 * CARILLON_CLUSTER=short prints the counts of the short form as well. CARILLON_CLUSTER_DATABASE=postgres (or mysql, or sqlite) chooses one database, CARILLON_CLUSTER_SEED=… makes the same
 * go wrong at the same times again.
 */
const form = process.env['CARILLON_CLUSTER']
const scale = form === 'long' ? LONG : SHORT
const chosen = process.env['CARILLON_CLUSTER_DATABASE']
const kinds = DATABASE_KINDS.filter((kind) => chosen === undefined || chosen === kind)

it.for(kinds)(
  'has every instant in the ledger once, and begins each once unless its lease is lost, through kills, crashes and cuts: %s',
  { timeout: windowMs(scale) + 2 * scale.drainMs },
  async (kind) => {
    const beganAt = Date.now()
    const seed = Number(process.env['CARILLON_CLUSTER_SEED'] ?? randomInt(2 ** 31))
    const folder = mkdtempSync(join(tmpdir(), `carillon-chaos-${kind}-`))
    await using database = await startDatabase(kind, folder)
    const plan = planChaos(scale, database.server !== undefined, seededRandom(seed))

    const { address, expected, startAt } = await storeSchedules(database)
    await using cluster = await Cluster.start({ database, address, folder, scale })
    await wreak(plan, cluster, startAt)
    await settle(database, address)
    await cluster.stop()

    const { killedAt, happenings } = cluster
    const rows = await readLedger(database, address)
    const { problems, counts, overlaps } = judge({
      expected,
      rows,
      events: cluster.events(),
      killedAt,
      leaseMs: scale.leaseMs,
    })
    const all = [...problems, ...deaths(happenings), ...(await brokenSchedules(database, address))]
    const facts = tell({
      database: kind,
      seed,
      ...countHappenings(happenings),
      ...counts,
      'seconds in all': Math.round((Date.now() - beganAt) / 1000),
    })
    const report = [facts, ...overlaps].join('\n')
    if (form !== undefined) console.log(report)
    if (all.length === 0) return rmSync(folder, { recursive: true })

    writeFileSync(join(folder, 'happenings.txt'), happenings.map(happeningText).join('\n'))
    expect.fail(
      [...all, report, `What went wrong when, and the logs of the members, are in ${folder}`].join('\n\n'),
    )
  },
)

interface Stored {
  readonly address: string
  readonly startAt: number
  /** The nominal instants, by key. */
  readonly expected: ReadonlyMap<string, readonly number[]>
}

/**
 * Stores the schedules in an empty database before the first of them is due; where that takes longer than thought, once
 * more in another one, with more time.
 */
async function storeSchedules(database: ClusterDatabase): Promise<Stored> {
  const { minuteMs, schedules } = scale
  const work = defineJob<{ ms?: number }>('work', { handle: () => {} })
  for (let { leadMs } = scale; ; leadMs *= 2) {
    const address = await database.createDatabase()
    const startAt = Math.ceil((Date.now() + leadMs) / minuteMs) * minuteMs
    const endAt = startAt + windowMs(scale) - 1

    // It plans nothing itself: that is the dispatchers' work.
    await using cron = await Carillon.open({ database: address, jobs: [work], ahead: '1s', interval: '1s' })
    const definitions = Array.from({ length: schedules }, (_, i): ScheduleOptions<{ ms?: number }> => {
      const payload = i % scale.longRunEvery === 7 ? { ms: 1.5 * scale.leaseMs } : {}
      return {
        key: `schedule-${i}`,
        job: work,
        payload,
        ...recurrence(i),
        catchUp: '1h',
        startsAt: startAt,
        endsAt: endAt,
      }
    })
    await cron.scheduleMany(definitions)
    if (Date.now() < startAt - 1_000) return { address, startAt, expected: expectedInstants(startAt) }
  }
}

/** Half of them are due together when a compressed minute begins, the others one after the other in the course of it. */
function recurrence(i: number): Pick<ScheduleOptions, 'cron' | 'every' | 'anchor'> {
  return i % 2 === 0
    ? { cron: `*/${scale.minuteMs / 1000} * * * * *` }
    : { every: scale.minuteMs, anchor: offsetMs(i) }
}

function offsetMs(i: number): number {
  return i % 2 === 0 ? 0 : Math.floor((i / scale.schedules) * scale.minuteMs)
}

function expectedInstants(startAt: number): Map<string, number[]> {
  const instants = (i: number) =>
    Array.from({ length: scale.minutes }, (_, minute) => startAt + minute * scale.minuteMs + offsetMs(i))
  return new Map(Array.from({ length: scale.schedules }, (_, i) => [`schedule-${i}`, instants(i)]))
}

/** Waits until nothing is left to plan or to run; if that does not come about, the ledger will tell what is left. */
async function settle(database: ClusterDatabase, address: string): Promise<void> {
  const giveUpAt = Date.now() + scale.drainMs
  while (Date.now() < giveUpAt) {
    const [left] = await database.query(
      address,
      `select (select count(*) from carillon_occurrences where finished_at is null) as open_runs,
        (select count(*) from carillon_cursors where next_at is not null) as cursors`,
    )
    if (Number(left!['open_runs']) + Number(left!['cursors']) === 0) return
    await sleep(250)
  }
}

async function readLedger(database: ClusterDatabase, address: string): Promise<LedgerRow[]> {
  const rows = await database.query(
    address,
    `select s.key as name, o.schedule_id, o.generation, o.nominal_at, o.state, o.reason, o.attempt, o.failures, o.lost,
      o.owner, o.started_at, o.finished_at, o.error
    from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id`,
  )
  const number = (value: unknown) => (value === null ? null : Number(value))
  const text = (value: unknown) => value as string | null
  return rows.map((row) => ({
    key: row['name'] as string,
    id: `${row['schedule_id'] as number}-${row['generation'] as number}-${row['nominal_at'] as number}`,
    nominalAt: Number(row['nominal_at']),
    state: row['state'] as string,
    reason: text(row['reason']),
    attempt: Number(row['attempt']),
    failures: Number(row['failures']),
    lost: Number(row['lost']),
    owner: text(row['owner']),
    startedAt: number(row['started_at']),
    finishedAt: number(row['finished_at']),
    error: text(row['error']),
  }))
}

async function brokenSchedules(database: ClusterDatabase, address: string): Promise<string[]> {
  const rows = await database.query(
    address,
    "select s.key as name, s.state, s.reason from carillon_schedules s where s.state <> 'active'",
  )
  return rows.slice(0, 10).map((row) => `a schedule is not active: ${JSON.stringify(row)}`)
}

/** A member that has started ends only when it is told to or killed. */
function deaths(happenings: readonly Happening[]): string[] {
  return happenings
    .filter(({ kind }) => kind === 'death')
    .map(({ what }) => `a member ended by itself: ${what}`)
}

function countHappenings(happenings: readonly Happening[]): Record<string, number> {
  const count = (wanted: Happening['kind']) => happenings.filter(({ kind }) => kind === wanted).length
  return {
    'processes killed': count('kill'),
    'crashes of the server': count('crash'),
    'connections cut, all of a process': count('cut'),
    partitions: count('partition'),
    'starts that failed meanwhile': count('failed start'),
  }
}

function tell(facts: Readonly<Record<string, string | number>>): string {
  const { dispatchers, workers, schedules, minutes, minuteMs } = scale
  const size = `${dispatchers} dispatchers, ${workers} workers, ${schedules} schedules, ${minutes} minutes of ${minuteMs / 1000} s`
  return [size, ...Object.entries(facts).map(([name, fact]) => `${name}: ${fact}`)].join('\n')
}

function happeningText({ at, kind, what }: Happening): string {
  return `${new Date(at).toISOString()} ${kind}: ${what}`
}
