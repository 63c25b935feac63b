/** A point in time: epoch milliseconds. */
export type Instant = number

/** A wait that was armed and can be called off. */
export interface Alarm {
  /** Calls the wait off. Harmless when it has gone off already. */
  cancel(): void
}

/**
 * Where the time comes from. Nothing else in Carillon reads the system's time, so a test that passes a `ManualClock`
 * controls all of it.
 */
export interface Clock {
  /** The present instant, in epoch milliseconds. */
  now(): Instant

  /**
   * Calls `ring` once, at `instant` or as soon after it as possible. Never before it, unless the clock was set back in
   * the meantime: then by as much sooner, so that nothing waits longer than it was to. Who must not be early looks at
   * the clock again.
   */
  alarmAt(instant: Instant, ring: () => void): Alarm

  /** Told of work in the outside world, such as a query, so that a clock that is moved by hand can let it end first. */
  hold?(work: Promise<unknown>): void
}
