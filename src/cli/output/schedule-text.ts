import type { Schedule } from '../../catalog/schedule-view.ts'
import { formatDuration } from '../../clock/duration.ts'
import { failedInARowText } from '../../schedule/failed-in-a-row.ts'
import { zonedTime } from '../../clock/time-text.ts'
import { CronExpression } from '../../cron/index.ts'
import type { Json } from '../../schedule/json.ts'
import { seedOf } from '../../schedule/schedule-identity.ts'
import { COMMAND_JOB } from '../../task/command-job.ts'
import { formatCommandLine } from '../../task/command-line.ts'
import { pauseText } from './pause-text.ts'
import { findingsText } from './expression-text.ts'
import { instantsText } from './instants-text.ts'
import type { Style } from './style.ts'
import { properties, shorten, table } from './table.ts'
import { absoluteTime, localZone, relativeTime } from './time.ts'
import { oneLine } from './visible.ts'

/** Schedules in a table. */
export function scheduleTable(schedules: readonly Schedule[], now: number, style: Style): string {
  if (schedules.length === 0) return 'No schedules. Add one with carillon schedule add.'

  const rows = schedules.map((schedule) => [
    style.bold(shorten(schedule.key, 40)),
    stateText(schedule, style),
    whenText(schedule),
    schedule.nextRunAt === undefined ? '-' : relativeTime(schedule.nextRunAt, now),
    schedule.nextRunAt === undefined ? '-' : absoluteTime(schedule.nextRunAt),
    schedule.group ?? '-',
    workText(schedule),
  ])
  const head = ['KEY', 'STATE', 'WHEN', 'NEXT RUN', `(${localZone()})`, 'GROUP', 'RUNS']
  return table(head, rows, style)
}

/** What a change has made of a schedule, and when that runs. */
export function savedText(
  verb: string,
  schedule: Schedule,
  next: readonly Date[],
  now: number,
  style: Style,
): string {
  const line = `${verb} ${style.bold(schedule.key)}: ${whenText(schedule)}, ${workText(schedule)}`
  return [oneLine(line), nextText(schedule, next, now, style)].join('\n')
}

/** What the author of its cron expressions may not have thought of; empty when there is nothing. */
export function notesText(schedule: Schedule, now: number): string {
  const expressions = cronOf(schedule)
  const notes = expressions.map((expression) => {
    const text = findingsText(expression, now)
    return expressions.length === 1 || text === ''
      ? text
      : text.replaceAll(/^Note: /gm, `Note on ${expression.expression}: `)
  })
  return notes.filter((text) => text !== '').join('\n')
}

/** All there is to know about a schedule. */
export function scheduleDetails(
  schedule: Schedule,
  next: readonly Date[],
  now: number,
  style: Style,
): string {
  const { catchUp, backoff } = schedule
  const facts = properties(
    [
      ['when', whenText(schedule)],
      ['in words', inWords(schedule)],
      ['except on', schedule.except?.join(', ') || undefined],
      ['clock changes', schedule.dst],
      ['syntax', schedule.syntax === 'standard' ? 'standard' : undefined],
      ['runs', workText(schedule)],
      ['folder', commandOf(schedule)?.cwd],
      ['environment', Object.keys(commandOf(schedule)?.env ?? {}).join(', ') || undefined],
      ['payload', schedule.job === COMMAND_JOB ? undefined : JSON.stringify(schedule.payload)],
      ['group', schedule.group],
      ['namespace', schedule.namespace],
      ['paused', schedule.pause && pauseText(schedule.pause)],
      ['note', schedule.note],
      ['not before', schedule.startsAt && timeText(schedule.startsAt, now)],
      ['not after', schedule.endsAt && timeText(schedule.endsAt, now)],
      ['runs in all', schedule.maxRuns?.toString()],
      ['spread over', schedule.spreadMs === 0 ? undefined : formatDuration(schedule.spreadMs)],
      ['jitter', schedule.jitterMs === 0 ? undefined : `up to ${formatDuration(schedule.jitterMs)}`],
      ['catch-up', catchUpText(catchUp)],
      ['retries', retriesText(schedule.retries, backoff)],
      ['pause', pauseAfterText(schedule)],
      ['expected', expectedText(schedule)],
      ['overlap', overlapText(schedule)],
      ['timeout', schedule.timeoutMs === undefined ? 'none' : formatDuration(schedule.timeoutMs)],
      ['when finished', schedule.whenFinished === 'keep' ? undefined : 'it is removed'],
      ['queue', schedule.queue],
      ['revision', `${schedule.revision} (generation ${schedule.generation})`],
      ['added', timeText(schedule.createdAt, now)],
      ['changed', timeText(schedule.updatedAt, now)],
    ],
    style,
  )
  const title = `${style.bold(schedule.key)} is ${stateText(schedule, style)}`
  return [oneLine(title), facts, '', nextText(schedule, next, now, style)].join('\n')
}

