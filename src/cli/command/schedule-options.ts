import type { Command } from 'commander'
import type { CronSyntax, DstRule } from '../../cron/index.ts'
import type { Duration } from '../../clock/duration.ts'
import { OVERLAP_WORDS } from '../../schedule/overlap.ts'
import type { PolicyInput, RecurrenceInput } from '../../schedule/schedule-input.ts'
import { InvalidInputError } from '../../errors.ts'
import { fraction, gather, json, oneOf, wholeNumber } from '../arguments.ts'
import type { WorkOptions } from '../work-input.ts'
import { dstRule } from './next.ts'

/** The options that `schedule add` and `schedule edit` share. */
export interface ScheduleOptions extends WorkOptions {
  readonly cron?: readonly string[]
  readonly timezone?: string
  readonly dst?: DstRule
  readonly syntax?: CronSyntax
  readonly except?: readonly string[]
  readonly every?: string
  readonly anchor?: string
  readonly at?: string

  readonly group?: string
  readonly note?: string
  readonly queue?: string
  readonly startsAt?: string
  readonly endsAt?: string
  readonly maxRuns?: number
  readonly whenFinished?: PolicyInput['whenFinished']
  readonly spread?: Duration
  readonly jitter?: Duration
  readonly catchUp?: Duration
  readonly catchUpPolicy?: 'all' | 'latest'
  readonly catchUpMax?: number
  readonly retries?: number
  readonly backoff?: Duration
  readonly backoffJitter?: number
  readonly pauseAfter?: number
  readonly expectWithin?: Duration
  readonly timeout?: string
  readonly overlap?: PolicyInput['overlap']
  readonly maxRunning?: number
  readonly mutex?: string
  readonly minimumBreak?: Duration
}

/** Adds the options that say when, what and how. */
export function withScheduleOptions(command: Command): Command {
  return command
    .optionsGroup('When:')
    .option('--cron <expression>', "a cron expression: '*/15 9-17 * * MON-FRI'; may be repeated", gather)
    .option('--timezone <zone>', 'IANA name of the time zone of --cron; default UTC')
    .option(
      '--dst <rule>',
      'rule of --cron for clock changes: shift (default), vixie, skip, literal',
      dstRule,
    )
    .option(
      '--syntax <syntax>',
      'how --cron is read: standard or extended (default)',
      oneOf('--syntax', ['standard', 'extended']),
    )
    .option('--except <date>', 'a date on which --cron does not run: 2026-12-25; may be repeated', gather)
    .option('--every <duration>', 'a fixed interval of 1s or more: 90s, 5m, 1h30m')
    .option('--anchor <instant>', 'what --every counts from; default 1970-01-01T00:00:00Z')
    .option('--at <instant>', 'once, at an instant with its offset: 2026-03-29T09:00:00+02:00')

    .optionsGroup('What:')
    .option('--job <name>', 'a job of the config file')
    .option(
      '--payload <json>',
      'what the job is given: \'{"user": 42}\'',
      json('--payload', `'{"user": 42}'`),
    )
    .option(
      '--command <line>',
      "a program with its arguments: 'pg_dump -Fc app'; also given as -- pg_dump -Fc app",
    )
    .option('--shell', 'hand the line of --command to /bin/sh')
    .option('--cwd <folder>', "the command's working directory; default that of the server")
    .option('--env <name=value>', 'added to the environment of the command; may be repeated', gather)

    .optionsGroup('How:')
    .option('--group <name>', 'a name to list schedules by')
    .option('--note <text>', 'text for people')
    .option('--queue <name>', 'a queue of the config file; default "default"')
    .option('--starts-at <instant>', 'no run is earlier')
    .option('--ends-at <instant>', 'no run is later')
    .option('--max-runs <n>', 'how many runs in all', wholeNumber('--max-runs', 1))
    .option('--spread <duration>', 'delay runs by a part of this that is stable for the key', orZero)
    .option('--jitter <duration>', 'delay each run by a part of this that is another one each time', orZero)
    .option(
      '--catch-up <duration>',
      'run what was missed while no server was up, if it is younger than this',
      orZero,
    )
    .option(
      '--catch-up-policy <policy>',
      'all of it (default) or only the latest',
      oneOf('--catch-up-policy', ['all', 'latest']),
    )
    .option('--catch-up-max <n>', 'how many missed runs at most', wholeNumber('--catch-up-max', 1))
    .option(
      '--retries <n>',
      'how many more attempts a failed run gets; default 0',
      wholeNumber('--retries', 0),
    )
    .option(
      '--backoff <duration>',
      'the wait after the first failure, doubled each time; default 10s',
      orZero,
    )
    .option(
      '--backoff-jitter <fraction>',
      'the part of each wait, 0 to 1, by which it may be shorter, with --backoff; default 0',
      fraction('--backoff-jitter'),
    )
    .option(
      '--pause-after <n>',
      'pause the schedule once so many of its runs in a row have failed; default never',
      wholeNumber('--pause-after', 1),
    )
    .option(
      '--expect-within <duration>',
      'tell a human when a run has not ended so long after it was due; default never',
    )
    .option('--timeout <duration>', 'how long an attempt may take; default no limit')
    .option(
      '--overlap <policy>',
      'when a run falls due while another is under way: allow (default), skip, queue-one, queue-all, replace',
      oneOf('--overlap', OVERLAP_WORDS),
    )
    .option(
      '--max-running <n>',
      'how many may be under way, with --overlap; default 1',
      wholeNumber('--max-running', 1),
    )
    .option('--mutex <name>', 'count the runs of all schedules with this name, with --overlap')
    .option('--minimum-break <duration>', 'the time between two runs at least, with --overlap', orZero)
    .option(
      '--when-finished <what>',
      'when no run is left and the last one has ended: keep (default) or remove',
      oneOf('--when-finished', ['keep', 'remove']),
    )
    .optionsGroup('Options:')
}

