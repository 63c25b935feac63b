/**
 * What the ledger has to hold, worked out once more in the plainest way: every minute is looked at, and every event of
 * a schedule's life is applied by the letter of the design. Shares nothing with the planner.
 */

const MINUTE = 60_000
/** How long a pause of many that is half done is left to whoever began it. */
const LEFT_ALONE_MS = 30_000
/** How many missed runs a millisecond are caught up, where they are caught up at a rate and none is given. */
const PER_MS = 1

/** When the clocks of Berlin go forward by an hour and back again. */
const SPRING = Date.parse('2026-03-29T01:00:00Z')
const AUTUMN = Date.parse('2026-10-25T01:00:00Z')
/** When lives begin: on a plain day, and in the nights of the clock changes. */
export const BIRTHS = ['2026-06-01T10:00:00Z', '2026-03-29T00:00:00Z', '2026-10-24T23:30:00Z'].map(Date.parse)

/** What the clock in Berlin shows, and which hour besides has its runs now: one that it skips, or none. */
function inBerlin(at: Date): { minute: number; hours: readonly number[]; isSecondPass: boolean } {
  const isSummer = +at >= SPRING && +at < AUTUMN
  const shown = new Date(+at + (isSummer ? 2 : 1) * 60 * MINUTE)
  const isMoved = +at >= SPRING && +at < SPRING + 60 * MINUTE
  const hour = shown.getUTCHours()
  const isSecondPass = +at >= AUTUMN && +at < AUTUMN + 60 * MINUTE
  return { minute: shown.getUTCMinutes(), hours: isMoved ? [hour - 1, hour] : [hour], isSecondPass }
}

/** Recurrences with a plain answer to "does it fire at this instant", all on whole minutes. */
export const RECURRENCES = [
  { input: { cron: '* * * * *' }, fires: () => true },
  { input: { cron: '*/7 * * * *' }, fires: (at: Date) => at.getUTCMinutes() % 7 === 0 },
  { input: { cron: '5,6,35 * * * *' }, fires: (at: Date) => [5, 6, 35].includes(at.getUTCMinutes()) },
  {
    input: { cron: '0 */2 * * *' },
    fires: (at: Date) => at.getUTCMinutes() === 0 && at.getUTCHours() % 2 === 0,
  },
  { input: { every: '3m' }, fires: (at: Date) => (at.getTime() / MINUTE) % 3 === 0 },
  {
    input: { every: '11m', anchor: '2026-06-01T00:04:00Z' },
    fires: (at: Date) => (at.getTime() / MINUTE - Date.parse('2026-06-01T00:04:00Z') / MINUTE) % 11 === 0,
  },
  {
    // At a time of the day, which is had once a day.
    input: { cron: '*/20 2 * * *', timezone: 'Europe/Berlin' },
    fires: (at: Date) => {
      const { minute, hours, isSecondPass } = inBerlin(at)
      return minute % 20 === 0 && hours.includes(2) && !isSecondPass
    },
  },
  {
    // Hour after hour, through the one that is had twice.
    input: { cron: '10,40 0-4 * * *', timezone: 'Europe/Berlin' },
    fires: (at: Date) => {
      const { minute, hours } = inBerlin(at)
      return [10, 40].includes(minute) && hours.some((hour) => hour <= 4)
    },
  },
] as const

export const CATCH_UPS = [
  { input: 0, withinMs: 0, max: 0 },
  { input: '5m', withinMs: 5 * MINUTE, max: Infinity },
  { input: '2h', withinMs: 120 * MINUTE, max: Infinity },
  { input: { within: '1h', policy: 'latest' }, withinMs: 60 * MINUTE, max: 1 },
  { input: { within: '1h', max: 3 }, withinMs: 60 * MINUTE, max: 3 },
] as const

/** What became of an occurrence: it waits, begins, has ended. */
export type Fate =
  | 'planned'
  | 'planned catch-up'
  | 'planned manual'
  /** To be caught up, and not written yet. */
  | 'owed'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'missed'
  | 'superseded'
  | 'paused'
  | 'deleted'

export interface Entry {
  readonly fate: Fate
  /** How often it has begun. */
  readonly attempt: number
  readonly endedAt: number | undefined
}

export type Recurrence = (typeof RECURRENCES)[number]
export type CatchUp = (typeof CATCH_UPS)[number]
export type Missed = 'skip' | 'latest' | 'all'

/** A pause of many. */
interface Many {
  readonly state: 'pausing' | 'paused' | 'resuming'
  /** From when on a dispatcher goes on with it. */
  readonly lookAt: number | undefined
  readonly missed: Missed
}

/** All instants of a recurrence in `(after, until]`. */
export function instants(recurrence: Recurrence, after: number, until: number): number[] {
  const found: number[] = []
  for (let at = (Math.floor(after / MINUTE) + 1) * MINUTE; at <= until; at += MINUTE)
    if (recurrence.fires(new Date(at))) found.push(at)
  return found
}

