import { giveWay } from '../clock/give-way.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import type { DueSchedule } from '../store/cursor-table.ts'
import type { Store } from '../store/store.ts'
import { BatchPlanner, TermsCache } from './batch-planner.ts'
import { heldOf } from './owed-writer.ts'

/** What a pass would write. */
export interface PassCounts {
  /** Occurrences that are due between now and the horizon. */
  readonly planned: number
  /** Missed ones that would run. */
  readonly caughtUp: number
  /** Missed ones that would be dropped. */
  readonly missed: number
}

/** What a pass would do with one schedule. */
export interface SchedulePreview extends ScheduleIdentity, PassCounts {
  /** Why nothing can be planned from it. */
  readonly broken: string | undefined
}

/** What a pass would do. */
export interface PassPreview extends PassCounts {
  /** How many schedules it would take up. */
  readonly schedules: number
  readonly broken: number
  /** Missed ones that were found by earlier passes, and are still to be written. */
  readonly owed: number
  /** How many missed ones would wait for an operator. */
  readonly held: number
  readonly namespaces: readonly (PassCounts & { readonly namespace: string; readonly schedules: number })[]
  /** The schedules for which there is most to do, and those that are broken. */
  readonly largest: readonly SchedulePreview[]
}

const PAGE = 1_000
const LARGEST = 20
/** How many occurrences of a schedule are planned in one go. */
const LIMIT = 10_000

/**
 * Says what a pass over all that is due within `aheadMs` would do, and writes nothing. Others may write meanwhile, so it is
 * what it looks like now.
 */
export async function previewPass(
  { store, owes, holdAbove }: { readonly store: Store; readonly owes: boolean; readonly holdAbove: number },
  aheadMs: number,
): Promise<PassPreview> {
  const now = await store.now()
  const horizon = now + aheadMs
  const terms = new TermsCache()
  const sums = new Sums()
  let last: { nextAt: number; id: number } | undefined
  for (;;) {
    const page = await store.read((tables) => tables.cursors.pageOfDue(horizon, last, PAGE))
    const known = await store.read((tables) => terms.of(page, (ids) => tables.schedules.termsOf(ids)))
    const planner = new BatchPlanner(known, now, horizon, LIMIT, false)
    for (const due of page) sums.add(previewOf(due, planner, now, horizon))
    if (page.length < PAGE) break
    const { nextAt, id } = page.at(-1)!
    last = { nextAt: nextAt!, id }
    await giveWay()
  }

  const totals = await store.read((tables) => tables.owed.totals())
  const found = { namespace: '', schedules: 0, runs: sums.total.caughtUp, released: 0, oldestAt: now }
  const held = owes ? heldOf([...totals, found], holdAbove) : 0
  const owed = totals.reduce((sum, { runs }) => sum + runs, 0)
  return { ...sums.total, owed, held, namespaces: sums.namespaces, largest: sums.largest }
}

function previewOf(due: DueSchedule, planner: BatchPlanner, now: number, horizon: number): SchedulePreview {
  const counts = { planned: 0, caughtUp: 0, missed: 0 }
  const { namespace, key } = due
  let cursor = due
  for (;;) {
    const decided = planner.decide(cursor)
    if (typeof decided === 'string') return { namespace, key, ...counts, broken: decided }
    const { occurrences, missed, nextAt } = decided.plan
    for (const { nominalAt } of occurrences) {
      if (nominalAt > now) counts.planned++
      else counts.caughtUp++
    }
    counts.missed += missed?.count ?? 0
    if (nextAt === undefined || nextAt > horizon) return { namespace, key, ...counts, broken: undefined }
    cursor = { ...cursor, nextAt, planned: cursor.planned + occurrences.length }
  }
}

/** Adds up in memory that does not grow with the number of schedules. */
class Sums {
  readonly total = { schedules: 0, broken: 0, planned: 0, caughtUp: 0, missed: 0 }
  readonly #namespaces = new Map<
    string,
    { schedules: number } & { -readonly [K in keyof PassCounts]: number }
  >()
  #largest: SchedulePreview[] = []

  add(preview: SchedulePreview): void {
    const own = this.#of(preview.namespace)
    for (const sum of [this.total, own]) {
      sum.schedules++
      sum.planned += preview.planned
      sum.caughtUp += preview.caughtUp
      sum.missed += preview.missed
    }
    if (preview.broken !== undefined) this.total.broken++
    this.#largest.push(preview)
    if (this.#largest.length >= 50 * LARGEST) this.#largest = this.largest
  }

  get namespaces() {
    return [...this.#namespaces].map(([namespace, counts]) => ({ namespace, ...counts }))
  }

  get largest(): SchedulePreview[] {
    return this.#largest.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, LARGEST)
  }

  #of(namespace: string) {
    const known = this.#namespaces.get(namespace)
    if (known !== undefined) return known
    const counts = { schedules: 0, planned: 0, caughtUp: 0, missed: 0 }
    this.#namespaces.set(namespace, counts)
    return counts
  }
}

function weightOf({ planned, caughtUp, missed, broken }: SchedulePreview): number {
  return broken === undefined ? planned + caughtUp + missed : Infinity
}