/** When and how, as the catalog takes it; only what was given. */
export function timingAndPolicy(options: ScheduleOptions): RecurrenceInput & PolicyInput {
  const { timezone, dst, syntax, except, every, anchor, at } = options
  const { group, note, queue, startsAt, endsAt, maxRuns, spread, jitter, retries, timeout, pauseAfter } =
    options
  const { overlap, maxRunning, mutex, minimumBreak, expectWithin } = options
  const cron = options.cron?.length === 1 ? options.cron[0] : options.cron
  const when = { cron, timezone, dst, syntax, except, every, anchor, at }
  const timing = { ...when, startsAt, endsAt, maxRuns, spread, jitter }
  const policy = {
    group,
    note,
    queue,
    whenFinished: options.whenFinished,
    retries,
    timeout,
    pauseAfter,
    expectWithin,
    catchUp: catchUpOf(options),
    backoff: backoffOf(options),
  }
  const guard = { overlap, maxRunning, mutex, minimumBreak }
  const given = Object.entries({ ...timing, ...policy, ...guard }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

function catchUpOf({ catchUp, catchUpPolicy, catchUpMax }: ScheduleOptions): PolicyInput['catchUp'] {
  if (catchUp === undefined && (catchUpPolicy ?? catchUpMax) !== undefined)
    throw new InvalidInputError('--catch-up-policy and --catch-up-max go with --catch-up', '--catch-up')

  if (catchUp === undefined || (catchUpPolicy ?? catchUpMax) === undefined) return catchUp
  return { within: catchUp, policy: catchUpPolicy, max: catchUpMax }
}

function backoffOf({ backoff, backoffJitter: jitter }: ScheduleOptions): PolicyInput['backoff'] {
  if (backoff !== undefined) return { initial: backoff, jitter }
  if (jitter === undefined) return undefined
  throw new InvalidInputError(
    '--backoff-jitter goes with --backoff, whose wait it makes shorter',
    '--backoff-jitter',
  )
}

/** `0` needs no unit. */
function orZero(text: string): Duration {
  return text === '0' ? 0 : text
}