/** When a schedule runs: `0 2 * * * in Europe/Berlin`, `every 5m`, `once at …`. */
function whenText(schedule: Schedule): string {
  const { cron, timezone = 'UTC', everyMs, at, state } = schedule
  if (cron !== undefined) return `${expressionsOf(schedule).join(' or ')} in ${timezone}`
  if (everyMs !== undefined) return `every ${formatDuration(everyMs)}`
  if (at !== undefined) return `once at ${zonedTime(at, localZone())}`
  return state === 'broken' ? 'unreadable' : 'never'
}

/** What cron expressions say. */
function inWords(schedule: Schedule): string | undefined {
  const sentences = cronOf(schedule).map((expression) => expression.describe())
  return sentences.length === 0 ? undefined : sentences.join('; ')
}

/** Its expressions, as they are read; none when they cannot be. */
function cronOf(schedule: Schedule): CronExpression[] {
  if (schedule.state === 'broken') return []
  const { timezone, syntax, dst } = schedule
  const seed = seedOf(schedule)
  return expressionsOf(schedule).map((text) => new CronExpression(text, timezone, { syntax, dst, seed }))
}

function expressionsOf({ cron = [] }: Schedule): readonly string[] {
  return typeof cron === 'string' ? [cron] : cron
}

/** What a schedule runs: a command line, or the name of a job. */
function workText(schedule: Schedule): string {
  const command = commandOf(schedule)
  if (command === undefined) return `job ${schedule.job}`

  const { program, args = [], shell } = command
  return shell === true ? `sh -c ${formatCommandLine([program])}` : formatCommandLine([program, ...args])
}

function stateText({ state, reason, nextRunAt, pause }: Schedule, style: Style): string {
  if (state === 'broken') return style.paint('red', `broken: ${reason ?? 'for an unknown reason'}`)
  if (state === 'paused') {
    const why = reason === undefined ? '' : `: ${reason}`
    const paused = pause?.until === undefined ? `paused${why}` : `paused until ${absoluteTime(pause.until)}`
    return style.paint('yellow', paused)
  }
  return nextRunAt === undefined ? style.dim('finished') : style.paint('green', 'active')
}

function nextText(schedule: Schedule, next: readonly Date[], now: number, style: Style): string {
  if (schedule.state === 'paused') return pausedText(schedule)
  if (schedule.state === 'broken')
    return oneLine(`It is broken: ${schedule.reason ?? 'for an unknown reason'}.`)
  if (next.length === 0) return 'No run is left.'
  const lines = instantsText(next, schedule.timezone ?? localZone(), now, style).split('\n')
  return ['Next runs:', ...lines.map((line) => `  ${line}`)].join('\n')
}

function pausedText({ pause }: Schedule): string {
  if (pause?.with !== undefined) return 'It is paused with others: see carillon schedule pauses.'
  if (pause?.until !== undefined) return `It is paused: nothing runs until ${absoluteTime(pause.until)}.`
  return 'It is paused: nothing runs until carillon schedule resume.'
}

function catchUpText({ withinMs, policy, max }: Schedule['catchUp']): string {
  if (withinMs === 0) return 'none'
  const since = `missed in the last ${formatDuration(withinMs)}`
  return policy === 'latest' ? `the latest run ${since}` : `runs ${since}, the newest ${max} at most`
}

function retriesText(retries: number, { initialMs, factor, maxMs, jitter }: Schedule['backoff']): string {
  if (retries === 0) return 'none'
  const shorter = jitter === 0 ? '' : `; each wait shorter by up to ${Math.round(jitter * 100)} %`
  return `${retries}, after ${formatDuration(initialMs)}, then ${factor} times as long each, at most ${formatDuration(maxMs)}${shorter}`
}

function pauseAfterText({ pauseAfter }: Schedule): string | undefined {
  return pauseAfter === undefined ? undefined : `when ${failedInARowText(pauseAfter)}`
}

function expectedText({ expectWithinMs }: Schedule): string | undefined {
  return expectWithinMs === undefined ? undefined : `to end within ${formatDuration(expectWithinMs)}`
}

function overlapText({ overlap, maxRunning = 1, mutex, minimumBreakMs }: Schedule): string {
  if (overlap === 'allow') return 'allowed'
  const policies = {
    skip: 'further ones are skipped',
    'queue-one': 'one waits, further ones are skipped',
    'queue-all': 'further ones wait',
    replace: 'a further one replaces the oldest',
  }
  const among = mutex === undefined ? '' : ` under the mutex ${mutex}`
  const pause = minimumBreakMs === 0 ? '' : `, ${formatDuration(minimumBreakMs)} apart`
  return `${maxRunning} at a time${among}${pause}; ${policies[overlap]}`
}

function timeText(at: Date, now: number): string {
  return `${zonedTime(at, localZone())} (${relativeTime(at, now)})`
}

interface Command {
  readonly program: string
  readonly args?: readonly string[]
  readonly shell?: boolean
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** The payload of the job `command`, which was checked when it was stored. */
function commandOf({ job, payload }: Schedule): Command | undefined {
  const isCommand =
    job === COMMAND_JOB && typeof payload === 'object' && payload !== null && 'program' in payload
  return isCommand ? (payload as Json as unknown as Command) : undefined
}
