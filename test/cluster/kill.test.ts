import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { Carillon, defineJob, type Role } from '../../src/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { MemberProcess, readEvents, type LoggedEvent } from './member-process.ts'

/**
 * Dispatchers and workers share one file, two of each at a time, and one of each dies in the middle of its work.
 *
 * `CARILLON_CLUSTER_ROUNDS=20 npx vitest run test/cluster` is the long form.
 */
const ROUNDS = Number(process.env.CARILLON_CLUSTER_ROUNDS ?? 1)
/** More than one batch of a dispatch pass. */
const SCHEDULES = 3_000
const HANDLER_MS = 100
/** From storing the schedules to the first due instant: long enough to store them and to dispatch. */
const LEAD_MS = 12_000
/** Over which the due instants spread. */
const SPREAD_MS = 10_000

it.for(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
  'loses nothing and begins nothing twice when a dispatcher and a worker are killed (round %i)',
  { timeout: 150_000 },
  async () => {
    using folder = temporaryFolder()
    const database = `sqlite:${folder.file('cluster.db')}`
    const logFile = folder.file('events.jsonl')
    await storeSchedules(database)
    using ledger = new DatabaseSync(folder.file('cluster.db'), { readOnly: true, timeout: 5_000 })

    const how = { database, logFile, handlerMs: HANDLER_MS, leaseMs: 2_000, concurrency: 40 }
    const member = (name: string, role: Role, fatalBatch?: number) =>
      new MemberProcess({ ...how, name, role, fatalBatch })
    await using doomedWorker = member('doomed worker', 'work')
    await using worker = member('worker', 'work')
    await Promise.all([doomedWorker.started(), worker.started()])

    await using doomedDispatcher = member('doomed dispatcher', 'dispatch', 2)
    const allAtOnce = until('all are in one batch', () => count(ledger, '1 = 1') === SCHEDULES)
    const ending = await Promise.race([doomedDispatcher.ended(), allAtOnce])
    expect(ending, 'it dies with its second batch written and not committed').toBe('SIGKILL')
    expect(count(ledger, '1 = 1')).toBeLessThan(SCHEDULES)

    await using dispatcher = member('second dispatcher', 'dispatch')
    await using thirdDispatcher = member('third dispatcher', 'dispatch')
    await Promise.all([dispatcher.started(), thirdDispatcher.started()])
    await until('all occurrences are in the ledger', () => count(ledger, '1 = 1') === SCHEDULES)

    const isAtWork = (): boolean => {
      const events = readEvents(logFile).filter((event) => event.member === doomedWorker.name)
      const ended = events.filter((event) => event.event === 'end').length
      return ended > 100 && events.length - ended > ended
    }
    await until('the worker is in the middle of its work', isAtWork, 60_000)
    await doomedWorker.kill()
    await until('all have ended', () => count(ledger, "state in ('planned', 'running')") === 0, 45_000)

    expect(endings(ledger)).toEqual([{ state: 'succeeded', reason: null, error: null, count: SCHEDULES }])
    checkEvents(readEvents(logFile), doomedWorker.name)
  },
)

/** Stores the schedules far enough ahead for the dispatchers, and not the writer, to plan them. */
async function storeSchedules(database: string): Promise<void> {
  const work = defineJob('work', { handle: () => {} })
  await using cron = await Carillon.open({ database, jobs: [work], ahead: '1s', interval: '1s' })
  const firstDueAt = Date.now() + LEAD_MS
  for (let i = 0; i < SCHEDULES; i++) {
    // On a slow machine some fall due before they are planned, or even stored; they are to run all the same.
    const at = Math.max(firstDueAt + Math.floor((i / SCHEDULES) * SPREAD_MS), Date.now() + 2_000)
    await cron.schedule({ key: `schedule-${i}`, at, job: work, catchUp: '1h' })
  }
}

function checkEvents(events: readonly LoggedEvent[], killed: string): void {
  const begins = Map.groupBy(
    events.filter((event) => event.event === 'begin'),
    (event) => event.id,
  )
  const ends = new Map(
    events.filter((event) => event.event === 'end').map(({ id, attempt, at }) => [`${id} ${attempt}`, at]),
  )
  expect(begins.size, 'every occurrence has begun').toBe(SCHEDULES)

  let begunAgain = 0
  for (const [id, attempts] of begins) {
    attempts.sort((a, b) => a.attempt - b.attempt)
    for (const [i, begin] of attempts.entries()) {
      expect(begin.at, `${id} began early`).toBeGreaterThanOrEqual(begin.nominalAt!)
      if (i === 0) continue

      const before = attempts[i - 1]!
      begunAgain++
      expect(begin.attempt, `${id} began again with the same attempt`).toBeGreaterThan(before.attempt)
      expect(before.member, `${id} began again although its server lived`).toBe(killed)
      const endedAt = ends.get(`${id} ${before.attempt}`)
      expect(begin.at, `${id} overlaps with itself`).toBeGreaterThanOrEqual(endedAt ?? before.at)
    }
  }
  expect(begunAgain, 'the kill hit runs under way').toBeGreaterThan(0)
}

function count(ledger: DatabaseSync, where: string): number {
  const row = ledger.prepare(`select count(*) as n from carillon_occurrences where ${where}`).get() as {
    n: number
  }
  return row.n
}

/** How occurrences ended, and how many of them. */
function endings(ledger: DatabaseSync) {
  const rows = ledger.prepare(
    'select state, reason, error, count(*) as count from carillon_occurrences group by state, reason, error',
  )
  return rows.all().map((row) => ({ ...row }))
}
