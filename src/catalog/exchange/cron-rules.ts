import { CronExpression, type CronOptions, type DstRule } from '../../cron/index.ts'

/** Five fields: minute, hour, day of month, month, day of week. */
export type Fields = readonly [string, string, string, string, string]

const DAY_MS = 86_400_000
/** Ranges without a step, in a field. */
export const PLAIN_RANGES = /\d+-\d+(?![/\d])/g

/**
 * Does nothing but refuse what is no expression.
 *
 * @throws {CronSyntaxError | UnknownZoneError} when it is none, or its zone is none
 */
export function checkExpression(text: string, timezone: string, options: CronOptions = {}): void {
  void new CronExpression(text, timezone, options)
}

/** The fields of an expression that has five. */
export function fieldsOf(time: string): Fields {
  return time.trim().split(/\s+/) as unknown as Fields
}

/** Whether cron takes a field for a star: it looks at the first character only. */
export function startsWithStar(field: string): boolean {
  return field.startsWith('*')
}

/**
 * Whether cron asks for both days, where the rest of the world would be content with either: one of the fields begins
 * with a star, but none of them is one.
 */
export function asksForBothDays([, , dayOfMonth, , dayOfWeek]: Fields): boolean {
  if (dayOfMonth === '*' || dayOfWeek === '*') return false
  return startsWithStar(dayOfMonth) || startsWithStar(dayOfWeek)
}

/**
 * The rule for clock changes that does what cron does. It calls wildcard what begins with a star in minute or hour: such
 * a line follows the clock on the wall, which loses what a gap skips and repeats what an overlap repeats. All others run
 * once, those of a gap right after it.
 */
export function dstRuleOf([minute, hour]: Fields): DstRule {
  // Of a plain star in the hour, both rules make the same.
  return hour !== '*' && (startsWithStar(minute) || startsWithStar(hour)) ? 'literal' : 'vixie'
}

/** When an expression fires, and by which rule. */
export interface Timed {
  readonly cron: string
  readonly dst: DstRule
}

/**
 * The next clock change after which the runs are others than those of cron, for five fields; `undefined` when there is
 * none in the next three years.
 *
 * @param ours the fields as Carillon reads them, which may differ by a `+`
 */
export function clockChangeThatDiffers(
  fields: Fields,
  ours: Timed,
  timezone: string,
  now: number,
): Date | undefined {
  const [minute, hour, ...days] = fields
  const dayFields = asksForBothDays(fields) ? days.with(2, `+${days[2]}`) : days
  const withHours = (hours: string, dst: DstRule) =>
    new CronExpression([minute, hours, ...dayFields].join(' '), timezone, { dst })

  // To cron a range of hours is a list; a step of 1 says so here.
  const listed = hour.replaceAll(PLAIN_RANGES, '$&/1')
  const theirs = withHours(listed, dstRuleOf(fields))
  const here = new CronExpression(ours.cron, timezone, { dst: ours.dst })

  // Of expressions for every hour, a diagnosis does not tell; with all hours listed, it is one for none.
  const told = withHours(listed === '*' ? '0-23/1' : listed, 'vixie').diagnose(now)
  const changes = told.flatMap(({ at }) => (at === undefined ? [] : [at]))
  return changes.find((at) => instantsAround(here, at) !== instantsAround(theirs, at))
}

function instantsAround(expression: CronExpression, at: Date): string {
  const instants = expression.between(at.getTime() - DAY_MS - 1, at.getTime() + DAY_MS)
  return Array.from(instants, (instant) => instant.getTime()).join()
}
