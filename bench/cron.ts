/**
 * The time of `nextMs`, of reading an expression, and the heap of a compiled one, with the peers in the same rounds.
 *
 * The floor of a row is the fastest (or smallest) peer of the kind that the row names, and its ratio says how many times
 * faster (or smaller) ours is. Zones are known to croner, cron-parser and cron; cron-schedule and @breejs/later read the
 * process's local time and have less to do.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
// @ts-expect-error -- it brings no types
import untypedLater from '@breejs/later'
import { CronTime } from 'cron'
import { CronExpressionParser } from 'cron-parser'
import { parseCronExpression } from 'cron-schedule'
import { Cron } from 'croner'
import { CronExpression } from '../src/cron/index.ts'
import { interleave, timed } from './support/interleave.ts'
import { median } from './support/median.ts'
import type { BenchOptions, BenchReport, BenchRow } from './support/report.ts'

/** What we use of @breejs/later. */
interface Later {
  readonly parse: { cron(expression: string): object }
  schedule(parsed: object): { next(count: number, from: Date): Date }
}

const later = untypedLater as Later

/** Answers the first instant after an instant, both in epoch milliseconds. */
type Next = (after: number) => number

interface Library {
  readonly name: string
  readonly knowsZones: boolean
  /** How many calls make a fair sample. */
  readonly calls: number
  readonly parse: (expression: string, timezone: string) => { readonly kept: unknown; readonly next: Next }
}

const OURS: Library = {
  name: 'carillon',
  knowsZones: true,
  calls: 200_000,
  parse: (expression, timezone) => {
    const cron = new CronExpression(expression, timezone)
    return { kept: cron, next: (after) => cron.nextMs(after)! }
  },
}

const PEERS: readonly Library[] = [
  {
    name: 'croner',
    knowsZones: true,
    calls: 400,
    parse: (expression, timezone) => {
      const cron = new Cron(expression, { timezone, paused: true })
      return { kept: cron, next: (after) => cron.nextRun(new Date(after))!.getTime() }
    },
  },
  {
    name: 'cron-parser',
    knowsZones: true,
    calls: 400,
    parse: (expression, timezone) => {
      const cron = CronExpressionParser.parse(expression, { tz: timezone, currentDate: new Date(START) })
      const next = (after: number) => {
        cron.reset(new Date(after))
        return cron.next().getTime()
      }
      return { kept: cron, next }
    },
  },
  {
    name: 'cron',
    knowsZones: true,
    calls: 100,
    parse: (expression, timezone) => {
      const cron = new CronTime(expression, timezone)
      return { kept: cron, next: (after) => cron.getNextDateFrom(new Date(after), timezone).toMillis() }
    },
  },
  {
    name: 'cron-schedule',
    knowsZones: false,
    calls: 20_000,
    parse: (expression) => {
      const cron = parseCronExpression(expression)
      return { kept: cron, next: (after) => cron.getNextDate(new Date(after)).getTime() }
    },
  },
  {
    name: '@breejs/later',
    knowsZones: false,
    calls: 2000,
    parse: (expression) => {
      const cron = later.schedule(later.parse.cron(expression))
      return { kept: cron, next: (after) => cron.next(1, new Date(after + 1000)).getTime() }
    },
  },
]

const EXPRESSIONS = [
  ['* * * * *', 'UTC'],
  ['*/15 9-17 * * MON-FRI', 'Europe/Berlin'],
  ['0 2 * * *', 'America/New_York'],
  ['0 0 29 2 *', 'UTC'],
  ['30 4 1,15 * 5', 'Australia/Sydney'],
] as const

const START = Date.UTC(2026, 0, 1)
const END = Date.UTC(2031, 0, 1)

export async function bench({ quick }: BenchOptions): Promise<BenchReport> {
  // The libraries without zones are at their best in UTC.
  process.env['TZ'] = 'UTC'
  const rounds = quick ? 5 : 15
  const rows: BenchRow[] = []
  for (const [expression, timezone] of EXPRESSIONS) {
    rows.push(...(await nextRows('from one to the next', expression, timezone, rounds, walk)))
    rows.push(...(await nextRows('from random instants', expression, timezone, rounds, jump)))
  }
  rows.push(...(await parseRows(rounds)), ...heapRows(quick), allocationRow(quick), zoneRow())
  return { bench: 'cron', rows }
}

/** Each call from the last answer on, over five years and again. */
function walk(next: Next, calls: number): void {
  let at = START
  for (let i = 0; i < calls; i++) {
    at = next(at)
    if (at > END) at = START
  }
}

/** Each call from another instant of five years. */
function jump(next: Next, calls: number): void {
  for (let i = 0; i < calls; i++) next(INSTANTS[i % INSTANTS.length]!)
}