/** Whether it has not begun, or is to begin again. */
export function isWaiting({ fate }: Entry): boolean {
  return fate.startsWith('planned') || fate === 'owed'
}

/** How schedules are planned. */
export interface Terms {
  readonly aheadMs: number
  /** Whether passes only note down what is to be caught up, and it is written at a rate. */
  readonly owes: boolean
}

/** One schedule's life. Each method is one transaction. */
export class Model {
  readonly terms: Terms
  readonly bornAt: number
  generation = 1
  revision = 1
  isPaused = false
  isDeleted = false
  /** When the pause ends by itself. */
  until: number | undefined
  many: Many | undefined
  /** Whether it is a pause of many that keeps the schedule paused. */
  isPausedByMany = false
  recurrence: Recurrence
  catchUp: CatchUp
  payload: number | undefined
  /** Which recurrence was in force in a generation. */
  recurrences = new Map<number, Recurrence>()
  /** Every instant of every generation, as `generation@instant`, and what became of it. */
  entries = new Map<string, Entry>()
  /** Those that were started by hand, at instants that are nobody's. */
  byHand = new Set<string>()
  /** Everything up to here is in the ledger. */
  #coveredUntil: number
  #pausedAt = 0
  /** Up to when the rate of catch-up is used up. */
  #paceUntil = -Infinity

  constructor(recurrence: Recurrence, catchUp: CatchUp, now: number, terms: Terms) {
    this.terms = terms
    this.bornAt = now
    this.recurrence = recurrence
    this.catchUp = catchUp
    this.#coveredUntil = now
    this.recurrences.set(1, recurrence)
    this.pass(now, terms.aheadMs)
  }

  /** Another one that is as this one is now. */
  copy(): Model {
    const copy = Object.assign(new Model(this.recurrence, this.catchUp, 0, this.terms), this)
    copy.recurrences = new Map(this.recurrences)
    copy.entries = new Map(this.entries)
    copy.byHand = new Set(this.byHand)
    copy.#coveredUntil = this.#coveredUntil
    copy.#pausedAt = this.#pausedAt
    copy.#paceUntil = this.#paceUntil
    return copy
  }

  /** Whether a pause of many is in force. */
  get isManyInForce(): boolean {
    return this.many !== undefined && this.many.state !== 'resuming'
  }

  /** The first instant that is not in the ledger. */
  get cursor(): number | undefined {
    if (this.isPaused || this.isDeleted) return undefined
    for (let from = this.#coveredUntil; ; from += 60 * MINUTE) {
      const [first] = instants(this.recurrence, from, from + 60 * MINUTE)
      if (first !== undefined) return first
    }
  }

  pass(now: number, aheadMs: number): void {
    if (!this.isPaused) this.#plan(now, aheadMs, this.catchUp, this.terms.owes)
  }

