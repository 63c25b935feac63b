import type { Instant } from '../clock/clock.ts'
import { CronExpression, type CronSyntax, type DstRule } from '../cron/index.ts'
import { IntervalRecurrence } from './interval-recurrence.ts'
import { OnceRecurrence } from './once-recurrence.ts'

/** What yields the nominal instants of a schedule. Strictly rising, and independent of where a search begins. */
export interface Recurrence {
  /** The first instant later than `after` and not later than `until`. */
  nextMs(after: Instant, until?: Instant): Instant | undefined

  /** The last instant earlier than `before` and not earlier than `since`. */
  previousMs(before: Instant, since?: Instant): Instant | undefined

  /** How many instants there are from `since` to `until`, both included; only where that takes no search. */
  countMs?(since: Instant, until: Instant): number
}

/** A recurrence as it is stored: JSON, with every choice written out. */
export type RecurrenceSpec =
  | {
      readonly kind: 'cron'
      readonly expression: string
      readonly timezone: string
      readonly syntax: CronSyntax
      readonly dst: DstRule
    }
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchor: Instant }
  | { readonly kind: 'at'; readonly at: Instant }

/**
 * The recurrence that a specification describes.
 *
 * @param seed makes `H` in a cron expression stable for one schedule
 * @throws {CronSyntaxError} when the expression is not valid
 * @throws {UnknownZoneError} when the runtime does not know the time zone
 */
export function compileRecurrence(spec: RecurrenceSpec, seed: string): Recurrence {
  switch (spec.kind) {
    case 'cron':
      return new CronExpression(spec.expression, spec.timezone, { syntax: spec.syntax, dst: spec.dst, seed })
    case 'every':
      return new IntervalRecurrence(spec.everyMs, spec.anchor)
    case 'at':
      return new OnceRecurrence(spec.at)
  }
}
