import { SystemClock } from '../../clock/system-clock.ts'
import { formatDuration } from '../../clock/duration.ts'
import { InvalidInputError } from '../../errors.ts'
import type { ScheduleInput } from '../../schedule/schedule-input.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import { checkExpression } from './cron-rules.ts'
import { commandPayload, jobPayload, readCommand } from './crontab-command.ts'
import { CrontabEnvironment, refuseUnknownZone } from './crontab-environment.ts'
import { CrontabKeys } from './crontab-key.ts'
import { readLine, type CrontabLine } from './crontab-line.ts'
import { RefusedLine, shownLine, type CrontabRemark, type CrontabWarning } from './crontab-warning.ts'
import { readTime } from './read-time.ts'

/** How a crontab is read. */
export interface CrontabOptions {
  /** The zone of the lines before any `CRON_TZ=` or `TZ=`; UTC by default. Cron itself takes that of its machine. */
  readonly timezone?: string | undefined
  /** The job that each line becomes, with the command in its payload; the built-in `command` by default. */
  readonly job?: string | undefined
  /** The group of the schedules. */
  readonly group?: string | undefined
  /** Whether a user stands before each command, as in `/etc/crontab` and `/etc/cron.d`. */
  readonly system?: boolean | undefined
  /** From when on clock changes are looked at; now by default. */
  readonly now?: Date | number | undefined
}

/** A schedule that stands for a line of a crontab. */
export type CrontabSchedule = ScheduleInput & { readonly key: string }

/** What a crontab says. */
export interface CrontabReading {
  /** A schedule for each line that has one, in their order, ready for `scheduleMany`. */
  readonly schedules: readonly CrontabSchedule[]
  /** What does not mean the same here, in the order of the lines. */
  readonly warnings: readonly CrontabWarning[]
}

/** Longer lines are refused unread. Vixie's cron takes 1,000 characters, cronie 131,072. */
const LONGEST_LINE = 32_768

/**
 * Reads a crontab. A line with a fault is left out and told of in the warnings; so is everything that cron would do
 * otherwise.
 *
 * A key is derived from group, user and command, so that the same line has the same key each time; see `CrontabKeys`.
 *
 * @throws {InvalidInputError} when the text is no text, or an option is not valid
 * @throws {UnknownZoneError} when the runtime does not know the zone that is given
 * @see docs/guides/coming-from-crontab.md
 */
export function readCrontab(text: string, options: CrontabOptions = {}): CrontabReading {
  if (text.includes('\0'))
    throw new InvalidInputError('the crontab holds NUL characters: it is no text', 'text')

  const reader = new CrontabReader(options)
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const [i, line] of lines.entries()) reader.read(line, i + 1)
  return reader.end(lines)
}

class CrontabReader {
  readonly #options: CrontabOptions
  readonly #now: number
  readonly #environment: CrontabEnvironment
  readonly #keys = new CrontabKeys()
  readonly #schedules: CrontabSchedule[] = []
  readonly #warnings: CrontabWarning[] = []
  #isIncomplete = false

  constructor(options: CrontabOptions) {
    // A zone that the caller gives is the caller's fault, not that of a line.
    checkExpression('@daily', options.timezone ?? 'UTC')
    this.#options = options
    this.#now = Number(options.now ?? new SystemClock().now())
    this.#environment = new CrontabEnvironment(options.timezone ?? 'UTC')
  }