  /** Writes what is owed, unless the rate is used up until after `until`. */
  writeOwed(now: number, until: number): void {
    const owed = [...this.entries].filter(([, { fate }]) => fate === 'owed')
    const from = Math.max(this.#paceUntil, now)
    if (owed.length === 0 || from > until) return
    for (const [name] of owed) this.#set(name, 'planned catch-up')
    this.#paceUntil = from + owed.length / PER_MS
  }

  changeRecurrence(recurrence: Recurrence, now: number): void {
    if (recurrence === this.recurrence) return
    this.#close(this.isPaused ? 'paused' : 'superseded', now)
    this.recurrence = recurrence
    this.#open(now)
    // An edit never invents past runs: a resumption makes up for no more than came after it.
    this.#pausedAt = now
    if (!this.isPaused) this.#plan(now, this.terms.aheadMs, this.catchUp)
  }

  changeCatchUp(catchUp: CatchUp): void {
    if (catchUp !== this.catchUp) this.revision++
    this.catchUp = catchUp
  }

  changePayload(payload: number): void {
    if (payload !== this.payload) this.revision++
    this.payload = payload
  }

  /** Starts a run by hand at the first instant that is nobody's. */
  trigger(now: number): void {
    const isTaken = (at: number) =>
      instants(this.recurrence, at - 1, at).length > 0 || this.entries.has(this.#name(at))
    let at = now
    while (isTaken(at)) at++
    this.#set(this.#name(at), 'planned manual')
    this.byHand.add(this.#name(at))
  }

  /** Ends a pause whose time is over, as whoever touches the schedule does first. */
  settle(now: number): void {
    if (!this.isPaused || this.until === undefined || this.until > now) return
    const { until } = this
    this.until = undefined
    if (this.isManyInForce) {
      this.isPausedByMany = true
      this.revision++
      return
    }
    this.isPaused = false
    this.#withdraw('superseded', now)
    this.#open(until - 1)
    const { withinMs } = this.catchUp
    const { aheadMs } = this.terms
    const isLong = withinMs > aheadMs
    this.#plan(now, aheadMs, isLong ? this.catchUp : { withinMs: aheadMs + 1, max: Infinity })
  }

  /** Ends a pause whose end somebody has decided before, as whoever changes the schedule does first. */
  settleForChange(now: number): void {
    this.settle(now)
    if (this.many?.state === 'resuming' && this.isPausedByMany) this.resume(now, this.many.missed)
  }

  pause(now: number, until: number | undefined): void {
    if (this.isPaused && !this.isPausedByMany && this.until === until) return
    const wasPaused = this.isPaused
    this.until = until
    this.isPausedByMany = false
    if (wasPaused) {
      this.revision++
      return
    }
    this.#close('paused', now)
    this.isPaused = true
    this.#open(now)
    this.#pausedAt = now
  }

  resume(now: number, missed: Missed): void {
    if (!this.isPaused) return
    this.until = undefined
    if (this.isManyInForce) {
      this.isPausedByMany = true
      this.revision++
      return
    }
    this.isPausedByMany = false
    this.isPaused = false
    this.#withdraw('superseded', now)
    this.#open(missed === 'skip' ? now : this.#pausedAt)
    const max = missed === 'latest' ? 1 : 1_000
    // What the pause kept from running was never owed: what is not made up for is in no row.
    for (const at of instants(this.recurrence, this.#coveredUntil, now).slice(0, -max))
      this.#coveredUntil = at
    this.#plan(now, this.terms.aheadMs, { withinMs: Infinity, max: 1_000 })
  }

  /** Says that all are to be paused, or to be resumed; there is nothing to be resumed unless they are paused. */
  announceMany(now: number, state: 'pausing' | 'resuming', missed: Missed): void {
    if (state === 'resuming' && this.many === undefined) return
    this.many = { state, lookAt: now + LEFT_ALONE_MS, missed }
  }

  /** Carries out on the schedule what was said of all. */
  carryOutMany(now: number): void {
    if (this.many?.state === 'pausing' && !this.isPaused) {
      this.pause(now, undefined)
      this.isPausedByMany = true
    }
    if (this.many?.state === 'resuming' && this.isPausedByMany) this.resume(now, this.many.missed)
    if (this.many !== undefined) this.many = { ...this.many, lookAt: now + LEFT_ALONE_MS }
  }

  /** Says that all are paused, or that none is any more. */
  completeMany(): void {
    if (this.many?.state === 'pausing') this.many = { ...this.many, state: 'paused', lookAt: undefined }
    if (this.many?.state === 'resuming') this.many = undefined
  }

  delete(now: number): void {
    this.#close('deleted', now)
    this.isDeleted = true
  }

  /** Forgets what ended before. */
  prune(before: number): void {
    for (const [name, { endedAt }] of this.entries)
      if (endedAt !== undefined && endedAt < before) this.entries.delete(name)
  }

  #plan(
    now: number,
    aheadMs: number,
    { withinMs, max }: { withinMs: number; max: number },
    owes = false,
  ): void {
    const due = instants(this.recurrence, this.#coveredUntil, now)
    const young = due.filter((at) => at > now - withinMs)
    const caughtUp = new Set(max === 0 ? [] : young.slice(-max))
    for (const at of due) {
      if (caughtUp.has(at)) this.#set(this.#name(at), owes ? 'owed' : 'planned catch-up')
      else this.#set(this.#name(at), 'missed', now)
    }
    const from = Math.max(now, this.#coveredUntil)
    for (const at of instants(this.recurrence, from, now + aheadMs)) this.#set(this.#name(at), 'planned')
    this.#coveredUntil = Math.max(this.#coveredUntil, now + aheadMs)
  }

  /** Ends a generation. */
  #close(reason: 'superseded' | 'paused' | 'deleted', now: number): void {
    // What is overdue and not planned is recorded.
    const overdue = this.isPaused ? [] : instants(this.recurrence, this.#coveredUntil, now)
    for (const at of overdue) this.#set(this.#name(at), 'missed', now)
    this.#withdraw(reason, now)
  }

  #withdraw(reason: 'superseded' | 'paused' | 'deleted', now: number): void {
    for (const [name, entry] of this.entries)
      if (isWaiting(entry)) this.entries.set(name, { ...entry, fate: reason, endedAt: now })
  }

  /** Begins the next generation. */
  #open(coveredUntil: number): void {
    this.generation++
    this.revision++
    this.recurrences.set(this.generation, this.recurrence)
    this.#coveredUntil = coveredUntil
  }

  #set(name: string, fate: Fate, endedAt?: number): void {
    this.entries.set(name, { fate, attempt: 0, endedAt })
  }

  #name(at: number): string {
    return `${this.generation}@${at}`
  }
}
