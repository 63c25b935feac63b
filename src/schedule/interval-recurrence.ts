import type { Instant } from '../clock/clock.ts'

/** Every `everyMs` milliseconds, counted from `anchor` in both directions; clock changes do not matter to it. */
export class IntervalRecurrence {
  readonly everyMs: number
  readonly anchor: Instant

  constructor(everyMs: number, anchor: Instant) {
    this.everyMs = everyMs
    this.anchor = anchor
  }

  nextMs(after: Instant, until = Infinity): Instant | undefined {
    const periods = Math.floor((after - this.anchor) / this.everyMs) + 1
    const next = this.anchor + periods * this.everyMs
    return next <= until ? next : undefined
  }

  previousMs(before: Instant, since = -Infinity): Instant | undefined {
    const periods = Math.ceil((before - this.anchor) / this.everyMs) - 1
    const previous = this.anchor + periods * this.everyMs
    return previous >= since ? previous : undefined
  }

  countMs(since: Instant, until: Instant): number {
    const before = Math.ceil((since - this.anchor) / this.everyMs)
    return Math.max(Math.floor((until - this.anchor) / this.everyMs) - before + 1, 0)
  }
}
