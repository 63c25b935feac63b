import { occurrenceId, parseOccurrenceId } from '../../../src/schedule/occurrence.ts'
import type { AuditRow } from './audit.ts'
import type { LoggedNote } from './event-log.ts'
import type { GenerationRow, LedgerRow } from './ledger.ts'

/** A time in which a schedule must not begin, by what the test was told. */
export interface Quiet {
  readonly key: string
  readonly from: number
  readonly to: number
}

/** What is to be judged. */
export interface Evidence {
  /** All that is due up to this instant must have ended. */
  readonly until: number
  readonly rows: readonly LedgerRow[]
  readonly generations: readonly GenerationRow[]
  readonly audit: readonly AuditRow[]
  readonly notes: readonly LoggedNote[]
  readonly quiet: readonly Quiet[]
  /** When processes were killed, by name. */
  readonly killedAt: ReadonlyMap<string, number>
}

export interface Verdict {
  /** What must not be. */
  readonly problems: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

/** An occurrence whose servers vanished this often has failed. */
const MOST_LOST = 5
const TOLD = 8

/**
 * Whether what happened is what Carillon promises:
 * - of each generation, each instant while it was in force is in the ledger, once, and has come to its end: it ran, or a
 *   change of its schedule withdrew it, or its servers were killed five times over it;
 * - each attempt begins once, rising by one, with a handler of the process that the ledger names, not before it is due;
 * - a further one begins only when the run before it failed, or was taken back after its lease had run out, or was given
 *   back by its process;
 * - nothing begins that is not of the generation in force of a schedule that is neither paused nor deleted;
 * - nothing is confirmed as sent that was not sent.
 */
export function judge(evidence: Evidence): Verdict {
  const court = new Court(evidence)
  court.checkInstants()
  court.checkEnds()
  court.checkBeginnings()
  court.checkHandlers()
  court.checkSendings()
  court.checkQuiet()
  return court.verdict()
}

/** What is counted. */
const NOTHING = {
  'occurrences planned': 0,
  'of them due by the end': 0,
  succeeded: 0,
  withdrawn: 0,
  'failed, since their servers were killed five times': 0,
  'failed, since their schedule had changed when their lease was lost': 0,
  missed: 0,
  begun: 0,
  'begun again after a failure': 0,
  'begun again after a kill': 0,
  'begun again after its living server had lost the lease': 0,
  'begun again, given back': 0,
  'sent once more': 0,
  'late more than 1 s': 0,
  'late more than 10 s': 0,
  'late more than 35 s': 0,
  'late more than 65 s': 0,
  'longest lateness, ms': 0,
  lost: 0,
  doubled: 0,
}
type Counted = keyof typeof NOTHING

class Court {
  readonly #evidence: Evidence
  readonly #problems = new Map<string, string[]>()
  readonly #rows: ReadonlyMap<string, LedgerRow>
  readonly #audit: ReadonlyMap<string, readonly AuditRow[]>
  readonly #notes: ReadonlyMap<string, readonly LoggedNote[]>
  readonly #generations: ReadonlyMap<string, GenerationRow>
  readonly #counts = { ...NOTHING }

  constructor(evidence: Evidence) {
    this.#evidence = evidence
    this.#rows = new Map(evidence.rows.map((row) => [row.id, row]))
    this.#audit = Map.groupBy(evidence.audit, ({ id }) => id)
    this.#notes = Map.groupBy(evidence.notes, (note) => ('id' in note ? note.id : ''))
    this.#generations = new Map(
      evidence.generations.map((row) => [`${row.scheduleId}-${row.generation}`, row]),
    )
  }

  /** Each instant of each generation is there. */
  checkInstants(): void {
    const { generations, rows, until } = this.#evidence
    const ranges = Map.groupBy(
      rows.filter(({ missedUntil }) => missedUntil !== null),
      ({ scheduleId, generation }) => `${scheduleId}-${generation}`,
    )
    for (const generation of generations) {
      const { scheduleId } = generation
      const missed = ranges.get(`${scheduleId}-${generation.generation}`) ?? []
      for (const nominalAt of instantsOf(generation, until)) {
        const id = occurrenceId({ scheduleId, generation: generation.generation, nominalAt })
        if (this.#rows.has(id)) continue
        const isMissed = missed.some((row) => row.nominalAt <= nominalAt && row.missedUntil! >= nominalAt)
        if (isMissed) this.#counts.missed++
        else this.#lost('not in the ledger', id)
      }
    }
  }

  /** Each occurrence that was due has come to an end that is explained. */
  checkEnds(): void {
    const { rows, until } = this.#evidence
    for (const row of rows) {
      if (row.missedUntil !== null) continue
      this.#counts['occurrences planned']++
      if (row.nominalAt > until) continue
      this.#counts['of them due by the end']++
      if (row.state === 'succeeded') this.#checkSuccess(row)
      else if (row.state === 'skipped') this.#checkWithdrawn(row)
      else if (row.state === 'failed') this.#checkFailure(row)
      else this.#lost(`still ${row.state}`, row.id)
    }
  }

  #checkSuccess({ id, attempt, owner }: LedgerRow): void {
    this.#counts.succeeded++
    const end = this.#notesOf(id, 'end').find((note) => note.attempt === attempt)
    if (end === undefined) this.#lost('succeeded, and its handler has not ended well', id)
    else if (nameOf(owner) !== end.member) this.#problem('succeeded under the name of another process', id)
  }

