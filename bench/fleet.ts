/**
 * Time until 1, 2 or 4 dispatcher processes have planned schedules that fall due together, each of them once. The floor is
 * the time of a single one.
 */
import type { Dispatched } from './member/dispatcher.ts'
import { Child } from './support/child.ts'
import { dailyAt, nextFullHour } from './support/daily.ts'
import { Databases, type DatabaseKind } from './support/databases.ts'
import { interleave, timed, type Contestant } from './support/interleave.ts'
import { median } from './support/median.ts'
import { checkLedger } from './support/occurrences.ts'
import { row, type BenchOptions, type BenchReport, type BenchRow } from './support/report.ts'
import { seedSchedules } from './support/seed.ts'

const ROUNDS = 5
const SIZES = [1, 2, 4]

export async function bench({ quick, kinds }: BenchOptions): Promise<BenchReport> {
  await using databases = new Databases()
  const count = quick ? 20_000 : 100_000
  const rows: BenchRow[] = []
  for (const kind of kinds) {
    const contestants = SIZES.map((size): [string, Contestant] => [
      String(size),
      () => dispatchTogether(databases, kind, count, size),
    ])
    const times = await interleave(quick ? 2 : ROUNDS, Object.fromEntries(contestants))
    for (const size of SIZES) {
      const name = `${kind}, ${count.toLocaleString('en')} by ${size} ${size === 1 ? 'process' : 'processes'}`
      rows.push(row(name, 'ms', median(times[size]!), median(times['1']!)))
    }
  }
  return { bench: 'fleet', rows }
}

async function dispatchTogether(
  databases: Databases,
  kind: DatabaseKind,
  count: number,
  size: number,
): Promise<number> {
  await using database = await databases.create(kind)
  await seedSchedules(database, { count, schedule: dailyAt(nextFullHour()) })
  await using stack = new AsyncDisposableStack()
  const children = Array.from({ length: size }, () => Child.start('dispatcher', database.address))
  const fleet = (await Promise.all(children)).map((child) => stack.use(child))

  let done: readonly Dispatched[] = []
  const ms = await timed(async () => {
    for (const child of fleet) child.go()
    done = await Promise.all(fleet.map((child) => child.answer<Dispatched>()))
  })
  await checkLedger(database.bare, 'planned', count)
  const planned = done.reduce((sum, each) => sum + each.planned, 0)
  if (planned !== count) throw new Error(`the dispatchers say that they planned ${planned}, not ${count}`)
  return ms
}
