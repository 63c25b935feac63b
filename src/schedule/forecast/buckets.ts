import type { Instant } from '../../clock/clock.ts'
import { formatDuration } from '../../clock/duration.ts'
import { InvalidInputError } from '../../errors.ts'

/** A week of minutes, and something. */
const MOST_BUCKETS = 12_000
const SHORTEST_MS = 1_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** What is proposed to whom the buckets were too many. */
const ROUND_MS = [5_000, 10_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY]

/**
 * A time cut into pieces of equal length, which begin at whole multiples of it, counted from 1970 in UTC: minutes begin at
 * second 0, whenever the time does. So the first and the last may lie in it in part.
 */
export class Buckets {
  /** Inclusive. */
  readonly from: Instant
  /** Exclusive. */
  readonly until: Instant
  readonly bucketMs: number
  /** How many there are. */
  readonly length: number
  readonly #first: number

  /** @throws {InvalidInputError} when the time ends before it begins, or there would be too many */
  constructor(from: Instant, until: Instant, bucketMs: number) {
    if (until <= from) {
      const message = `until ${iso(until)} must be later than from, ${iso(from)}`
      throw new InvalidInputError(message, 'until')
    }
    if (bucketMs < SHORTEST_MS) {
      const message = `bucket ${formatDuration(bucketMs)} is too short: the shortest is 1s`
      throw new InvalidInputError(message, 'bucket')
    }
    this.from = from
    this.until = until
    this.bucketMs = bucketMs
    this.#first = Math.floor(from / bucketMs)
    this.length = Math.ceil(until / bucketMs) - this.#first
    if (this.length > MOST_BUCKETS) throw tooMany(this)
  }

  /** The place of the bucket that an instant of the time falls into. */
  indexOf(instant: Instant): number {
    return Math.floor(instant / this.bucketMs) - this.#first
  }

  /** When a bucket begins; the first may do so before the time. */
  startOf(index: number): Instant {
    return (this.#first + index) * this.bucketMs
  }

  /** The part of the time that a bucket covers. */
  partOf(index: number): { readonly from: Instant; readonly until: Instant } {
    return {
      from: Math.max(this.startOf(index), this.from),
      until: Math.min(this.startOf(index + 1), this.until),
    }
  }
}

function tooMany({ from, until, bucketMs, length }: Buckets): InvalidInputError {
  const longer = ROUND_MS.find((ms) => ms > bucketMs && (until - from) / ms < MOST_BUCKETS)
  const remedy = longer === undefined ? '' : `a bucket of ${formatDuration(longer)} or longer, or `
  return new InvalidInputError(
    `bucket ${formatDuration(bucketMs)} cuts the time into ${length} pieces, and ${MOST_BUCKETS} at most are counted: give ${remedy}an earlier until`,
    'bucket',
  )
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString()
}