  #checkWithdrawn({ id, scheduleId, generation, reason }: LedgerRow): void {
    this.#counts.withdrawn++
    const { to } = this.#generations.get(`${scheduleId}-${generation}`)!
    const isReason = reason === 'superseded' || reason === 'paused' || reason === 'deleted'
    if (!isReason || this.#endedAt(id) < to) this.#lost('withdrawn without a change', id)
  }

  /** What lost its server, or was given back, begins again only while its generation is in force. */
  #checkFailure({ id, scheduleId, generation, attempt, lost, error }: LedgerRow): void {
    const { to } = this.#generations.get(`${scheduleId}-${generation}`)!
    const wasAborted = this.#notesOf(id, 'abort').some((note) => note.attempt === attempt)
    if (error !== 'LEASE_LOST') this.#lost('failed', id)
    else if (lost >= MOST_LOST) this.#count('failed, since their servers were killed five times')
    else if ((lost > 0 || wasAborted) && this.#endedAt(id) >= to)
      this.#count('failed, since their schedule had changed when their lease was lost')
    else this.#lost('failed though it was to begin again', id)
  }

  checkBeginnings(): void {
    for (const [id, steps] of this.#audit) {
      this.#counts['sent once more'] += steps.filter(({ kind }) => kind === 'unsend').length
      let before: AuditRow | undefined
      for (const step of steps) {
        if (step.kind !== 'begin') continue
        this.#counts.begun++
        if (step.inForce !== true) this.#problem('begun though its generation was not in force', id)
        this.#checkAttempt(step, before, steps)
        this.#countLateness(step)
        before = step
      }
    }
  }

  #checkAttempt(begin: AuditRow, before: AuditRow | undefined, steps: readonly AuditRow[]): void {
    const { id, attempt } = begin
    if (attempt !== (before?.attempt ?? 0) + 1)
      return this.#doubled('begun with an attempt that is not the next', id)
    if (before === undefined) return

    const back = steps.find((step) => step.kind === 'return' && step.seq > before.seq && step.seq < begin.seq)
    if (back === undefined) return this.#doubled('begun again while it ran', id)
    if (back.failures > before.failures) return this.#count('begun again after a failure')
    if (back.lost === before.lost) return this.#checkGivenBack(back)
    if (back.leaseUntil! > back.at) return this.#doubled('taken back before its lease had run out', id)

