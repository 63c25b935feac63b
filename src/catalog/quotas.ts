import { createHash } from 'node:crypto'
import { durationMs, formatDuration, type Duration } from '../clock/duration.ts'
import { ConfigError, InvalidInputError, QuotaExceededError } from '../errors.ts'
import type { CompiledSchedule } from '../schedule/resolve-definition.ts'
import { shortestGapMs } from '../schedule/shortest-gap.ts'
import type { Tables } from '../store/store.ts'
import { forecastSchedules } from './forecast/forecast-schedules.ts'

/** How much a namespace may have. What is left out is not limited. */
export interface Quota {
  /** How many schedules. */
  readonly schedules?: number | undefined
  /** How close to each other a schedule's runs may be. */
  readonly shortestInterval?: Duration | undefined
  /** How many runs may fall due in any minute of the next 24 hours, as its active schedules are. */
  readonly runsPerMinute?: number | undefined
}

/** The quota of each namespace, or one for all. */
export type QuotaSettings = Quota | ((namespace: string) => Quota | undefined)

/** What a quota is compared with. */
interface Usage {
  readonly schedules: number
  readonly runsPerMinute: number
}

const DAY_MS = 24 * 3_600_000
const MINUTES_A_DAY = 1_440
/** Gaps are looked for from here on: the same today and tomorrow. */
const GAPS_FROM = Date.UTC(2025, 0, 1)
const KNOWN: readonly string[] = Object.keys({
  schedules: 1,
  shortestInterval: 1,
  runsPerMinute: 1,
} satisfies Record<keyof Quota, 1>)

/** Refuses what would be more than a namespace may have. What it has already stays, whatever its quota becomes. */
export class Quotas {
  readonly #settings: QuotaSettings | undefined

  /** @throws {ConfigError} when a quota that is one for all is not valid */
  constructor(settings: QuotaSettings | undefined) {
    this.#settings = settings
    if (typeof settings === 'object') checkQuota(settings)
  }

  /** @throws {QuotaExceededError} when the runs of a schedule are too close to each other */
  checkInterval(namespace: string, { recurrence }: Pick<CompiledSchedule, 'recurrence'>): void {
    const { shortestInterval } = this.#of(namespace)
    if (shortestInterval === undefined) return
    const leastMs = durationMs(shortestInterval, 'quotas.shortestInterval')
    const gapMs = shortestGapMs(recurrence, GAPS_FROM, leastMs)
    if (gapMs >= leastMs) return
    const least = formatDuration(leastMs)
    throw new QuotaExceededError(
      `runs are ${formatDuration(gapMs)} apart, and namespace "${namespace}" may have them no closer than ${least}: let the schedule run less often`,
      { namespace, quota: 'shortestInterval', limit: leastMs },
    )
  }

  /**
   * Does a change of a namespace's schedules, in its transaction. Whoever changes schedules of the same namespace waits for
   * its end, where there is a quota.
   *
   * @throws {QuotaExceededError} when the namespace then has more than it may, and more than before
   */
  async watch<T>(tables: Tables, namespace: string, change: () => Promise<T>): Promise<T> {
    const quota = this.#of(namespace)
    if (quota.schedules === undefined && quota.runsPerMinute === undefined) return change()

    await tables.paces.hold(lockOf(namespace))
    const before = await usageOf(tables, namespace, quota)
    const result = await change()
    const after = await usageOf(tables, namespace, quota)
    for (const name of ['schedules', 'runsPerMinute'] as const) {
      const limit = quota[name] ?? Infinity
      if (after[name] > limit && after[name] > before[name])
        throw exceeded(namespace, name, limit, after[name])
    }
    return result
  }

  #of(namespace: string): Quota {
    if (typeof this.#settings !== 'function') return this.#settings ?? {}
    const quota = this.#settings(namespace) ?? {}
    checkQuota(quota)
    return quota
  }
}

async function usageOf(tables: Tables, namespace: string, quota: Quota): Promise<Usage> {
  const { schedules = Infinity, runsPerMinute = Infinity } = quota
  return {
    schedules:
      schedules === Infinity ? 0 : await tables.schedules.countUpTo(namespace, schedules + MOST_AT_ONCE),
    runsPerMinute: runsPerMinute === Infinity ? 0 : await peakOf(tables, namespace, runsPerMinute),
  }
}

/** How many more are counted than there may be: what one transaction writes. */
const MOST_AT_ONCE = 1_000

/** How many runs the fullest minute of the next day has; `Infinity` when they are too many to be counted. */
async function peakOf(tables: Tables, namespace: string, limit: number): Promise<number> {
  const store = { now: async () => tables.now, read: <T>(work: (of: Tables) => Promise<T>) => work(tables) }
  const options = { from: tables.now, until: tables.now + DAY_MS, top: 1 }
  const mostInstants = 10 * MINUTES_A_DAY * (limit + 1)
  try {
    const { fullest } = await forecastSchedules(store, options, { namespace, mostInstants })
    return fullest[0]?.count ?? 0
  } catch (error) {
    if (error instanceof InvalidInputError) return Infinity
    throw error
  }
}

function exceeded(
  namespace: string,
  quota: 'schedules' | 'runsPerMinute',
  limit: number,
  found: number,
): QuotaExceededError {
  const message =
    quota === 'schedules'
      ? `namespace "${namespace}" may have ${limit} schedules, and would have more: delete some first`
      : `namespace "${namespace}" may have ${limit} runs a minute, and its fullest minute of the next 24 hours would have ${found === Infinity ? 'far more' : found}: let schedules run less often, or spread them`
  return new QuotaExceededError(message, { namespace, quota, limit })
}

/** @throws {ConfigError} naming what is wrong and what would be right */
function checkQuota(quota: Quota): void {
  const unknown = Object.keys(quota).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw new ConfigError(`unknown option "quotas.${unknown}": known are ${KNOWN.join(', ')}`)
  if (quota.shortestInterval !== undefined) durationMs(quota.shortestInterval, 'quotas.shortestInterval')
  for (const name of ['schedules', 'runsPerMinute'] as const) {
    const limit = quota[name]
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 0))
      throw new ConfigError(`quotas.${name} is a whole number from 0`)
  }
}

/** The name of the row that changes of a namespace wait for. */
function lockOf(namespace: string): string {
  return `quota ${createHash('sha256').update(namespace).digest('base64url')}`
}
