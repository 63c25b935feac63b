import { isRunLine, type RunLine, type ServerLine, type TaskLine } from './task-line.ts'
import type { TaskPlan } from './task-plan.ts'

/** What is to be judged. */
export interface Evidence {
  readonly tasks: readonly TaskPlan[]
  readonly lines: readonly TaskLine[]
  /** When servers were killed, by process id. */
  readonly killedAt?: ReadonlyMap<number, number>
  /** How far apart the nominal instants are of a task whose instants must all be there. */
  readonly gapless?: ReadonlyMap<string, number>
}

export interface Verdict {
  /** What must not be. */
  readonly problems: readonly string[]
  readonly counts: {
    readonly runs: number
    /** Cut off by a kill. */
    readonly 'cut off': number
    /** Two runs of a task at a time, although the first one still had the lock. */
    readonly overlaps: number
    /** Two at a time, since the first one took longer than its lock: as documented, a token tells them apart. */
    readonly 'outlived its lock': number
    /** Nominal instants of `gapless` that had to be there. */
    readonly expected: number
  }
}

/** A run of a task, put together from its lines. */
export interface Run extends RunLine {
  readonly endAt: number | undefined
  /** When nothing of it was at work any more. */
  readonly goneAt: number
}

/** Instants are told in whole milliseconds, by clocks that round differently. */
const TOLERANCE_MS = 5
/** So long after its start and before its stop a server need not have served an instant; the same around a stall. */
const MARGIN_MS = 2_000
const TOLD = 10

/**
 * Whether what happened is what Carillon promises:
 * - under a lock, no run begins before the one before it has ended and its break is over, or its lock has expired;
 * - tokens rise in the order in which runs begin, and none is given twice;
 * - with `onOneServer`, no nominal instant runs twice;
 * - of a task in `gapless`, no instant is missing that some server was there for.
 */
export function judge(evidence: Evidence): Verdict {
  const court = new Court(evidence)
  for (const plan of evidence.tasks) court.hear(plan)
  return court.verdict()
}

/** The runs of all tasks, in the order in which they began. */
export function runsOf(
  lines: readonly TaskLine[],
  killedAt: ReadonlyMap<number, number> = new Map(),
): readonly Run[] {
  const runLines = lines.filter(isRunLine)
  const key = ({ task, pid, nominalAt, token }: RunLine) => `${task} ${pid} ${nominalAt} ${token}`
  const ends = new Map(runLines.filter(({ event }) => event !== 'begin').map((line) => [key(line), line.at]))
  return runLines
    .filter(({ event }) => event === 'begin')
    .map((begin) => {
      const endAt = ends.get(key(begin))
      return { ...begin, endAt, goneAt: endAt ?? killedAt.get(begin.pid) ?? Infinity }
    })
    .toSorted((a, b) => a.at - b.at)
}

class Court {
  readonly #evidence: Evidence
  readonly #runs: Partial<Record<string, Run[]>>
  readonly #problems = new Map<string, string[]>()
  #cutOff = 0
  #overlaps = 0
  #outlived = 0
  #expected = 0

  constructor(evidence: Evidence) {
    this.#evidence = evidence
    this.#runs = Object.groupBy(runsOf(evidence.lines, evidence.killedAt), ({ task }) => task)
  }

  hear(plan: TaskPlan): void {
    const runs = this.#runs[plan.name] ?? []
    this.#cutOff += runs.filter(({ endAt }) => endAt === undefined).length
    if (plan.overlap !== undefined) this.#checkLocks(runs, plan.overlap.minimumBreak)
    if (plan.onOneServer === true) this.#checkDoubles(runs)
    const everyMs = this.#evidence.gapless?.get(plan.name)
    if (everyMs !== undefined) this.#checkGaps(plan.name, runs, everyMs)
  }

