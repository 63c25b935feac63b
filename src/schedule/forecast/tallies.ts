import { Buckets } from './buckets.ts'
import type { DueGroup } from './due-groups.ts'
import { countDue } from './due-instants.ts'
import type { Filling, ForecastBucket, FullBucket } from './forecast.ts'
import { FrequentCounts } from './frequent-counts.ts'

/** No name holds it. */
const BETWEEN = '\u0000'
const MOST_FILLINGS = 10

/** What a group of schedules is counted by. */
export interface Tally {
  /** What is to be told of a schedule. */
  label(schedule: Labelled): string
  /** @returns yields how many instants were looked at since */
  count(group: DueGroup): Generator<number, void>
}

/** Whose a schedule is, and what it does. */
export interface Labelled {
  readonly namespace: string
  readonly group: string | null
  readonly job: string
  readonly queue: string
}

/** How many occurrences fall due in each bucket, and of what. */
export class BucketTally implements Tally {
  readonly byNamespace = new FrequentCounts()
  readonly byJob = new FrequentCounts()
  readonly byQueue = new FrequentCounts()
  readonly #buckets: Buckets
  readonly #counts: Float64Array

  constructor(buckets: Buckets) {
    this.#buckets = buckets
    this.#counts = new Float64Array(buckets.length)
  }

  label({ namespace, job, queue }: Labelled): string {
    return [namespace, job, queue].join(BETWEEN)
  }

  *count({ due, labels }: DueGroup): Generator<number, void> {
    const schedules = [...labels.values()].reduce((sum, count) => sum + count, 0)
    let each = 0
    yield* countDue(due, this.#buckets, (bucket, count) => {
      this.#counts[bucket]! += count * schedules
      each += count
    })
    if (each === 0) return
    for (const [label, count] of labels) {
      const [namespace = '', job = '', queue = ''] = label.split(BETWEEN)
      this.byNamespace.add(namespace, each * count)
      this.byJob.add(job, each * count)
      this.byQueue.add(queue, each * count)
    }
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  get all(): ForecastBucket[] {
    return Array.from(this.#counts, (count, i) => ({ at: new Date(this.#buckets.startOf(i)), count }))
  }

  /** The places of the fullest buckets, the fullest first. */
  fullest(most: number): number[] {
    return [...this.#counts.keys()]
      .filter((bucket) => this.#counts[bucket]! > 0)
      .sort((a, b) => this.#counts[b]! - this.#counts[a]! || a - b)
      .slice(0, most)
  }

  countOf(bucket: number): number {
    return this.#counts[bucket]!
  }
}

/** What fills some of the buckets. */
export class FillingTally implements Tally {
  readonly #filled: readonly { readonly part: Buckets; readonly fillings: FrequentCounts }[]

  constructor(buckets: Buckets, places: readonly number[]) {
    this.#filled = places.map((place) => {
      const { from, until } = buckets.partOf(place)
      return { part: new Buckets(from, until, buckets.bucketMs), fillings: new FrequentCounts() }
    })
  }

  label({ namespace, group, job }: Labelled): string {
    return [namespace, job, ...(group === null ? [] : [group])].join(BETWEEN)
  }

  *count({ due, labels }: DueGroup): Generator<number, void> {
    for (const { part, fillings } of this.#filled) {
      let each = 0
      yield* countDue(due, part, (_, count) => (each += count))
      if (each > 0) for (const [label, count] of labels) fillings.add(label, each * count)
    }
  }

  /** What fills each of the buckets, in the order in which they were given. */
  get fillings(): FullBucket['filledBy'][] {
    return this.#filled.map(({ fillings }) => fillings.largest(MOST_FILLINGS).map(toFilling))
  }
}

function toFilling({ name, count }: { name: string; count: number }): Filling {
  const [namespace = '', job = '', group] = name.split(BETWEEN)
  return { namespace, group, job, count }
}