  /** Reads one more line. */
  read(text: string, line: number): void {
    try {
      for (const remark of this.#remarksOn(text)) this.#warn(remark, text, line, false)
    } catch (error) {
      if (!(error instanceof RefusedLine)) throw error
      this.#warn(error.remark, text, line, true)
    }
  }

  end(lines: readonly string[]): CrontabReading {
    const warnings = [...this.#warnings]
    if (this.#isIncomplete) warnings.unshift(aboutAll(ENVIRONMENT))
    if (lines.some((line) => line.endsWith('\r'))) warnings.unshift(aboutAll(LINE_ENDS))
    const last = lines.at(-1)!.trim()
    if (last !== '' && !last.startsWith('#'))
      warnings.push({ ...LAST_LINE, line: lines.length, text: shownLine(last), isRefused: false })
    return { schedules: this.#schedules, warnings }
  }

  #remarksOn(text: string): readonly CrontabRemark[] {
    if (text.length > LONGEST_LINE)
      throw new RefusedLine(
        'too-long',
        `the line has ${text.length} characters; ${LONGEST_LINE} are the most`,
        'put the command into a script',
      )
    const line = readLine(text)
    switch (line.kind) {
      case 'blank':
        return []
      case 'variable':
        return this.#environment.set(line.name, line.value)
      case 'fault':
        throw new RefusedLine(
          'syntax',
          'the line is neither a time and a command nor a variable',
          'write minute hour day-of-month month day-of-week command',
        )
      case 'entry':
        return this.#entry(line)
    }
  }

  #entry({ time, rest, isUnlogged }: CrontabLine & { kind: 'entry' }): readonly CrontabRemark[] {
    const environment = this.#environment
    const { group, job = COMMAND_JOB, system = false } = this.#options
    const { timezone } = environment
    refuseUnknownZone(timezone)

    const { cron, dst, remarks } = readTime(time, timezone, this.#now)
    const { user, flags, command } = readRest(rest, system)
    const wanted = readCommand(command)
    const isCommand = job === COMMAND_JOB
    const { shell, home: cwd, variables: env, delayMinutes } = environment
    this.#isIncomplete ||= isCommand && !environment.isComplete
    this.#schedules.push({
      key: this.#keys.next({ group, user, command }),
      cron,
      timezone,
      dst,
      job,
      payload: isCommand ? commandPayload(wanted, { shell, cwd, env }) : jobPayload(wanted, user, env),
      ...(group === undefined ? {} : { group }),
      ...(delayMinutes > 0 ? { spread: formatDuration(delayMinutes * 60_000) } : {}),
      ...(flags.includes('s') ? { overlap: 'skip' as const } : {}),
    })
    return [
      ...remarks,
      ...(isUnlogged ? [UNLOGGED] : []),
      ...(user !== undefined && isCommand ? [runsAs(user)] : []),
      ...(user === undefined && /^root\s/.test(command) ? [SYSTEM] : []),
      ...(flags === '' ? [] : [flagsOf(flags)]),
      ...(wanted.input === undefined ? [] : [STDIN]),
      ...(command.endsWith('\\') ? [CONTINUATION] : []),
    ]
  }

  #warn(remark: CrontabRemark, text: string, line: number, isRefused: boolean): void {
    this.#warnings.push({ ...remark, line, text: shownLine(text), isRefused })
  }
}

/** Takes apart what stands behind the time. */
function readRest(rest: string, system: boolean) {
  const [, user, behind = ''] = system ? (/^(\S+)(?:\s+(.*))?$/s.exec(rest) ?? []) : [rest, undefined, rest]
  // BSD's cron takes flags before the command; no program is called so.
  const [, flags = '', command = ''] = /^(?:-([nqs]+)\s+)?(.*)$/s.exec(behind) ?? []
  if (command.startsWith('*') && !system)
    throw new RefusedLine('sixth-field', 'there are six fields, and cron has five', 'remove one')
  if (command === '' || command.startsWith('%')) {
    const missing = system ? 'a user and a command' : 'a command'
    throw new RefusedLine('no-command', `there is no command behind the time`, `write ${missing} behind it`)
  }
  return { user, flags, command }
}

function aboutAll(remark: CrontabRemark): CrontabWarning {
  return { ...remark, line: undefined, text: '', isRefused: false }
}

function runsAs(user: string): CrontabRemark {
  return {
    code: 'user',
    differs: `cron runs it as ${user}; Carillon runs it as the user of the server`,
    remedy: `start a server as ${user}, or have the command change the user: sudo -u ${user} …`,
  }
}

function flagsOf(flags: string): CrontabRemark {
  const overlap = flags.includes('s') ? '; -s is taken over as overlap skip' : ''
  return {
    code: 'flags',
    differs: `-${flags} is a flag for cron in BSD, and is not part of the command${overlap}`,
    remedy: 'nothing, if that was meant',
  }
}

const UNLOGGED: CrontabRemark = {
  code: 'unlogged',
  differs:
    'the - before the time keeps the run out of the log of cron; Carillon keeps its history all the same',
  remedy: 'nothing',
}

const SYSTEM: CrontabRemark = {
  code: 'system',
  differs: 'the command begins with root, as if it were the user column of a system crontab',
  remedy: 'import it with --system (option system), if that is so',
}

const STDIN: CrontabRemark = {
  code: 'stdin',
  differs:
    'what follows the first % is no part of the command, but what it is given to read; it is handed over by printf here',
  remedy: 'nothing, if that was meant; a percent sign in the command is written \\%',
}

const CONTINUATION: CrontabRemark = {
  code: 'continuation',
  differs: 'the line ends with a backslash, but neither cron nor Carillon goes on with the next line',
  remedy: 'write the command on one line',
}

const ENVIRONMENT: CrontabRemark = {
  code: 'environment',
  differs:
    'cron runs commands in the home directory of their user, with PATH=/usr/bin:/bin, and mails what they print; Carillon runs them in the directory and with the environment of its server, and keeps what they print with the run',
  remedy: 'write HOME= and PATH= into the crontab, or whole paths into the commands',
}

const LINE_ENDS: CrontabRemark = {
  code: 'line-ends',
  differs:
    'the lines end as on Windows, and cron would take that for a part of the commands; here it is left away',
  remedy: 'nothing',
}

const LAST_LINE: CrontabRemark = {
  code: 'last-line',
  differs: 'the last line has no line end, so that cron ignores it or refuses the crontab; here it counts',
  remedy: 'remove it if it was not meant to run',
}
