import { DAY_COUNT } from './month-table.ts'
import { offsetReader, type OffsetReader } from './offset-reader.ts'
import { ZoneSpan } from './zone-span.ts'

const DAY_MS = 86_400_000

/** Local times of 1970 to 2199 lie between these instants in every zone, the second of which is exclusive. */
export const FIRST_INSTANT = -DAY_MS
export const END_INSTANT = (DAY_COUNT + 1) * DAY_MS

/** The length of a span: 398 days, read in a third of a millisecond. */
const SPAN_MS = 2 ** 35
const SPAN_COUNT = Math.ceil(END_INSTANT / SPAN_MS)

/**
 * How far apart the offset is sampled: three days. The shortest time between two clock changes since 1970 is a week less
 * an hour (America/Recife, October 2000).
 */
const SAMPLE_MS = 2 ** 28

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

  /** A zone that is always the same time ahead of UTC. */
  static fixed(offsetMs: number): ZoneTable {
    const span = new ZoneSpan([-Infinity], [offsetMs], -Infinity, Infinity)
    return new ZoneTable(
      Array.from({ length: SPAN_COUNT }, () => span),
      undefined,
    )
  }

  /** The stretch around an instant from `FIRST_INSTANT` to `END_INSTANT`. */
  spanAt(instant: number): ZoneSpan {
    return this.span(spanIndex(instant))
  }

  /** The stretch with this number. */
  span(index: number): ZoneSpan {
    return this.#spans[index] ?? this.#load(index)
  }

  #load(index: number): ZoneSpan {
    const span = readSpan(this.#offsetAt!, index * SPAN_MS, (index + 1) * SPAN_MS)
    this.#spans[index] = span
    return span
  }
}

/** The number of the stretch that an instant belongs to. */
export function spanIndex(instant: number): number {
  return (instant / SPAN_MS) | 0
}

/** Samples the offset from a little before `start` to a little after `end`, and looks closer where it changes. */
function readSpan(offsetAt: OffsetReader, start: number, end: number): ZoneSpan {
  let at = start - SAMPLE_MS
  const starts = [at]
  const offsets = [offsetAt(at)]

  for (; at < end + SAMPLE_MS; at += SAMPLE_MS) {
    const offset = offsetAt(at + SAMPLE_MS)
    if (offset === offsets.at(-1)) continue

    starts.push(changeBetween(offsetAt, at, at + SAMPLE_MS, offsets.at(-1)!))
    offsets.push(offset)
  }
  return new ZoneSpan(starts, offsets, start, end)
}

/** The first whole second between two instants whose offset is not `before` any more. */
function changeBetween(offsetAt: OffsetReader, low: number, high: number, before: number): number {
  let last = Math.floor(low / 1000)
  let first = Math.ceil(high / 1000)
  while (first - last > 1) {
    const middle = Math.floor((last + first) / 2)
    if (offsetAt(middle * 1000) === before) last = middle
    else first = middle
  }
  return first * 1000
}
