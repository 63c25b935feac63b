import { randomUUID } from 'node:crypto'
import type { Clock, Instant } from '../clock/clock.ts'
import { waitAtMost } from '../clock/wait.ts'
import type { Logger } from '../logger.ts'
import type { Alert, AlertHook, AlertSink, NewAlert } from './alert.ts'
import { HookQueue } from './hook-queue.ts'

export interface AlertsOptions {
  readonly hooks: readonly AlertHook[]
  readonly clock: Clock
  readonly logger: Logger
  /** This process, as its alerts name it. */
  readonly server: string
}

/** Tells hooks of alerts, each of them apart from the others and from the scheduler's work. */
export class Alerts implements AlertSink {
  readonly #options: AlertsOptions
  readonly #queues: readonly HookQueue[]

  constructor(options: AlertsOptions) {
    const { hooks, clock, logger } = options
    this.#options = options
    this.#queues = hooks.map((hook) => new HookQueue(hook, clock, logger))
  }

  raise({ about, ...alert }: NewAlert): void {
    if (this.#queues.length === 0) return
    const { clock, server } = this.#options
    const raised: Alert = { id: randomUUID(), at: new Date(clock.now()), server, ...about, ...alert }
    // Each hook has its own, which it may change.
    for (const queue of this.#queues) queue.add(structuredClone(raised))
  }

  /** Waits for hooks until an instant, or until `hurry` is aborted; what they have not taken by then is lost, and logged. */
  async settle(until: Instant, hurry?: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options
    const idle = Promise.all(this.#queues.map((queue) => queue.idle())).then(() => true)
    if ((await waitAtMost(clock, until, idle, hurry)) !== undefined) return
    const lost = this.#queues.reduce((sum, queue) => sum + queue.giveUp(), 0)
    if (lost > 0) logger.warn({ lost }, 'alerts were lost, since their hooks did not end before the server')
    await idle
  }
}
