import type { LoggedEvent } from './member-process.ts'

/** A row of the ledger, read past Carillon. */
export interface LedgerRow {
  readonly key: string
  /** The occurrence's. */
  readonly id: string
  readonly nominalAt: number
  readonly state: string
  readonly reason: string | null
  readonly attempt: number
  readonly failures: number
  readonly lost: number
  readonly owner: string | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly error: string | null
}

/** What is to be judged. */
export interface Evidence {
  /** The nominal instants that are to be in the ledger, by the schedule's key. */
  readonly expected: ReadonlyMap<string, readonly number[]>
  readonly rows: readonly LedgerRow[]
  readonly events: readonly LoggedEvent[]
  /** When members were killed, by name. */
  readonly killedAt: ReadonlyMap<string, number>
  readonly leaseMs: number
}

/** Why an occurrence began again, by what became of the attempt before. */
const WHY_AGAIN = [
  'its member was killed at work',
  'it had ended, and its member was killed before that was written',
  'it had ended, and its member could not write that before its lease was lost',
  'it was aborted, since its lease was lost',
  'its lease was lost, and its handler went on past the next beginning',
] as const
type WhyAgain = (typeof WHY_AGAIN)[number]

export interface Verdict {
  /** What must not be, each with what the ledger and the logs have on it. */
  readonly problems: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  /**
   * Handlers that went on when another one had begun, since their process had not noticed yet that its lease was lost.
   * It aborts them by its own clock at that instant, so there are some only when a process was not given the processor.
   */
  readonly overlaps: readonly string[]
}

/**
 * Whether what happened is what Carillon promises:
 * - each expected instant is in the ledger exactly once, and nothing else is;
 * - each has succeeded, by its last attempt, and that attempt's handler came to its end;
 * - an attempt begins once; attempts begin in rising order, and none before the nominal instant;
 * - a further one begins only after the one before has lost its lease: by the store's clock at least a lease after it
 *   began, or after it was aborted and given back. The ledger accounts for each of them.
 */
export function judge(evidence: Evidence): Verdict {
  const court = new Court(evidence)
  court.checkLedger()
  court.checkEvents()
  return court.verdict()
}

/** How many problems of a kind are told in full. */
const TOLD = 10

class Court {
  readonly #evidence: Evidence
  readonly #events: ReadonlyMap<string, LoggedEvent[]>
  readonly #problems = new Map<string, string[]>()
  readonly #again = new Map<WhyAgain, number>(WHY_AGAIN.map((why) => [why, 0]))
  readonly #overlaps: string[] = []
  readonly #lateMs: number[] = []
  #withoutHandler = 0

  constructor(evidence: Evidence) {
    this.#evidence = evidence
    this.#events = Map.groupBy(evidence.events, (event) => event.id)
  }

  checkLedger(): void {
    const { expected, rows } = this.#evidence
    const found = Map.groupBy(rows, (row) => `${row.key} ${row.nominalAt}`)
    for (const [key, instants] of expected) {
      for (const instant of instants) {
        const here = found.get(`${key} ${instant}`) ?? []
        found.delete(`${key} ${instant}`)
        if (here.length === 0) this.#problem('missing', `${key} at ${iso(instant)}`)
        if (here.length > 1) this.#problem('double', `${key} at ${iso(instant)}`, ...here)
      }
    }
    for (const here of found.values()) this.#problem('not expected', '', ...here)
    for (const row of rows) if (row.state !== 'succeeded') this.#problem('not succeeded', '', row)
  }

