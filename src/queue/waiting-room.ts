import type { Alarm, Clock, Instant } from '../clock/clock.ts'

/** Holds what is not due yet, and hands it over on a timer of its own: on the dot, whatever brought it. */
export class WaitingRoom<T extends { readonly dueAt: Instant }> {
  readonly #clock: Clock
  readonly #leadMs: () => number
  readonly #onDue: (due: readonly T[]) => void
  /** In the order of the due instants. */
  #held: T[] = []
  #alarm: Alarm | undefined
  /** The store's clock, by which due instants go, less this process's. */
  offsetMs = 0

  /**
   * @param leadMs how long before its instant each is handed over, in milliseconds
   * @param onDue is given what is due, or will be within the lead
   */
  constructor(clock: Clock, leadMs: () => number, onDue: (due: readonly T[]) => void) {
    this.#clock = clock
    this.#leadMs = leadMs
    this.#onDue = onDue
  }

  get size(): number {
    return this.#held.length
  }

  get held(): readonly T[] {
    return this.#held
  }

  /** When the last of it falls due, by this process's clock; `-Infinity` when nothing is there. */
  get lastDueAt(): Instant {
    return (this.#held.at(-1)?.dueAt ?? -Infinity) - this.offsetMs
  }

  add(items: readonly T[]): void {
    if (items.length === 0) return
    this.#held = [...this.#held, ...items].sort((a, b) => a.dueAt - b.dueAt)
    this.handOver()
  }

  /** Hands over what is due, and sets the timer for what comes next. */
  handOver(): void {
    const leadMs = this.#leadMs()
    const until = this.#clock.now() + this.offsetMs + leadMs
    const notDue = this.#held.findIndex(({ dueAt }) => dueAt > until)
    const due = this.#held.splice(0, notDue === -1 ? this.#held.length : notDue)

    this.#alarm?.cancel()
    const next = this.#held[0]
    if (next !== undefined)
      this.#alarm = this.#clock.alarmAt(next.dueAt - this.offsetMs - leadMs, () => this.handOver())
    if (due.length > 0) this.#onDue(due)
  }

  /** Takes out all that is held; nothing is handed over any more. */
  empty(): T[] {
    this.#alarm?.cancel()
    return this.#held.splice(0)
  }
}