/** Minutes spread over five years, the same in every run. `cron` gives up eight years from now. */
const INSTANTS = Array.from({ length: 4096 }, (_, i) => {
  const share = (i * 0.618_033_988_749_894_9) % 1
  return START + Math.floor((share * (END - START)) / 60_000) * 60_000
})

async function nextRows(
  how: string,
  expression: string,
  timezone: string,
  rounds: number,
  run: (next: Next, calls: number) => void,
): Promise<readonly BenchRow[]> {
  const contestants = [OURS, ...PEERS].map((library) => {
    const { next } = library.parse(expression, timezone)
    const perCall = async () => (await timed(() => run(next, library.calls))) / library.calls
    return [library.name, perCall] as const
  })
  const times = await interleave(rounds, Object.fromEntries(contestants))

  const label = `next, ${expression} ${timezone}, ${how}`
  return [true, false].map((knowsZones) => compare(label, times, (peer) => peer.knowsZones === knowsZones))
}

/** Reading an expression and asking once, each time another text. */
async function parseRows(rounds: number): Promise<readonly BenchRow[]> {
  const texts = Array.from({ length: 60 * 24 }, (_, i) => `${i % 60} ${Math.floor(i / 60)} * * MON-FRI`)
  const contestants = [OURS, ...PEERS].map((library) => {
    const calls = Math.max(100, library.calls / 10)
    const work = () => {
      for (let i = 0; i < calls; i++)
        library.parse(texts[i % texts.length]!, 'Europe/Berlin').next(START + i * 1000)
    }
    return [library.name, async () => (await timed(work)) / calls] as const
  })
  const times = await interleave(rounds, Object.fromEntries(contestants))
  return [compare('parse and first next', times, () => true)]
}

/** Ours beside the fastest of some peers, in nanoseconds. */
function compare(
  label: string,
  times: Readonly<Record<string, readonly number[]>>,
  isRival: (peer: Library) => boolean,
): BenchRow {
  const nanoseconds = (library: Library) => median(times[library.name]!) * 1e6
  const best = PEERS.filter(isRival).sort((a, b) => nanoseconds(a) - nanoseconds(b))[0]!
  return better('ns', `${label} (${best.name})`, nanoseconds(OURS), nanoseconds(best))
}

/** What many compiled expressions keep on the heap, each; their texts are not counted. */
function heapRows(quick: boolean): readonly BenchRow[] {
  const bytes = (library: Library, count: number) => {
    const texts = Array.from({ length: count }, (_, i) => `${i % 60} ${i % 24} ${1 + (i % 28)} * MON-FRI`)
    const kept: unknown[] = Array.from({ length: count }, () => undefined)
    library.parse(texts[0]!, 'Europe/Berlin')
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    for (const [i, text] of texts.entries()) kept[i] = library.parse(text, 'Europe/Berlin').kept
    collectGarbage()
    return (process.memoryUsage().heapUsed - before) / kept.length
  }

  const ours = bytes(OURS, quick ? 20_000 : 200_000)
  const peers = PEERS.map((peer) => [peer.name, bytes(peer, 500)] as const).sort((a, b) => a[1] - b[1])
  const [name, best] = peers[0]!
  return [better('bytes', `heap of a compiled expression (${name})`, ours, best)]
}

/** What ten million calls allocate, a call; the floor is a function that does nothing but return such a number. */
function allocationRow(quick: boolean): BenchRow {
  const cron = new CronExpression('*/15 9-17 * * MON-FRI', 'Europe/Berlin')
  const bare = { nextMs: (after: number): number | undefined => (after > END ? undefined : after + 60_000) }
  const calls = quick ? 1_000_000 : 10_000_000
  const ours = bytesPerCall((after) => cron.nextMs(after), calls)
  const floor = bytesPerCall((after) => bare.nextMs(after), calls)
  return better('bytes', 'allocated by nextMs, a call (returning a number)', ours, floor)
}

/** The median over many batches, each too small for the collector to come in between. */
function bytesPerCall(next: (after: number) => number | undefined, calls: number): number {
  const batch = 20_000
  const samples: number[] = []
  let at = START
  for (let done = 0; done < calls; done += batch) {
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < batch; i++) at = next(at) ?? START
    if (at > END) at = START
    samples.push((process.memoryUsage().heapUsed - before) / batch)
  }
  return median(samples)
}

/** The first question to a zone that no one has asked for, the median of many zones. */
function zoneRow(): BenchRow {
  const zones = Intl.supportedValuesOf('timeZone').filter((zone) => zone.startsWith('Asia/'))
  const samples = zones.map((zone) => {
    const startedAt = performance.now()
    new CronExpression('0 2 * * *', zone).nextMs(START)
    return performance.now() - startedAt
  })
  return { name: 'first use of a zone', value: median(samples), unit: 'ms', floor: null, ratio: null }
}

/** A row whose ratio says how many times less than the floor ours is. */
function better(unit: string, name: string, value: number, floor: number): BenchRow {
  return { name, value, unit, floor, ratio: floor / value }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
