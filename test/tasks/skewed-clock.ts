import type { Alarm, Clock, Instant } from '../../src/clock/clock.ts'
import { SystemClock } from '../../src/clock/system-clock.ts'

/** The clock of a machine that is wrong by so much. */
export class SkewedClock implements Clock {
  readonly #system = new SystemClock()
  readonly #skewMs: number

  constructor(skewMs: number) {
    this.#skewMs = skewMs
  }

  now(): Instant {
    return this.#system.now() + this.#skewMs
  }

  alarmAt(instant: Instant, ring: () => void): Alarm {
    return this.#system.alarmAt(instant - this.#skewMs, ring)
  }
}
