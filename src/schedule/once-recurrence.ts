import type { Instant } from '../clock/clock.ts'

/** One single instant. */
export class OnceRecurrence {
  readonly at: Instant

  constructor(at: Instant) {
    this.at = at
  }

  nextMs(after: Instant, until = Infinity): Instant | undefined {
    return this.at > after && this.at <= until ? this.at : undefined
  }

  previousMs(before: Instant, since = -Infinity): Instant | undefined {
    return this.at < before && this.at >= since ? this.at : undefined
  }
}
