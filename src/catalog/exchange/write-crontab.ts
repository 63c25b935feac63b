import { SystemClock } from '../../clock/system-clock.ts'
import { formatDuration } from '../../clock/duration.ts'
import { seedOf } from '../../schedule/schedule-identity.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import type { Schedule } from '../schedule-view.ts'
import { oneLineOf } from './comment-text.ts'
import { intervalCron } from './interval-cron.ts'
import { writeCommand } from './write-command.ts'
import { NotForCrontab, writeTime } from './write-time.ts'

/** What a schedule loses in a crontab. */
export interface CrontabLoss {
  readonly key: string
  /** What a crontab cannot say of it. */
  readonly losses: readonly string[]
  /** Whether it is left out, as a comment. */
  readonly isLeftOut: boolean
}

/** Schedules as a crontab. */
export interface WrittenCrontab {
  readonly text: string
  readonly warnings: readonly CrontabLoss[]
}

/** Longer commands are cut or refused by Vixie's cron. */
const LONGEST_COMMAND = 998

const HEAD = `# Written by carillon schedule export.
# Times are in the zone of the CRON_TZ= above them: cronie reads that, Debian's cron does not.
# Commands find the directory and the PATH that cron gives them, not those of a Carillon server.
`

/**
 * Writes schedules as a crontab. What it cannot say of a schedule stands in a comment before its line, and what it
 * cannot say at all is left out, as a comment with the reason.
 *
 * @param now from when on clock changes are looked at; now by default
 */
export function writeCrontab(
  schedules: Iterable<Schedule>,
  { now }: { now?: Date | number | undefined } = {},
): WrittenCrontab {
  const writer = new CrontabWriter(now)
  const warnings: CrontabLoss[] = []
  let text = writer.head
  for (const schedule of schedules) {
    const written = writer.write(schedule)
    text += written.text
    if (written.loss !== undefined) warnings.push(written.loss)
  }
  return { text, warnings }
}

/** Writes a crontab schedule by schedule, for those that are too many to have at once. */
export class CrontabWriter {
  readonly head = HEAD
  readonly #now: number
  #zone: string | undefined

  constructor(now: Date | number = new SystemClock().now()) {
    this.#now = Number(now)
  }

  /** The lines of one more schedule. */
  write(schedule: Schedule): { readonly text: string; readonly loss: CrontabLoss | undefined } {
    const { key } = schedule
    try {
      const { lines, losses, timezone } = this.#linesOf(schedule)
      const zone = timezone === this.#zone ? '' : `\nCRON_TZ=${timezone}\n`
      this.#zone = timezone
      const lost = losses.map((loss) => comment(`lost: ${loss}`)).join('')
      const loss = losses.length === 0 ? undefined : { key, losses, isLeftOut: false }
      return { text: `${zone}\n${comment(key)}${lost}${lines.map((line) => `${line}\n`).join('')}`, loss }
    } catch (error) {
      if (!(error instanceof NotForCrontab)) throw error
      const losses = [error.message]
      const text = `\n${comment(key)}${comment(`left out: ${error.message}`)}`
      return { text, loss: { key, losses, isLeftOut: true } }
    }
  }

  #linesOf(schedule: Schedule) {
    refuseWithoutRuns(schedule)
    if (schedule.job !== COMMAND_JOB)
      throw new NotForCrontab(`it runs the job "${schedule.job}", which is code, and cron runs programs`)

    const command = writeCommand(schedule.payload)
    const { times, timezone, losses } = this.#timesOf(schedule)
    const long =
      command.length > LONGEST_COMMAND
        ? [`its command has ${command.length} characters, which is too much for some crons`]
        : []
    const lines = times.map((time) => `${time} ${command}`)
    return { lines, timezone, losses: [...losses, ...policiesOf(schedule), ...long] }
  }

  #timesOf(schedule: Schedule) {
    const { cron, timezone = 'UTC', dst = 'shift', everyMs, anchor } = schedule
    if (everyMs !== undefined) {
      const time = intervalCron(everyMs, anchor?.getTime() ?? 0)
      if (time !== undefined) return { times: [time], timezone: 'UTC', losses: [] }
      throw new NotForCrontab(
        `it runs every ${formatDuration(everyMs)}, and the steps of cron begin anew with each hour and each day`,
      )
    }
    if (cron === undefined) throw new NotForCrontab('it runs once, and cron knows no years')

    const expressions = typeof cron === 'string' ? [cron] : cron
    const written = expressions.map((text) =>
      writeTime(text, timezone, { dst, seed: seedOf(schedule), now: this.#now }),
    )
    const several =
      written.length > 1 ? ['an instant that several of its expressions name runs it several times'] : []
    const losses = new Set([...several, ...written.flatMap((time) => time.losses)])
    return { times: written.map(({ time }) => time), timezone, losses: [...losses] }
  }
}

function refuseWithoutRuns({ origin, state, reason, nextRunAt }: Schedule): void {
  if (origin === 'code') throw new NotForCrontab('it is declared by code, which brings it along')
  if (state === 'paused') throw new NotForCrontab('it is paused')
  if (state === 'broken') throw new NotForCrontab(`it is broken: ${reason ?? 'for an unknown reason'}`)
  if (nextRunAt === undefined) throw new NotForCrontab('it has no run left')
}

/** What a schedule says besides time and command, and a crontab cannot. */
function policiesOf(schedule: Schedule): string[] {
  const { catchUp, overlap, mutex, spreadMs, jitterMs, startsAt, endsAt, maxRuns, except = [] } = schedule
  const { retries, pauseAfter, timeoutMs, whenFinished, queue, group, note } = schedule
  const losses: readonly (string | false | undefined)[] = [
    except.length > 0 && `the dates on which it does not run, ${except.join(', ')}`,
    startsAt && `its first instant, ${startsAt.toISOString()}`,
    endsAt && `its last instant, ${endsAt.toISOString()}`,
    maxRuns !== undefined && `its limit of ${maxRuns} runs`,
    spreadMs > 0 && `its spread over ${formatDuration(spreadMs)}`,
    jitterMs > 0 && `its jitter of ${formatDuration(jitterMs)}`,
    catchUp.withinMs > 0 && `its catch-up of ${formatDuration(catchUp.withinMs)}`,
    overlap !== 'allow' &&
      `its overlap policy, ${overlap}${mutex === undefined ? '' : ` with the mutex ${mutex}`}`,
    retries > 0 && `its ${retries} retries`,
    pauseAfter !== undefined && `its pause after ${pauseAfter} failures in a row`,
    whenFinished === 'remove' && 'its removal when it has finished',
    timeoutMs !== undefined && `its timeout of ${formatDuration(timeoutMs)}`,
    queue !== 'default' && `its queue, ${queue}`,
    group !== undefined && `its group, ${group}`,
    note !== undefined && `its note: ${note}`,
  ]
  return losses.filter((loss) => typeof loss === 'string')
}

function comment(text: string): string {
  return `# ${oneLineOf(text)}\n`
}
