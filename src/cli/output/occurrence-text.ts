import { lengthOfTime } from '../../clock/time-text.ts'
import type { ListedRun, Occurrence } from '../../catalog/occurrence-view.ts'
import type { SkipReason } from '../../schedule/occurrence.ts'
import type { Style } from './style.ts'
import { properties, shorten, table } from './table.ts'
import { absoluteTime, localZone, relativeTime } from './time.ts'
import { oneLine } from './visible.ts'

/** A planned run that is this late waits for a server that does not come. */
const OVERDUE_MS = 5_000
/** Of a longer key, as much is shown in a table. */
const LONGEST_KEY = 40

const REASON: Readonly<Record<SkipReason, string>> = {
  missed: 'missed, too old to catch up',
  overlap: 'the run before was not over',
  superseded: 'the schedule was changed',
  paused: 'the schedule was paused',
  deleted: 'the schedule was deleted',
  expired: 'it came too late',
  quota: 'the quota was used up',
  cancelled: 'it was cancelled',
}

/** What became of runs of one schedule, in a table. */
export function historyTable(occurrences: readonly Occurrence[], now: number, style: Style): string {
  if (occurrences.length === 0) return 'No runs so far.'

  const rows = occurrences.map((occurrence) => [
    absoluteTime(occurrence.dueAt),
    relativeTime(occurrence.dueAt, now),
    outcomeText(occurrence, now, style),
    lateText(occurrence),
    tookText(occurrence, now),
    occurrence.attempt === 0 ? '-' : String(occurrence.attempt),
    occurrence.server === undefined ? '-' : serverName(occurrence.server),
    occurrence.id,
    detailText(occurrence, now),
  ])
  const head = [`DUE (${localZone()})`, '', 'OUTCOME', 'LATE', 'TOOK', 'ATTEMPT', 'SERVER', 'RUN', 'DETAILS']
  return table(head, rows, style)
}

/** What became of runs of many schedules. */
export function runsTable(runs: readonly ListedRun[], now: number, style: Style): string {
  if (runs.length === 0) return 'No such runs.'

  const rows = runs.map((run) => [
    absoluteTime(run.dueAt),
    relativeTime(run.dueAt, now),
    shorten(run.key, LONGEST_KEY),
    outcomeText(run, now, style),
    lateText(run),
    tookText(run, now),
    run.id,
    detailText(run, now),
  ])
  return table([`DUE (${localZone()})`, '', 'KEY', 'OUTCOME', 'LATE', 'TOOK', 'RUN', 'DETAILS'], rows, style)
}

/** One run, with the whole of its error and of what it printed. */
export function occurrenceDetails(key: string, occurrence: Occurrence, now: number, style: Style): string {
  const { error, server, attempt } = occurrence
  const output = outputOf(occurrence)
  const facts = properties(
    [
      ['late', lateText(occurrence)],
      ['took', tookText(occurrence, now)],
      ['attempt', String(attempt)],
      ['server', server],
      ['error', error?.message],
      ['result', output === undefined ? resultText(occurrence) : undefined],
    ],
    style,
  )
  const printed = output === undefined || output === '' ? [] : [style.dim('output:'), output.trimEnd()]
  return [oneLine(`${style.bold(key)} ${outcomeText(occurrence, now, style)}`), facts, ...printed].join('\n')
}

function outcomeText(occurrence: Occurrence, now: number, style: Style): string {
  switch (occurrence.state) {
    case 'succeeded':
      return style.paint('green', 'succeeded')
    case 'failed':
      return style.paint('red', 'failed')
    case 'skipped':
      return style.paint('yellow', 'skipped')
    case 'running':
      return style.paint('cyan', 'running')
    case 'planned':
    case 'sent':
      return style.paint('cyan', waitingText(occurrence, now))
  }
}

function waitingText(occurrence: Occurrence, now: number): string {
  if (isRetry(occurrence)) return occurrence.error === undefined ? 'to begin again' : 'to be retried'
  return isOverdue(occurrence, now) ? 'waiting' : 'planned'
}

function lateText({ startedAt, dueAt }: Occurrence): string {
  return startedAt === undefined ? '-' : lengthOfTime(Math.max(startedAt.valueOf() - dueAt.valueOf(), 0))
}

function tookText({ state, startedAt, finishedAt }: Occurrence, now: number): string {
  if (startedAt === undefined) return '-'
  if (state === 'running') return `${lengthOfTime(now - startedAt.valueOf())} so far`
  return finishedAt === undefined ? '-' : lengthOfTime(finishedAt.valueOf() - startedAt.valueOf())
}

/** Why, or what came of it: on one line, the end of what was printed being the most telling part of it. */
function detailText(occurrence: Occurrence, now: number): string {
  const { reason, error, missed } = occurrence
  if (missed !== undefined && missed.count > 1)
    return `${REASON[reason ?? 'missed']}: ${missed.count} runs until ${absoluteTime(missed.until)}`
  if (reason !== undefined) return REASON[reason]

  const printed = lastLine(outputOf(occurrence) ?? '')
  if (error !== undefined)
    return [withoutBreaks(error.message), printed].filter((part) => part !== '').join(': ')
  if (isOverdue(occurrence, now) && !isRetry(occurrence)) return 'no server has begun it yet'
  return outputOf(occurrence) === undefined ? (resultText(occurrence) ?? '') : printed
}

function isRetry({ state, attempt }: Occurrence): boolean {
  return (state === 'planned' || state === 'sent') && attempt > 0
}

function isOverdue({ state, dueAt }: Occurrence, now: number): boolean {
  return (state === 'planned' || state === 'sent') && now - dueAt.valueOf() > OVERDUE_MS
}

/** What a command printed. */
function outputOf({ result }: Occurrence): string | undefined {
  const isCommand =
    typeof result === 'object' && result !== null && 'exitStatus' in result && 'output' in result
  return isCommand && typeof result.output === 'string' ? result.output : undefined
}

function resultText({ result }: Occurrence): string | undefined {
  return result === null ? undefined : JSON.stringify(result)
}

/** The name of a server without what tells its starts apart. */
function serverName(server: string): string {
  return server.replace(/#[0-9a-f]+$/, '')
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? ''
}

function withoutBreaks(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ')
}
