import type { Clock } from '../../clock/clock.ts'
import { lengthOfTime } from '../../clock/time-text.ts'
import type { Logger } from '../../logger.ts'
import { RUN_MESSAGE } from '../../worker/run.ts'
import type { Output } from './output.ts'
import type { Style } from './style.ts'
import { relativeTime, timeOfDay } from './time.ts'

type Level = 'info' | 'warn' | 'error'
type Fields = Readonly<Record<string, unknown>>

/** Writes warnings and errors as lines for people, or as JSON; with `info`, also what runs begin and end. */
export function cliLogger(output: Output, clock: Clock, { info = false } = {}): Logger {
  const write = (level: Level, given: object, message: string) => {
    const fields = given as Fields
    const now = clock.now()
    output.log({ time: new Date(now), level, message, ...plain(fields) }, (style) => {
      const time = style.dim(timeOfDay(now))
      return `${time} ${runLine(fields, message, now, style) ?? line(level, fields, message, style)}`
    })
  }
  return {
    info: info ? (fields, message) => write('info', fields, message) : () => {},
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  }
}

/** What is said about the beginning or the end of a run; `undefined` when the line is about something else. */
function runLine(fields: Fields, message: string, now: number, style: Style): string | undefined {
  const key = style.bold(String(fields.key))
  const again = Number(fields.attempt) > 1 ? style.dim(` (attempt ${String(fields.attempt)})`) : ''
  const took = style.dim(lengthOfTime(Number(fields.tookMs)))
  switch (message) {
    case RUN_MESSAGE.begins:
      return `${key} begins${again} ${style.dim(`${lengthOfTime(Number(fields.lateMs))} late`)}`
    case RUN_MESSAGE.succeeded:
      return `${key} ${style.paint('green', 'succeeded')}${again} ${took}`
    case RUN_MESSAGE.givenBack:
      return `${key} ${style.paint('yellow', 'given back')}${again}, to begin again elsewhere ${took}`
    case RUN_MESSAGE.failed: {
      const retry =
        typeof fields.retryAt === 'number' ? `; next attempt ${relativeTime(fields.retryAt, now)}` : ''
      return `${key} ${style.paint('red', 'failed')}${again}: ${errorText(fields.error)}${retry} ${took}`
    }
    default:
      return undefined
  }
}

function line(level: Level, fields: Fields, message: string, style: Style): string {
  const { key, occurrence: _, attempt: __, error, ...rest } = fields
  const about = typeof key === 'string' ? `${style.bold(key)}: ` : ''
  const mark = level === 'info' ? '' : `${style.paint(level === 'warn' ? 'yellow' : 'red', level)} `
  const cause = error === undefined ? '' : `: ${errorText(error)}`
  const details = Object.entries(plain(rest)).map(([name, value]) => ` ${name}=${valueText(value)}`)
  return `${about}${mark}${message}${cause}${style.dim(details.join(''))}`
}

/** The fields with errors as plain objects, which JSON would otherwise lose. */
function plain(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? { name: value.name, message: value.message } : value,
    ]),
  )
}

function errorText(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
  return String(message).replaceAll(/\s*\n\s*/g, ' ')
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
}
