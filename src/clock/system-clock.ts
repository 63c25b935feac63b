import type { Alarm, Clock, Instant } from './clock.ts'

/**
 * Long waits are taken in pieces, and each piece looks at the clock anew: Node turns a delay above 2^31-1 ms into
 * 1 ms, and a machine that slept or whose clock was set would otherwise wake at the wrong instant.
 */
const LONGEST_PIECE_MS = 30_000

/** The clock of this machine. */
export class SystemClock implements Clock {
  now(): Instant {
    return Date.now()
  }

  alarmAt(instant: Instant, ring: () => void): Alarm {
    let timer: NodeJS.Timeout | undefined
    let ringsAt = instant
    let seen = this.now()

    const arm = () => {
      const now = this.now()
      // The clock was set back: what waits would otherwise wait by that much longer.
      if (now < seen) ringsAt -= seen - now
      seen = now
      const remainingMs = Math.ceil(ringsAt - now)
      const delayMs = Math.min(Math.max(remainingMs, 0), LONGEST_PIECE_MS)
      timer = setTimeout(check, delayMs)
    }
    // Node's timers may run up to a millisecond early by the wall clock, so arrival is checked, not assumed.
    const check = () => (this.now() >= ringsAt ? ring() : arm())

    arm()
    return { cancel: () => clearTimeout(timer) }
  }
}
