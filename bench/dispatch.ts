/**
 * Time to plan and write N occurrences that fall due together, one of each of N daily schedules in a time zone, by one
 * dispatch pass on SQLite. The floor is one bare bulk insert of the same rows into an identical database.
 */
import { Carillon } from '../src/carillon/carillon.ts'
import { interleave, timed } from './support/interleave.ts'
import { median } from './support/median.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { countIn, insertFromJson, insertInLoop, storeSchedules, type OccurrenceRow } from './support/rows.ts'
import { TempDatabase } from './support/temp-database.ts'

const ROUNDS = 7
const ZONE = 'Europe/Berlin'
const MINUTE = 60_000

export async function bench({ quick }: BenchOptions): Promise<BenchReport> {
  const rows: BenchRow[] = []
  for (const count of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) rows.push(await measure(count))
  return { bench: 'dispatch', rows }
}

async function measure(count: number): Promise<BenchRow> {
  // Far enough ahead to be in the future in the last round, near enough to come once within the horizon.
  const dueAt = Math.ceil(Date.now() / MINUTE + 60) * MINUTE
  using template = await storedSchedules(count, dueAt)
  const occurrences = Array.from({ length: count }, (_, i): OccurrenceRow => [i + 1, 1, dueAt, dueAt])

  const floor = (insert: typeof insertInLoop) => async () => {
    using database = await TempDatabase.create(template)
    using connection = database.connect()
    return await timed(() => insert(connection, occurrences, Date.now()))
  }
  const times = await interleave(ROUNDS, {
    loop: floor(insertInLoop),
    json: floor(insertFromJson),
    ours: async () => {
      using database = await TempDatabase.create(template)
      const ms = await dispatchOnce(database.address)
      checkLedger(database, count)
      return ms
    },
  })
  const bare = Math.min(median(times.loop), median(times.json))
  return row(`${count.toLocaleString('en')} due together`, 'ms', median(times.ours), bare)
}

async function storedSchedules(count: number, dueAt: number): Promise<TempDatabase> {
  const database = await TempDatabase.create()
  using connection = database.connect()
  const cron = dailyAt(dueAt)
  const daily = (id: number) => ({ cron, timezone: ZONE, job: 'noop', payload: { id } })
  storeSchedules(connection, count, daily, () => dueAt)
  return database
}

async function dispatchOnce(address: string): Promise<number> {
  await using carillon = await Carillon.open({ database: address })
  return await timed(() => carillon.dispatch({ ahead: '2h' }))
}

function checkLedger(database: TempDatabase, count: number): void {
  using connection = database.connect()
  const written = countIn(connection, 'planned')
  if (written !== count) throw new Error(`the ledger holds ${written} occurrences, not ${count}`)
}

/** The expression of a schedule that fires daily at the local time of `instant`. */
function dailyAt(instant: number): string {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: ZONE,
    hourCycle: 'h23',
    hour: 'numeric',
    minute: 'numeric',
  })
  const part = (type: string) => format.formatToParts(instant).find((found) => found.type === type)?.value
  return `${Number(part('minute'))} ${Number(part('hour'))} * * *`
}
