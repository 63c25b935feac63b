import type { Instant } from '../clock/clock.ts'
import type { ClockChange, Recurrence } from './recurrence.ts'

/** The instants of several recurrences; one that several of them name counts once. */
export class UnionRecurrence implements Recurrence {
  readonly #parts: readonly Recurrence[]

  constructor(parts: readonly Recurrence[]) {
    this.#parts = parts
  }

  nextMs(after: Instant, until = Infinity): Instant | undefined {
    let earliest: Instant | undefined
    for (const part of this.#parts) {
      const next = part.nextMs(after, Math.min(until, earliest ?? Infinity))
      if (next !== undefined) earliest = next
    }
    return earliest
  }

  previousMs(before: Instant, since = -Infinity): Instant | undefined {
    let latest: Instant | undefined
    for (const part of this.#parts) {
      const previous = part.previousMs(before, Math.max(since, latest ?? -Infinity))
      if (previous !== undefined) latest = previous
    }
    return latest
  }

  /** Of several parts that name the instant, one that means it as it stands goes before one that was moved there. */
  clockChangeAt(instant: Instant): ClockChange | undefined {
    const changes = this.#parts.flatMap((part) => part.clockChangeAt?.(instant) ?? [])
    return changes.find((change) => change.shiftedMs === 0) ?? changes[0]
  }
}
