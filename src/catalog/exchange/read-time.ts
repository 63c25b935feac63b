import { CronExpression, CronSyntaxError, type DstRule } from '../../cron/index.ts'
import {
  asksForBothDays,
  checkExpression,
  clockChangeThatDiffers,
  dstRuleOf,
  fieldsOf,
  PLAIN_RANGES,
  type Fields,
} from './cron-rules.ts'
import { RefusedLine, type CrontabRemark } from './crontab-warning.ts'

/** When a line runs, as a schedule says it, and what is not the same as in cron. */
export interface ReadTime {
  readonly cron: string
  readonly dst: DstRule
  readonly remarks: readonly CrontabRemark[]
}

/** Nicknames of FreeBSD's cron. */
const MORE_NICKNAMES: Readonly<Record<string, string>> = { '@every_minute': '* * * * *' }
const RANGES = ['0-59', '0-23', '1-31', '1-12', '0-6']
/** `~`, `a~`, `~b`, `a~b`, each with a step or without. */
const RANDOM = /^(\w*)~(\w*)(\/\d+)?$/

/**
 * Reads the time of a line.
 *
 * @param now from when on clock changes are looked at
 * @throws {RefusedLine} when it has no meaning here
 */
export function readTime(time: string, timezone: string, now: number): ReadTime {
  try {
    if (time === '@reboot') throw new RefusedLine('reboot', ...REBOOT)
    const nickname = time.startsWith('@') ? (MORE_NICKNAMES[time] ?? time) : undefined
    if (nickname !== undefined) return readNickname(nickname, timezone, now)
    return time.includes('~') ? readRandom(time, timezone) : readFields(fieldsOf(time), timezone, now)
  } catch (error) {
    if (!(error instanceof CronSyntaxError)) throw error
    const { message, suggestion } = error
    const problem = suggestion === undefined ? message : message.slice(0, -`: ${suggestion}`.length)
    throw new RefusedLine('syntax', problem, suggestion ?? 'mend the line')
  }
}

const REBOOT = [
  'a schedule that outlives its servers has no moment at which the machine starts',
  'start it with the machine: a systemd unit, say',
] as const

function readNickname(cron: string, timezone: string, now: number): ReadTime {
  const fields = fieldsOf(new CronExpression(cron, timezone).toString())
  const dst = dstRuleOf(fields)
  return { cron, dst, remarks: clockChange(fields, { cron: fields.join(' '), dst }, timezone, now) }
}

function readFields(fields: Fields, timezone: string, now: number): ReadTime {
  const written = fields.join(' ')
  // Judged as cron's own syntax, since a crontab that uses more than that was not one.
  checkExpression(written, timezone, { syntax: 'standard' })

  const bothDays = asksForBothDays(fields)
  const cron = bothDays ? fields.with(4, `+${fields[4]}`).join(' ') : written
  const dst = dstRuleOf(fields)
  const remarks = [
    ...startSteps(fields),
    ...(bothDays ? [starStep(fields)] : []),
    ...clockChange(fields, { cron, dst }, timezone, now),
  ]
  return { cron, dst, remarks }
}

/** `a/n` runs nowhere in Vixie's cron, but in others. */
function startSteps(fields: Fields): readonly CrontabRemark[] {
  const found = fields.flatMap((field) => field.split(',')).find((item) => /^\w+\/\d+$/.test(item))
  if (found === undefined) return []
  return [
    {
      code: 'start-step',
      differs: `cron refuses or misreads ${found}; here it begins with the first value and goes on to the end of the field`,
      remedy: 'nothing, if that was meant',
    },
  ]
}

function starStep([, , dayOfMonth, , dayOfWeek]: Fields): CrontabRemark {
  const star = dayOfMonth.startsWith('*') ? dayOfMonth : dayOfWeek
  return {
    code: 'star-step',
    differs: `to cron ${star} is a star, so that both day fields have to match; here either would do`,
    remedy: `nothing: it is taken over with a + before the day of week, +${dayOfWeek}, which asks for both`,
  }
}

function clockChange(
  fields: Fields,
  ours: { readonly cron: string; readonly dst: DstRule },
  timezone: string,
  now: number,
): readonly CrontabRemark[] {
  const at = clockChangeThatDiffers(fields, ours, timezone, now)
  if (at === undefined) return []

  const [, hour] = fields
  const stepped = hour.replaceAll(PLAIN_RANGES, '$&/1')
  return [
    {
      code: 'clock-change',
      differs: `when the clock in ${timezone} changes, as next on ${at.toISOString().slice(0, 10)}, a range of hours goes on through the repeated or skipped one here, and not in cron`,
      remedy: `write the hours as ${stepped} to have them as cron does`,
    },
  ]
}

/** A random value becomes one that is drawn once, from the key. */
function readRandom(time: string, timezone: string): ReadTime {
  const fields = fieldsOf(time)
  const standard = mapItems(fields, (item, range) => rangeOf(item, range) ?? item)
  checkExpression(standard.join(' '), timezone, { syntax: 'standard' })

  const drawn = mapItems(fields, (item, range) => {
    const written = rangeOf(item, range)
    if (written === undefined) return item
    const [values = '', step] = written.split('/')
    return `${values === '*' ? 'H' : `H(${values})`}${step === undefined ? '' : `/${step}`}`
  })
  const bothDays = asksForBothDays(fields)
  const cron = (bothDays ? drawn.with(4, `+${drawn[4]}`) : drawn).join(' ')
  checkExpression(cron, timezone, { seed: '-' })
  return {
    cron,
    dst: dstRuleOf(drawn),
    remarks: [
      ...(bothDays ? [starStep(fields)] : []),
      {
        code: 'random',
        differs:
          'cron draws a random time each time it reads the crontab; here H stands for one that is drawn once, from the key',
        remedy: 'nothing, if the point is to spread the load',
      },
    ],
  }
}

function rangeOf(item: string, range: string): string | undefined {
  const match = RANDOM.exec(item)
  if (match === null) return undefined
  const [, from = '', to = '', step = ''] = match
  const [least, most] = range.split('-')
  return from === '' && to === '' ? `*${step}` : `${from || least}-${to || most}${step}`
}

function mapItems(fields: Fields, map: (item: string, range: string) => string): Fields {
  return fields.map((field, i) =>
    field
      .split(',')
      .map((item) => map(item, RANGES[i]!))
      .join(','),
  ) as unknown as Fields
}
