import type { Instant } from '../clock/clock.ts'
import type { CronExpression } from '../cron/index.ts'
import type { ClockChange, Recurrence } from './recurrence.ts'

/** A cron expression as the planner sees it. */
export class CronRecurrence implements Recurrence {
  readonly #expression: CronExpression

  constructor(expression: CronExpression) {
    this.#expression = expression
  }

  nextMs(after: Instant, until?: Instant): Instant | undefined {
    return this.#expression.nextMs(after, until)
  }

  previousMs(before: Instant, since?: Instant): Instant | undefined {
    return this.#expression.previousMs(before, since)
  }

  clockChangeAt(instant: Instant): ClockChange | undefined {
    return this.#expression.occurrenceAt(instant)
  }
}
