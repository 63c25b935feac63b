import type { Instant } from '../clock/clock.ts'
import type { CronSyntax, DstRule } from '../cron/index.ts'

/** What yields the nominal instants of a schedule. Strictly rising, and independent of where a search begins. */
export interface Recurrence {
  /** The first instant later than `after` and not later than `until`. */
  nextMs(after: Instant, until?: Instant): Instant | undefined

  /** The last instant earlier than `before` and not earlier than `since`. */
  previousMs(before: Instant, since?: Instant): Instant | undefined

  /** How many instants there are from `since` to `until`, both included; only where that takes no search. */
  countMs?(since: Instant, until: Instant): number

  /** What a clock change did to one of its instants; only where local time matters. */
  clockChangeAt?(instant: Instant): ClockChange | undefined
}

/** What a clock change did to an instant. */
export interface ClockChange {
  /** How much later than the expression names it fires, because its local time was skipped; 0 otherwise. */
  readonly shiftedMs: number
  /** Whether it is the second of two passes through the same local time. */
  readonly secondPass: boolean
}

/** Cron expressions as they are stored. */
export interface CronSpec {
  readonly kind: 'cron'
  /** Each on its own names instants; together they name the union. */
  readonly expressions: readonly string[]
  readonly timezone: string
  readonly syntax: CronSyntax
  readonly dst: DstRule
  /** Dates of the time zone on which it does not fire, as `2026-12-25`, rising. */
  readonly except: readonly string[]
}

/** A recurrence as it is stored: JSON, with every choice written out. */
export type RecurrenceSpec =
  | CronSpec
  | { readonly kind: 'every'; readonly everyMs: number; readonly anchor: Instant }
  | { readonly kind: 'at'; readonly at: Instant }
