import { CronExpression } from '../cron/index.ts'
import { CronRecurrence } from './cron-recurrence.ts'
import { ExcludedDays } from './excluded-days.ts'
import { IntervalRecurrence } from './interval-recurrence.ts'
import { OnceRecurrence } from './once-recurrence.ts'
import type { CronSpec, Recurrence, RecurrenceSpec } from './recurrence.ts'
import { UnionRecurrence } from './union-recurrence.ts'

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
      return compileCron(spec, seed)
    case 'every':
      return new IntervalRecurrence(spec.everyMs, spec.anchor)
    case 'at':
      return new OnceRecurrence(spec.at)
  }
}

function compileCron({ expressions, timezone, syntax, dst, except }: CronSpec, seed: string): Recurrence {
  const parts = expressions.map(
    (text) => new CronRecurrence(new CronExpression(text, timezone, { syntax, dst, seed })),
  )
  const recurrence = parts.length === 1 ? parts[0]! : new UnionRecurrence(parts)
  return except.length === 0 ? recurrence : new ExcludedDays(recurrence, except, timezone)
}
