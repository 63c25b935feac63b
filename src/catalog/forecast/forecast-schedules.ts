import type { Instant } from '../../clock/clock.ts'
import { durationMs } from '../../clock/duration.ts'
import { giveWay } from '../../clock/give-way.ts'
import { InvalidInputError } from '../../errors.ts'
import { Buckets } from '../../schedule/forecast/buckets.ts'
import { DueGroups } from '../../schedule/forecast/due-groups.ts'
import type { Forecast, ForecastOptions } from '../../schedule/forecast/forecast.ts'
import { BucketTally, FillingTally, type Tally } from '../../schedule/forecast/tallies.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import type { Terms } from '../../schedule/terms.ts'
import type { ActiveSchedule } from '../../store/schedule-pages.ts'
import { parseTerms } from '../../store/schedule-record.ts'
import type { Transactions } from '../../store/store.ts'
import { ifReadable } from '../../schedule/if-readable.ts'

const HOUR = 3_600_000
const MOST_FULL = 100
/** How many schedules are read at a time. */
const PAGE = 1_000
/** How many schedules with instants of their own are gathered before they are counted. */
const GATHERED = 20_000
/** How many terms are kept. */
const KEPT = 20_000
/** How many instants are looked at in all: a quarter of a minute's work. */
const MOST_INSTANTS = 100_000_000
/** After how many of them others get their turn. */
const AT_ONCE = 20_000

type Store = Pick<Transactions, 'now' | 'read'>

interface Scope {
  /** All namespaces, when left out. */
  readonly namespace?: string
  readonly mostInstants?: number
}

/**
 * Counts what the active schedules of one namespace, or of all, have due in a time. They are read in pages, and those
 * that are due at the same instants are counted once, so memory stays flat however many there are.
 *
 * @throws {InvalidInputError} when an option is not valid, or the schedules have too many instants in that time
 */
export async function forecastSchedules(
  store: Store,
  options: ForecastOptions,
  scope: Scope = {},
): Promise<Forecast> {
  const { top = 10 } = options
  const now = await store.now()
  const buckets = bucketsOf(options, now)
  if (!Number.isInteger(top) || top < 0 || top > MOST_FULL)
    throw new InvalidInputError(`top ${top} is not a whole number from 0 to ${MOST_FULL}`, 'top')

  const work = new ForecastWork(store, options, scope, { buckets, now })
  const tally = new BucketTally(buckets)
  const { schedules, unreadable } = await work.goThrough('count', tally)
  const fullest = tally.fullest(top)
  const fillings = new FillingTally(buckets, fullest)
  if (fullest.length > 0) await work.goThrough('attribute', fillings)

  return {
    from: new Date(buckets.from),
    until: new Date(buckets.until),
    bucketMs: buckets.bucketMs,
    schedules,
    unreadable,
    total: tally.total,
    buckets: tally.all,
    byNamespace: tally.byNamespace.largest(),
    byJob: tally.byJob.largest(),
    byQueue: tally.byQueue.largest(),
    fullest: fullest.map((place, i) => ({
      at: new Date(buckets.startOf(place)),
      count: tally.countOf(place),
      filledBy: fillings.fillings[i]!,
    })),
  }
}

function bucketsOf({ from, until, bucket = '1m' }: ForecastOptions, now: Instant): Buckets {
  const fromMs = from === undefined ? now : instantMs(from, 'from')
  const untilMs = until === undefined ? fromMs + HOUR : instantMs(until, 'until')
  return new Buckets(fromMs, untilMs, durationMs(bucket, 'bucket'))
}

/** Goes through the schedules of one forecast. */
class ForecastWork {
  readonly #store: Store
  readonly #options: ForecastOptions
  readonly #namespace: string | undefined
  readonly #mostInstants: number
  readonly #buckets: Buckets
  readonly #now: Instant
  readonly #terms = new Map<string, Terms | undefined>()
  #instants = 0

  constructor(
    store: Store,
    options: ForecastOptions,
    { namespace, mostInstants = MOST_INSTANTS }: Scope,
    { buckets, now }: { readonly buckets: Buckets; readonly now: Instant },
  ) {
    this.#store = store
    this.#options = options
    this.#namespace = namespace
    this.#mostInstants = mostInstants
    this.#buckets = buckets
    this.#now = now
  }

  async goThrough(step: 'count' | 'attribute', tally: Tally) {
    const { signal, onProgress = () => {} } = this.#options
    const groups = new DueGroups(this.#buckets.from, this.#now)
    let schedules = 0
    let unreadable = 0
    for (let page: ActiveSchedule[] = [], isLast = false; !isLast;) {
      signal?.throwIfAborted()
      const last = page.at(-1)
      page = await this.#store.read((tables) => tables.pages.active(this.#namespace, last, PAGE))
      isLast = page.length < PAGE
      const terms = await this.#termsOf(page)
      for (const schedule of page) {
        const own = terms.get(schedule.termsKey)
        const isAdded =
          own !== undefined &&
          ifReadable(() => {
            groups.add({ ...schedule, terms: own }, tally.label({ ...schedule, ...own }))
            return true
          })
        if (isAdded !== true) unreadable++
      }
      schedules += page.length
      if (groups.size >= GATHERED || isLast) await this.#count(groups, tally)
      onProgress({ step, schedules })
      await giveWay()
    }
    return { schedules, unreadable }
  }

  /** The terms of a page, by their keys; `undefined` when they cannot be read. */
  async #termsOf(page: readonly ActiveSchedule[]): Promise<ReadonlyMap<string, Terms | undefined>> {
    if (this.#terms.size >= KEPT) this.#terms.clear()
    const unknown = new Map<string, number>()
    for (const { termsKey, id } of page) if (!this.#terms.has(termsKey)) unknown.set(termsKey, id)
    if (unknown.size === 0) return this.#terms

    const texts = await this.#store.read((tables) => tables.schedules.termsOf([...unknown.values()]))
    for (const [key, id] of unknown)
      this.#terms.set(
        key,
        ifReadable(() => parseTerms(texts.get(id) ?? '')),
      )
    return this.#terms
  }

  async #count(groups: DueGroups, tally: Tally): Promise<void> {
    let sinceOthers = 0
    for (const group of groups.take()) {
      for (const looked of tally.count(group)) {
        this.#instants += looked
        sinceOthers += looked
        if (this.#instants > this.#mostInstants) throw tooMany(this.#buckets, this.#mostInstants)
        if (sinceOthers < AT_ONCE) continue
        sinceOthers = 0
        await giveWay()
        this.#options.signal?.throwIfAborted()
      }
    }
  }
}
function tooMany({ from, until }: Buckets, most: number): InvalidInputError {
  const range = `until ${new Date(until).toISOString()} is too far from ${new Date(from).toISOString()}`
  const found = `the schedules have more than ${most.toLocaleString('en')} instants before it`
  return new InvalidInputError(`${range}: ${found}; give an earlier until, or ask for one namespace`, 'until')
}
