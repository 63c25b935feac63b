import { CronExpression, CronSyntaxError, type DstRule } from '../../cron/index.ts'
import { checkExpression, clockChangeThatDiffers, startsWithStar, type Fields } from './cron-rules.ts'

/** A time as a crontab says it, and what is lost by that. */
export interface WrittenTime {
  readonly time: string
  readonly losses: readonly string[]
}

/** An expression that no crontab can say. */
export class NotForCrontab extends Error {}

const RANGES = ['0-59', '0-23', '1-31', '1-12', '0-6']

/**
 * The five fields by which cron runs at the instants of an expression: numbers for names, ranges for what only Carillon
 * reads.
 *
 * @throws {NotForCrontab} when there are none; the message says why
 */
export function writeTime(
  text: string,
  timezone: string,
  { dst, seed, now }: { readonly dst: DstRule; readonly seed: string; readonly now: number },
): WrittenTime {
  const ours = new CronExpression(text, timezone, { dst, seed })
  const normal = ours.toString().split(' ')
  const fields = withRanges(fiveOf(normal))
  const time = fields.join(' ')
  refuseForeignSyntax(time)

  const at = clockChangeThatDiffers(fields, { cron: normal.join(' '), dst }, timezone, now)
  const losses =
    at === undefined
      ? []
      : [`its rule for clock changes, ${dst}, which matters next on ${at.toISOString().slice(0, 10)}`]
  return { time: text.trim().startsWith('@') ? text.trim() : time, losses }
}

/** The fields without second and year. */
function fiveOf(normal: readonly string[]): Fields {
  const [second = '0', year = '*'] = normal.length === 5 ? [] : [normal[0], normal[6]]
  if (second !== '0') throw new NotForCrontab(`it fires at second ${second}, and cron knows minutes only`)
  if (year !== '*') throw new NotForCrontab(`it fires in the years ${year} only, and cron knows no years`)
  return (normal.length === 5 ? normal : normal.slice(1, 6)) as unknown as Fields
}

/** Writes what cron would read otherwise as ranges: `a/n`, and stars in day fields of which either is enough. */
function withRanges(fields: Fields): Fields {
  const bothDays = fields[4].startsWith('+')
  const plain = fields
    .with(4, fields[4].replace(/^\+/, ''))
    .map((field, i) => field.replaceAll(/(^|,)(\d+)\/(\d+)/g, `$1$2-${RANGES[i]!.split('-')[1]}/$3`))
  const [, , dayOfMonth = '', , dayOfWeek = ''] = plain
  const isRestricted = dayOfMonth !== '*' && dayOfWeek !== '*'
  if (!isRestricted) return plain as unknown as Fields

  if (!bothDays) {
    return plain.map((field, i) =>
      i === 2 || i === 4 ? field.replaceAll(/(^|,)\*/g, `$1${RANGES[i]}`) : field,
    ) as unknown as Fields
  }
  if (startsWithStar(dayOfMonth) || startsWithStar(dayOfWeek)) return plain as unknown as Fields
  throw new NotForCrontab('it asks for both days, and cron is content with either')
}

function refuseForeignSyntax(time: string): void {
  try {
    checkExpression(time, 'UTC', { syntax: 'standard' })
  } catch (error) {
    if (!(error instanceof CronSyntaxError)) throw error
    throw new NotForCrontab(`cron does not know such an expression: ${error.message}`)
  }
}
