import { InvalidInputError } from '../errors.ts'
import { describeExpression } from './describe-expression.ts'
import { diagnose, type CronFinding } from './diagnose.ts'
import { resolveDstRule, unknownChoice, type DstChoice, type DstRule } from './dst-rule.ts'
import { formatExpression } from './format-expression.ts'
import { NEVER, nextInstant } from './next-instant.ts'
import { occurrenceAt, type CronOccurrence } from './occurrence-at.ts'
import { parseExpression, type CronSyntax, type ParsedExpression } from './parse-expression.ts'
import { compilePlan, type Plan } from './plan.ts'
import { NEVER_BEFORE, previousInstant } from './previous-instant.ts'
import { zoneTable } from './zone.ts'
import type { ZoneTable } from './zone-table.ts'

/** How an expression is read, besides its text and zone. */
export interface CronOptions {
  /** `extended` by default. */
  readonly syntax?: CronSyntax | undefined
  /** What happens to local times that a clock change skips or repeats; `shift` by default. */
  readonly dst?: DstRule | Partial<DstChoice> | undefined
  /** What `H` is derived from, such as the key of a schedule. Without it, `H` is an error. */
  readonly seed?: string | undefined
}

/**
 * Cron text and the time zone in which it is read.
 *
 * Instants are whole seconds of the years 1970 to 2199, strictly rising, and do not depend on where a search begins.
 * A search is bounded: an expression that never fires is valid and yields `undefined`.
 *
 * ```ts
 * const mornings = new CronExpression('30 8 * * MON-FRI', 'Europe/Berlin')
 * mornings.next(new Date())
 * ```
 *
 * @see docs/reference/cron.md for the syntax, docs/design/daylight-saving.md for clock changes
 */
export class CronExpression {
  /** The text as given. */
  readonly expression: string
  /** The zone as given. */
  readonly timezone: string
  readonly #plan: Plan
  readonly #zone: ZoneTable
  readonly #seed: string | undefined

  /**
   * @throws {CronSyntaxError} when the text is not an expression
   * @throws {UnknownZoneError} when the runtime does not know the zone
   * @throws {InvalidInputError} when an option is not one
   */
  constructor(
    expression: string,
    timezone = 'UTC',
    { syntax = 'extended', dst = 'shift', seed }: CronOptions = {},
  ) {
    if (syntax !== 'extended' && syntax !== 'standard') {
      throw unknownChoice('syntax', syntax, ['standard', 'extended'])
    }
    if (seed !== undefined && typeof seed !== 'string') {
      throw new InvalidInputError('seed is not a string', 'seed')
    }

    this.#plan = compilePlan(parseExpression(expression, syntax, seed), resolveDstRule(dst))
    this.#zone = zoneTable(timezone)
    this.#seed = seed
    this.expression = expression
    this.timezone = timezone
  }

  /** The first instant later than `after` and not later than `until`. */
  next(after: Date | number, until: Date | number = Infinity): Date | undefined {
    const instant = this.nextMs(Number(after), Number(until))
    return instant === undefined ? undefined : new Date(instant)
  }

  /** The last instant earlier than `before` and not earlier than `since`. */
  previous(before: Date | number, since: Date | number = -Infinity): Date | undefined {
    const instant = this.previousMs(Number(before), Number(since))
    return instant === undefined ? undefined : new Date(instant)
  }

  /** `next` in epoch milliseconds: integer arithmetic that allocates nothing but the number that it returns. */
  nextMs(after: number, until = Infinity): number | undefined {
    const instant = nextInstant(this.#plan, this.#zone, after)
    return instant <= until && instant !== NEVER ? instant : undefined
  }

  /** `previous` in epoch milliseconds. */
  previousMs(before: number, since = -Infinity): number | undefined {
    const instant = previousInstant(this.#plan, this.#zone, before)
    return instant >= since && instant !== NEVER_BEFORE ? instant : undefined
  }

  /** Whether the expression fires at exactly this instant, to the millisecond. */
  matches(instant: Date | number): boolean {
    const ms = Number(instant)
    return this.nextMs(ms - 1, ms) === ms
  }

  /**
   * What the instant is to the expression: whether a clock change moved it there, and whether it is the second pass of
   * a repeated time. `undefined` when the expression does not fire at exactly this instant.
   */
  occurrenceAt(instant: Date | number): CronOccurrence | undefined {
    return occurrenceAt(this.#plan, this.#zone, Number(instant))
  }

  /** All instants later than `after` and not later than `until`, one by one. */
  between(after: Date | number, until: Date | number): Iterable<Date> {
    return { [Symbol.iterator]: () => this.#walk(Number(after), Number(until)) }
  }

  /**
   * The expression in plain words, such as `Every 15 minutes, between 09:00 and 17:59, Monday through Friday`.
   *
   * @param locale a language tag such as `de`; a language that is not there is told in English
   */
  describe(locale = 'en'): string {
    return describeExpression(this.#parsed(), locale)
  }

  /**
   * What may not be as the author of the expression thinks: dates that do not exist, day fields of which either is
   * enough, uneven steps, times that the zone's next clock changes skip or repeat.
   */
  diagnose(after: Date | number): readonly CronFinding[] {
    const subject = { parsed: this.#parsed(), plan: this.#plan, zone: this.#zone, timezone: this.timezone }
    return diagnose(subject, Number(after))
  }

  /**
   * The expression in normal form: five, six or seven fields with single blanks, numbers for names, and nicknames and
   * `H` written out. Reading it gives an equal expression.
   */
  toString(): string {
    return formatExpression(this.#parsed())
  }

  /** The tree is not kept: it is many times the size of the plan. */
  #parsed(): ParsedExpression {
    return parseExpression(this.expression, 'extended', this.#seed)
  }

  *#walk(after: number, until: number): Generator<Date, void> {
    let instant = this.nextMs(after, until)
    while (instant !== undefined) {
      yield new Date(instant)
      instant = this.nextMs(instant, until)
    }
  }
}