  verdict(): Verdict {
    const runs = Object.values(this.#runs).reduce((sum, of) => sum + of!.length, 0)
    return {
      problems: [...this.#problems].map(
        ([kind, texts]) => `${texts.length} ${kind}:\n${texts.slice(0, TOLD).join('\n')}`,
      ),
      counts: {
        runs,
        'cut off': this.#cutOff,
        overlaps: this.#overlaps,
        'outlived its lock': this.#outlived,
        expected: this.#expected,
      },
    }
  }

  #checkLocks(runs: readonly Run[], breakMs: number): void {
    for (const run of runs)
      if (run.token === undefined || run.expiresAt === undefined) this.#problem('without a lock', run)
    const held = runs
      .filter(({ token, expiresAt }) => token !== undefined && expiresAt !== undefined)
      .toSorted((a, b) => a.token! - b.token!)

    for (const [i, run] of held.entries()) {
      for (const before of held.slice(0, i)) this.#checkPair(before, run, breakMs)
    }
  }

  /** @param before has the lower token, or the same */
  #checkPair(before: Run, run: Run, breakMs: number): void {
    if (before.token === run.token) return this.#problem('with one token', before, run)

    const at = run.at + TOLERANCE_MS
    const hadExpired = at >= before.expiresAt!
    const [first, second] = before.at <= run.at ? [before, run] : [run, before]
    if (second.at < first.goneAt) {
      if (hadExpired) this.#outlived++
      else {
        this.#overlaps++
        this.#problem('at the same time', first, second)
      }
    }
    if (hadExpired) return
    if (before.at > run.at) this.#problem('with a token that does not rise', run, before)
    // Killed ones too: their lock stays until it expires.
    else if (before.endAt === undefined) this.#problem('before the lock had expired', before, run)
    else if (at < before.endAt + breakMs) this.#problem('within the break', before, run)
  }

  #checkDoubles(runs: readonly Run[]): void {
    for (const same of Map.groupBy(runs, ({ nominalAt }) => nominalAt).values())
      if (same.length > 1) this.#problem('twice for one instant', ...same)
  }

  #checkGaps(task: string, runs: readonly Run[], everyMs: number): void {
    const served = new Set(runs.map(({ nominalAt }) => nominalAt))
    const expected = new Set(this.#spans().flatMap(({ from, to }) => instants(from, to, everyMs)))
    this.#expected += expected.size
    for (const instant of expected)
      if (!served.has(instant)) this.#tell('missing', `  ${task} for ${iso(instant)}`)
  }

  /** When servers surely served, by their own clocks. */
  #spans(): { readonly from: number; readonly to: number }[] {
    const lines = this.#evidence.lines.filter((line): line is ServerLine => !isRunLine(line))
    return [...Map.groupBy(lines, ({ pid }) => pid).values()].flatMap((own) => {
      const start = own.find(({ event }) => event === 'start')
      const end = own.find(({ event }) => event === 'stop')?.at ?? this.#evidence.killedAt?.get(own[0]!.pid)
      if (start === undefined || end === undefined) return []
      const { skewMs } = start
      const stalls = own.filter(({ event }) => event === 'stall')
      const froms = [start.at, ...stalls.map(({ at }) => at)]
      const tos = [...stalls.map(({ from }) => from!), end]
      return froms.map((from, i) => ({
        from: from + MARGIN_MS + skewMs,
        to: tos[i]! - MARGIN_MS + skewMs,
      }))
    })
  }

  #problem(kind: string, ...runs: readonly Run[]): void {
    this.#tell(kind, runs.map(runText).join('\n'))
  }

  #tell(kind: string, text: string): void {
    const texts = this.#problems.get(kind) ?? []
    this.#problems.set(kind, texts)
    texts.push(text)
  }
}

function instants(from: number, to: number, everyMs: number): number[] {
  const first = Math.ceil(from / everyMs)
  return Array.from(
    { length: Math.max(Math.floor(to / everyMs) - first + 1, 0) },
    (_, i) => (first + i) * everyMs,
  )
}

function runText({ task, nominalAt, pid, token, at, endAt, goneAt, expiresAt }: Run): string {
  const ended = endAt === undefined ? `cut off at ${iso(goneAt)}` : `ended at ${iso(endAt)}`
  return `  ${task} for ${iso(nominalAt)} by ${pid}: began at ${iso(at)}, ${ended}, token ${token}, lock until ${iso(expiresAt)}`
}

function iso(instant: number | undefined): string {
  return instant === undefined || instant === Infinity ? 'never' : new Date(instant).toISOString()
}
