import { giveWay } from '../clock/give-way.ts'
import { ifReadable } from '../schedule/if-readable.ts'
import { parseTerms } from '../store/schedule-record.ts'
import type { Owed } from '../store/owed-table.ts'
import type { Store, Tables } from '../store/store.ts'
import { heldOf } from './owed-writer.ts'

/** The missed runs that are still to be caught up. */
export interface OwedReport {
  readonly runs: number
  /** How many of them wait for an operator. */
  readonly held: number
  readonly namespaces: readonly {
    readonly namespace: string
    readonly schedules: number
    readonly runs: number
    /** The nominal instant of the oldest one. */
    readonly oldestAt: Date
  }[]
}

/** How many ranges are dropped in one transaction. */
const DROPPED_AT_ONCE = 500

export async function reportOwed(store: Store, holdAbove: number): Promise<OwedReport> {
  const totals = await store.read((tables) => tables.owed.totals())
  return {
    runs: totals.reduce((sum, { runs }) => sum + runs, 0),
    held: heldOf(totals, holdAbove),
    namespaces: totals.map(({ namespace, schedules, runs, oldestAt }) => ({
      namespace,
      schedules,
      runs,
      oldestAt: new Date(oldestAt),
    })),
  }
}

/** Drops what is owed, step by step. @returns how many runs they were */
export async function dropOwed(store: Store, namespace: string | undefined): Promise<number> {
  const totals = await store.read((tables) => tables.owed.totals(namespace))
  let dropped = 0
  for (const total of totals) {
    for (;;) {
      const step = await store.transaction((tables) => dropSome(tables, total.namespace))
      dropped += step
      if (step === 0) break
      await giveWay()
    }
  }
  return dropped
}

async function dropSome(tables: Tables, namespace: string): Promise<number> {
  const candidates = await tables.owed.oldest(namespace, DROPPED_AT_ONCE)
  const ids = [...new Set(candidates.map(({ scheduleId }) => scheduleId))]
  for (const id of ids.sort((a, b) => a - b)) await tables.cursors.lock(id)
  const ranges = await tables.owed.again(candidates)
  await tables.owed.remove(ranges)
  await recordDropped(tables, ranges)
  return ranges.reduce((sum, { count }) => sum + count, 0)
}

async function recordDropped(tables: Tables, ranges: readonly Owed[]): Promise<void> {
  const terms = await tables.schedules.termsOf([...new Set(ranges.map(({ scheduleId }) => scheduleId))])
  const missed = ranges.map(({ scheduleId, generation, from, until, count }) => {
    // One that is broken is to be dropped as well.
    const { queue = '', job = '' } = ifReadable(() => parseTerms(terms.get(scheduleId) ?? '')) ?? {}
    return { scheduleId, generation, from, until, count, queue, job, reason: 'cancelled' as const }
  })
  await tables.ledger.insertMissed(missed, tables.now)
}
