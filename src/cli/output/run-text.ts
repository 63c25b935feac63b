import type { RunAttempt, RunDetails, RunLogLine, RunProgress, ToldAttempt } from '../../catalog/run-view.ts'
import { occurrenceDetails } from './occurrence-text.ts'
import type { Style } from './style.ts'
import { properties } from './table.ts'
import { absoluteTime } from './time.ts'
import { oneLine } from './visible.ts'

/** One run, with what its handler has told of it and of the attempts before. */
export function runDetails(run: RunDetails, now: number, style: Style): string {
  const about = properties(
    [
      ['run', run.id],
      ['stands for', absoluteTime(run.nominalAt)],
      ['due', absoluteTime(run.dueAt)],
      ['job', run.job],
      ['group', run.group],
      ['origin', run.origin],
      ['progress', run.progress === undefined ? undefined : progressText(run.progress)],
    ],
    style,
  )
  const earlier = run.attempts.filter(({ attempt }) => attempt !== run.attempt)
  return [
    occurrenceDetails(run.key, run, now, style),
    about,
    ...logText('log:', run, style),
    ...earlier.flatMap((attempt) => attemptText(attempt, style)),
  ].join('\n')
}

function attemptText(attempt: RunAttempt, style: Style): string[] {
  const { server, startedAt, error, progress } = attempt
  const title = `attempt ${attempt.attempt}, begun ${absoluteTime(startedAt)} on ${server}:`
  const facts = properties(
    [
      ['error', error?.message],
      ['progress', progress === undefined ? undefined : progressText(progress)],
    ],
    style,
  )
  const text = logText(title, attempt, style)
  const [head = style.dim(oneLine(title)), ...lines] = text
  return facts === '' ? [head, ...lines] : [head, facts, ...lines]
}

/** Nothing when nothing was logged. A line is one line, whatever is in it. */
function logText(title: string, { log, dropped }: ToldAttempt, style: Style): string[] {
  if (log.length === 0) return []
  const lines = log.map((line) => `  ${lineText(line, style)}`)
  if (dropped !== undefined) {
    const what = dropped.count === 1 ? '1 line is' : `${dropped.count} lines are`
    lines.splice(dropped.after, 0, style.dim(`  … ${what} not kept`))
  }
  return [style.dim(oneLine(title)), ...lines]
}

const COLOURS = { warn: 'yellow', error: 'red' } as const

function lineText({ at, level, message, fields, isCut }: RunLogLine, style: Style): string {
  const name = level.padEnd(5)
  const details = Object.entries(fields).map(([field, value]) => ` ${field}=${JSON.stringify(value)}`)
  const text = `${message}${style.dim(details.join(''))}${isCut ? ' …' : ''}`
  return oneLine(`${absoluteTime(at)} ${level === 'info' ? name : style.paint(COLOURS[level], name)} ${text}`)
}

/** `40 %, 4 of 10: users`. */
function progressText({ fraction, done, total, note, at }: RunProgress): string {
  const share = fraction === undefined ? undefined : `${Math.floor(fraction * 100)} %`
  const count = done === undefined ? undefined : total === undefined ? `${done} done` : `${done} of ${total}`
  const amount = [share, count].filter((part) => part !== undefined).join(', ')
  const told = [amount, note].filter((part) => part !== undefined && part !== '').join(': ')
  return `${told === '' ? 'told' : told} (at ${absoluteTime(at)})`
}