  checkEvents(): void {
    const known = new Set<string>()
    for (const row of this.#evidence.rows) {
      known.add(row.id)
      this.#checkRun(row, this.#events.get(row.id) ?? [])
    }
    for (const [id, events] of this.#events)
      if (!known.has(id))
        this.#problem('ran and is not in the ledger', `${id}\n${events.map(eventText).join('\n')}`)
  }

  verdict(): Verdict {
    const { rows, events } = this.#evidence
    const late = this.#lateMs.sort((a, b) => a - b)
    const lateAt = (part: number) => late[Math.min(Math.floor(late.length * part), late.length - 1)] ?? 0
    const again = [...this.#again.values()].reduce((sum, count) => sum + count, 0)
    return {
      problems: [...this.#problems].map(
        ([kind, texts]) => `${texts.length} ${kind}:\n${texts.slice(0, TOLD).join('\n')}`,
      ),
      overlaps: this.#overlaps.slice(0, TOLD),
      counts: {
        'occurrences in the ledger': rows.length,
        succeeded: rows.filter((row) => row.state === 'succeeded').length,
        'handlers begun': events.filter(({ event }) => event === 'begin').length,
        'begun again': again,
        ...Object.fromEntries([...this.#again].map(([why, count]) => [`  ${why}`, count])),
        'begun by the ledger, and gone before the handler was': this.#withoutHandler,
        'median lateness, ms': lateAt(0.5),
        'lateness of 99 %, ms': lateAt(0.99),
        'longest lateness, ms': lateAt(1),
      },
    }
  }

  #checkRun(row: LedgerRow, events: readonly LoggedEvent[]): void {
    const begins = events
      .filter(({ event }) => event === 'begin')
      .sort((a, b) => a.startedAt! - b.startedAt! || a.at - b.at)
    if (begins.length === 0) return this.#problem('never begun', '', row)

    for (const begin of begins) {
      if (begin.at < row.nominalAt || begin.startedAt! < row.nominalAt) this.#problem('begun early', '', row)
    }
    for (const [i, begin] of begins.entries()) {
      if (i > 0) this.#checkAgain(row, begins[i - 1]!, begin)
    }
    this.#lateMs.push(begins[0]!.at - row.nominalAt)
    this.#checkAccount(row, begins)
  }

  /** The last attempt did it, and each one before is accounted for as a lost lease or one that was given back. */
  #checkAccount(row: LedgerRow, begins: readonly LoggedEvent[]): void {
    const events = this.#events.get(row.id)!
    const attempts = new Set(begins.map(({ attempt }) => attempt))
    this.#withoutHandler += row.attempt - attempts.size

    const end = events.find(({ event, attempt }) => event === 'end' && attempt === row.attempt)
    if (end === undefined) this.#problem('succeeded without the end of its last attempt', '', row)
    else if (row.owner?.startsWith(`${end.member}#`) !== true)
      this.#problem('succeeded under the name of another member', '', row)

    const givenBack = row.attempt - 1 - row.lost - row.failures
    const aborts = events.filter(({ event }) => event === 'abort').length
    if (givenBack < 0 || givenBack > aborts || row.failures > 0)
      this.#problem('begun more or less often than the ledger explains', '', row)
  }

  #checkAgain(row: LedgerRow, before: LoggedEvent, begin: LoggedEvent): void {
    if (begin.attempt <= before.attempt) return this.#problem('begun again without a higher attempt', '', row)

    const ofBefore = this.#events.get(row.id)!.filter(({ attempt }) => attempt === before.attempt)
    const endAt = ofBefore.find(({ event }) => event === 'end')?.at
    const abortAt = ofBefore.find(({ event }) => event === 'abort')?.at
    const wasAborted = abortAt !== undefined && abortAt <= begin.at
    if (!wasAborted && begin.startedAt! < before.startedAt! + this.#evidence.leaseMs)
      this.#problem('begun again within the lease of the attempt before', '', row)

    const killedAt = this.#evidence.killedAt.get(before.member) ?? Infinity
    const why = whyAgain(endAt, wasAborted, killedAt, begin.at)
    this.#again.set(why, this.#again.get(why)! + 1)
    if (why === WHY_AGAIN.at(-1)) this.#overlaps.push(this.#textOf(row).join('\n'))
  }

  #problem(kind: string, text: string, ...rows: readonly LedgerRow[]): void {
    const texts = this.#problems.get(kind) ?? []
    if (texts.length === 0) this.#problems.set(kind, texts)
    const lines = rows.flatMap((row) => this.#textOf(row))
    texts.push(texts.length < TOLD ? [text, ...lines].filter((line) => line !== '').join('\n') : '')
  }

  #textOf(row: LedgerRow): string[] {
    return [rowText(row), ...(this.#events.get(row.id) ?? []).map(eventText)]
  }
}

function whyAgain(
  endAt: number | undefined,
  wasAborted: boolean,
  killedAt: number,
  beginAt: number,
): WhyAgain {
  const wasKilled = killedAt <= beginAt
  if (wasAborted) return 'it was aborted, since its lease was lost'
  if (endAt !== undefined && endAt <= beginAt)
    return wasKilled
      ? 'it had ended, and its member was killed before that was written'
      : 'it had ended, and its member could not write that before its lease was lost'
  return wasKilled
    ? 'its member was killed at work'
    : 'its lease was lost, and its handler went on past the next beginning'
}

function rowText(row: LedgerRow): string {
  const { nominalAt, startedAt, finishedAt } = row
  return `  ledger ${JSON.stringify({ ...row, nominalAt: iso(nominalAt), startedAt: iso(startedAt), finishedAt: iso(finishedAt) })}`
}

function eventText({ event, attempt, member, at, startedAt }: LoggedEvent): string {
  const passed = startedAt === undefined ? '' : `, passed the fence at ${iso(startedAt)}`
  return `  ${iso(at)} ${member}: ${event} of attempt ${attempt}${passed}`
}

function iso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString()
}
