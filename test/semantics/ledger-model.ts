/**
 * What the ledger has to hold, worked out once more in the plainest way: every minute is looked at, and every event of
 * a schedule's life is applied by the letter of the design. Shares nothing with the planner.
 */

const MINUTE = 60_000

/** Recurrences with a plain answer to "does it fire at this instant", all on whole minutes in UTC. */
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
] as const

export const CATCH_UPS = [
  { input: 0, withinMs: 0, max: 0 },
  { input: '5m', withinMs: 5 * MINUTE, max: Infinity },
  { input: '2h', withinMs: 120 * MINUTE, max: Infinity },
  { input: { within: '1h', policy: 'latest' }, withinMs: 60 * MINUTE, max: 1 },
  { input: { within: '1h', max: 3 }, withinMs: 60 * MINUTE, max: 3 },
] as const

export type Fate = 'planned' | 'planned catch-up' | 'missed' | 'superseded' | 'paused' | 'dropped'

type Recurrence = (typeof RECURRENCES)[number]
type CatchUp = (typeof CATCH_UPS)[number]

/** All instants of a recurrence in `(after, until]`. */
export function instants(recurrence: Recurrence, after: number, until: number): number[] {
  const found: number[] = []
  for (let at = (Math.floor(after / MINUTE) + 1) * MINUTE; at <= until; at += MINUTE)
    if (recurrence.fires(new Date(at))) found.push(at)
  return found
}

/** One schedule's life. */
export class Model {
  generation = 1
  isPaused = false
  /** When the pause ends by itself. */
  until: number | undefined
  /** Whether a pause of many is in force, and whether it is the one that keeps the schedule paused. */
  isManyInForce = false
  isPausedByMany = false
  recurrence: Recurrence
  catchUp: CatchUp
  /** Every instant of every generation, as `generation@instant`, and what became of it. */
  readonly fates = new Map<string, Fate>()
  /** Everything up to here is in the ledger. */
  #coveredUntil: number
  #pausedAt = 0

  constructor(recurrence: Recurrence, catchUp: CatchUp, now: number, aheadMs: number) {
    this.recurrence = recurrence
    this.catchUp = catchUp
    this.#coveredUntil = now
    this.pass(now, aheadMs)
  }

  pass(now: number, aheadMs: number): void {
    if (this.isPaused) return
    this.#plan(now, aheadMs, this.catchUp)
  }

  changeRecurrence(recurrence: Recurrence, now: number, aheadMs: number): void {
    if (recurrence === this.recurrence) return
    this.#openGeneration(this.isPaused ? 'paused' : 'superseded', now)
    this.recurrence = recurrence
    // An edit never invents past runs: a resumption makes up for no more than came after it.
    this.#pausedAt = now
    this.pass(now, aheadMs)
  }

  /** Ends a pause whose time is over, as whoever touches the schedule does first. */
  settle(now: number, aheadMs: number): void {
    if (!this.isPaused || this.until === undefined || this.until > now) return
    const { until } = this
    this.until = undefined
    if (this.isManyInForce) {
      this.isPausedByMany = true
      return
    }
    this.isPaused = false
    this.generation++
    this.#coveredUntil = until - 1
    const { withinMs } = this.catchUp
    const isLong = withinMs > aheadMs
    this.#plan(now, aheadMs, isLong ? this.catchUp : { withinMs: aheadMs + 1, max: Infinity })
  }

  pauseMany(now: number): void {
    this.isManyInForce = true
    if (this.isPaused) return
    this.pause(now, undefined)
    this.isPausedByMany = true
  }

  resumeMany(now: number, aheadMs: number, missed: 'skip' | 'latest' | 'all'): void {
    this.isManyInForce = false
    if (this.isPausedByMany) this.resume(now, aheadMs, missed)
  }

  pause(now: number, until: number | undefined): void {
    this.until = until
    this.isPausedByMany = false
    if (this.isPaused) return
    this.#openGeneration('paused', now)
    this.isPaused = true
    this.#pausedAt = now
  }

  resume(now: number, aheadMs: number, missed: 'skip' | 'latest' | 'all'): void {
    if (!this.isPaused) return
    this.until = undefined
    if (this.isManyInForce) {
      this.isPausedByMany = true
      return
    }
    this.isPausedByMany = false
    this.isPaused = false
    this.generation++
    this.#coveredUntil = missed === 'skip' ? now : this.#pausedAt
    const max = missed === 'latest' ? 1 : 1_000
    // What the pause kept from running was never owed: what is not made up for is in no row.
    for (const at of instants(this.recurrence, this.#coveredUntil, now).slice(0, -max))
      this.#coveredUntil = at
    this.#plan(now, aheadMs, { input: 0, withinMs: Infinity, max: 1_000 } as unknown as CatchUp)
  }

  #plan(now: number, aheadMs: number, { withinMs, max }: { withinMs: number; max: number }): void {
    const due = instants(this.recurrence, this.#coveredUntil, now)
    const young = due.filter((at) => at > now - withinMs)
    const caughtUp = new Set(max === 0 ? [] : young.slice(-max))
    for (const at of due) this.fates.set(this.#key(at), caughtUp.has(at) ? 'planned catch-up' : 'missed')

    const from = Math.max(now, this.#coveredUntil)
    for (const at of instants(this.recurrence, from, now + aheadMs)) this.fates.set(this.#key(at), 'planned')
    this.#coveredUntil = Math.max(this.#coveredUntil, now + aheadMs)
  }

  #openGeneration(reason: 'superseded' | 'paused', now: number): void {
    // What is overdue and not planned when the generation ends: under whatever reason, it is recorded.
    const overdue = this.isPaused ? [] : instants(this.recurrence, this.#coveredUntil, now)
    for (const at of overdue) this.fates.set(this.#key(at), 'dropped')
    for (const [key, fate] of this.fates) if (fate.startsWith('planned')) this.fates.set(key, reason)
    this.generation++
    this.#coveredUntil = now
  }

  #key(at: number): string {
    return `${this.generation}@${at}`
  }
}