    const killedAt = this.#evidence.killedAt.get(nameOf(before.owner)) ?? Infinity
    if (killedAt <= begin.at) this.#count('begun again after a kill')
    else this.#count('begun again after its living server had lost the lease')
  }

  /** Its process stopped, or had lost the lease and said so. */
  #checkGivenBack({ id, attempt }: AuditRow): void {
    this.#count('begun again, given back')
    if (!this.#notesOf(id, 'abort').some((note) => note.attempt === attempt))
      this.#doubled('given back while it ran', id)
  }

  /** The handlers tell the same as the ledger. */
  checkHandlers(): void {
    for (const note of this.#evidence.notes) {
      if (note.event !== 'begin') continue
      const { id, attempt } = note
      const begin = this.#audit.get(id)?.find((step) => step.kind === 'begin' && step.attempt === attempt)
      if (begin === undefined) this.#doubled('a handler was called that the ledger does not know of', id)
      else if (nameOf(begin.owner) !== note.member) this.#doubled('a handler was called elsewhere', id)
      else if (note.at < begin.dueAt || note.at < parseOccurrenceId(id).nominalAt)
        this.#problem('begun early', id)
      const same = this.#notesOf(id, 'begin').filter((other) => other.attempt === attempt)
      if (same.length > 1) this.#doubled('a handler was called twice with one attempt', id)
    }
  }

  /** What the ledger calls sent was sent: the process that confirmed it has noted that before. */
  checkSendings(): void {
    const sent = new Map<string, number>()
    for (const note of this.#evidence.notes)
      if (note.event === 'sent')
        for (const id of note.ids)
          if (!sent.has(`${note.member} ${id}`)) sent.set(`${note.member} ${id}`, note.at)
    for (const { kind, id, attempt, owner, at } of this.#evidence.audit) {
      if (kind !== 'confirm') continue
      const sentAt = sent.get(`${nameOf(owner)} ${id}-${attempt}`) ?? Infinity
      // Both clocks count whole milliseconds.
      if (sentAt > at + 1) this.#problem('confirmed before it was sent', id)
    }
  }

  /** Nothing began after a pause or a deletion had been answered. */
  checkQuiet(): void {
    const keys = new Map(this.#evidence.generations.map(({ scheduleId, key }) => [scheduleId, key]))
    const quiet = Map.groupBy(this.#evidence.quiet, ({ key }) => key)
    for (const { kind, id, scheduleId, origin, at } of this.#evidence.audit) {
      if (kind !== 'begin' || origin === 'manual') continue
      const of = quiet.get(keys.get(scheduleId) ?? '') ?? []
      if (of.some(({ from, to }) => at > from && at < to)) this.#problem('begun though it was paused', id)
    }
  }

  verdict(): Verdict {
    const problems = [...this.#problems].map(
      ([kind, texts]) => `${texts.length} ${kind}:\n${texts.slice(0, TOLD).join('\n')}`,
    )
    return { problems, counts: this.#counts }
  }

  #countLateness({ at, dueAt }: AuditRow): void {
    const lateMs = at - dueAt
    if (lateMs > 1_000) this.#counts['late more than 1 s']++
    if (lateMs > 10_000) this.#counts['late more than 10 s']++
    if (lateMs > 35_000) this.#counts['late more than 35 s']++
    if (lateMs > 65_000) this.#counts['late more than 65 s']++
    this.#counts['longest lateness, ms'] = Math.max(this.#counts['longest lateness, ms'], lateMs)
  }

  /**
   * When the end was written. The row has the time at which the transaction began, and a change of the schedule may have
   * overtaken that.
   */
  #endedAt(id: string): number {
    return this.#audit.get(id)?.findLast(({ kind }) => kind === 'end' || kind === 'skip')?.at ?? -Infinity
  }

  #notesOf<Event extends 'begin' | 'end' | 'abort' | 'fail'>(id: string, event: Event) {
    const isIt = (note: LoggedNote): note is LoggedNote & { event: Event; attempt: number } =>
      note.event === event
    return (this.#notes.get(id) ?? []).filter(isIt)
  }

  #count(what: Counted): void {
    this.#counts[what]++
  }

  #lost(kind: string, id: string): void {
    this.#counts.lost++
    this.#problem(kind, id)
  }

  #doubled(kind: string, id: string): void {
    this.#counts.doubled++
    this.#problem(kind, id)
  }

  /** With all that is known of the occurrence. */
  #problem(kind: string, id: string): void {
    const texts = this.#problems.get(kind) ?? []
    this.#problems.set(kind, texts)
    const known = [
      ...(this.#audit.get(id) ?? []).map((step) => ({ at: step.at, text: `ledger ${JSON.stringify(step)}` })),
      ...(this.#notes.get(id) ?? []).map((note) => ({ at: note.at, text: JSON.stringify(note) })),
    ].sort((a, b) => a.at - b.at)
    const lines = [`  ${id} ${JSON.stringify(this.#rows.get(id))}`, ...known.map(({ text }) => `    ${text}`)]
    texts.push(texts.length < TOLD ? lines.join('\n') : '')
  }
}

/** The nominal instants of a generation while it was in force. The last one may be at the instant of the change. */
function instantsOf({ plans, recurrence, from, to }: GenerationRow, until: number): number[] {
  if (!plans) return []
  const last = Math.min(to - 1, until)
  if (recurrence.kind === 'at') return recurrence.at > from && recurrence.at <= last ? [recurrence.at] : []
  if (recurrence.kind !== 'every') throw new Error('a schedule of another kind')

  const { everyMs, anchor } = recurrence
  const first = Math.floor((from - anchor) / everyMs) + 1
  const count = Math.max(Math.floor((last - anchor) / everyMs) - first + 1, 0)
  return Array.from({ length: count }, (_, i) => anchor + (first + i) * everyMs)
}

/** The name of a process, from that under which it holds what it runs. */
function nameOf(owner: string | null): string {
  return owner?.split('#')[0] ?? ''
}
