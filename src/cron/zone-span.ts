/**
 * A stretch of a zone's history in which the offset from UTC is known, as rows of plain numbers. A row is a segment of
 * constant offset, in milliseconds. A local time is an instant plus the offset at that instant.
 */
export class ZoneSpan {
  readonly #rows: Float64Array
  /** The number of the last segment. */
  readonly last: number
  /** Where the span begins. */
  readonly begin: number
  /** Where the span ends, exclusive. */
  readonly #end: number

  /**
   * @param starts where each segment begins; the first lies far enough before the span that no clock change before it
   *   matters. Segments that begin after `end` may follow, so that what a clock change does to the time before it is
   *   known
   * @param offsets the offset of each segment
   */
  constructor(starts: readonly number[], offsets: readonly number[], begin: number, end: number) {
    const count = starts.filter((start) => start < end).length
    this.#rows = new Float64Array(count * WIDTH)
    this.last = count - 1
    this.begin = begin
    this.#end = end

    for (let i = 0; i < count; i++) {
      const change = i === 0 ? 0 : offsets[i]! - offsets[i - 1]!
      const repeatedNext = Math.max(0, offsets[i]! - (offsets[i + 1] ?? offsets[i]!))
      const unsettled = (starts[i + 1] ?? Infinity) - repeatedNext
      this.#rows.set(
        [starts[i]!, starts[i]! + Math.abs(change), Math.min(unsettled, end), offsets[i]!],
        i * WIDTH,
      )
    }
  }

  /** The segment that an instant within the span belongs to. */
  segmentAt(instant: number): number {
    let segment = this.last
    while (instant < this.start(segment)) segment--
    return segment
  }

  start(segment: number): number {
    return this.#rows[segment * WIDTH]!
  }

  /** Where the segment or the span ends, exclusive. */
  end(segment: number): number {
    return segment === this.last ? this.#end : this.#rows[(segment + 1) * WIDTH]!
  }

  /** From here on, the clock change that began the segment has no effect: no time is shifted or repeated. */
  settled(segment: number): number {
    return this.#rows[segment * WIDTH + 1]!
  }

  /** From here on, exclusive, local times come again after the segment; its end when none do. */
  unsettled(segment: number): number {
    return this.#rows[segment * WIDTH + 2]!
  }

  offset(segment: number): number {
    return this.#rows[segment * WIDTH + 3]!
  }

  /** The offset before the segment. */
  offsetBefore(segment: number): number {
    return this.offset(Math.max(segment - 1, 0))
  }
}

/** Numbers in a row: start, settled, unsettled, offset. */
const WIDTH = 4
