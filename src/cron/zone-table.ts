import { DAY_COUNT } from './calendar.ts'
import { offsetReader, type OffsetReader } from './offset-reader.ts'
import { ZoneSpan } from './zone-span.ts'

const SECONDS_PER_DAY = 86_400

/** Local times of 1970 to 2199 lie between these instants in every zone. Seconds, the second exclusive. */
export const FIRST_INSTANT = -SECONDS_PER_DAY
export const END_INSTANT = (DAY_COUNT + 1) * SECONDS_PER_DAY

/** The length of a span, in seconds: 388 days, found in a third of a millisecond. */
const SPAN = 2 ** 25
const SPAN_COUNT = Math.ceil(END_INSTANT / SPAN)

/**
 * How far apart the offset is sampled, in seconds: three days. The shortest time between two clock changes since 1970
 * is a week less an hour (America/Recife, October 2000).
 */
const SAMPLE = 2 ** 18

/**
 * When the offset of a zone changes, from 1970 to 2199. Each stretch of about a year is read from `Intl` when it is
 * first asked for, and kept.
 */
export class ZoneTable {
  readonly #spans: (ZoneSpan | undefined)[]
  readonly #offsetAt: OffsetReader | undefined

  private constructor(spans: (ZoneSpan | undefined)[], offsetAt: OffsetReader | undefined) {
    this.#spans = spans
    this.#offsetAt = offsetAt
  }

  /** A zone that `Intl` knows. */
  static of(formatter: Intl.DateTimeFormat): ZoneTable {
    const spans = Array.from<ZoneSpan | undefined>({ length: SPAN_COUNT }).fill(undefined)
    return new ZoneTable(spans, offsetReader(formatter))
  }

  /** A zone that is always the same number of seconds ahead of UTC. */
  static fixed(offset: number): ZoneTable {
    const span = new ZoneSpan([-Infinity], [offset], -Infinity, Infinity)
    return new ZoneTable(
      Array.from({ length: SPAN_COUNT }, () => span),
      undefined,
    )
  }

  /** The stretch around an instant from `FIRST_INSTANT` to `END_INSTANT`. */
  spanAt(seconds: number): ZoneSpan {
    const index = seconds < SPAN ? 0 : Math.floor(seconds / SPAN)
    return this.#spans[index] ?? this.#load(index)
  }

  #load(index: number): ZoneSpan {
    const span = readSpan(this.#offsetAt!, index * SPAN, (index + 1) * SPAN)
    this.#spans[index] = span
    return span
  }
}

/** Samples the offset from a little before `start` to a little after `end`, and halves each interval that has a change. */
function readSpan(offsetAt: OffsetReader, start: number, end: number): ZoneSpan {
  let at = start - SAMPLE
  const starts = [at]
  const offsets = [offsetAt(at)]

  for (; at < end + SAMPLE; at += SAMPLE) {
    const offset = offsetAt(at + SAMPLE)
    if (offset === offsets.at(-1)) continue

    starts.push(changeBetween(offsetAt, at, at + SAMPLE, offsets.at(-1)!))
    offsets.push(offset)
  }
  return new ZoneSpan(starts, offsets, start, end)
}

/** The first instant after `low` whose offset is not `before` any more. */
function changeBetween(offsetAt: OffsetReader, low: number, high: number, before: number): number {
  while (high - low > 1) {
    const middle = (low + high) / 2
    if (offsetAt(middle) === before) low = middle
    else high = middle
  }
  return high
}
