import type { Instant } from '../../clock/clock.ts'

interface Entry<Event> {
  readonly at: Instant
  /** Of what happens at the same instant, the smaller comes first. */
  readonly rank: number
  readonly order: number
  readonly event: Event
}

/** Events by the instants at which they happen: a binary heap. Those of one instant and rank come as they were put in. */
export class EventQueue<Event> {
  readonly #heap: Entry<Event>[] = []
  #order = 0

  /** What happens first, which stays in. */
  get first(): { readonly at: Instant; readonly event: Event } | undefined {
    return this.#heap[0]
  }

  put(at: Instant, rank: number, event: Event): void {
    const heap = this.#heap
    const entry = { at, rank, order: this.#order++, event }
    let place = heap.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[place] = heap[parent]!
      place = parent
    }
    heap[place] = entry
  }

  /** Takes out what happens first. */
  take(): { readonly at: Instant; readonly event: Event } | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
    return first
  }
}

function isBefore<Event>(a: Entry<Event>, b: Entry<Event>): boolean {
  return (a.at - b.at || a.rank - b.rank || a.order - b.order) < 0
}
