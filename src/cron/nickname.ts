import { nearest } from '../suggestion.ts'
import { quote, syntaxError } from './syntax-error.ts'

/** What each nickname is short for. Case counts. */
export const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

/** Whether the text is meant as a nickname, rightly or wrongly. */
export function isNickname(text: string): boolean {
  const first = text.charCodeAt(0)
  return first === 0x40 || (first <= 0x20 && text.trimStart().startsWith('@'))
}

/**
 * The five fields that a nickname is short for.
 *
 * @throws {CronSyntaxError} when it is not one, or has something behind it
 */
export function readNickname(text: string): string {
  const name = text.trim()
  const fields = NICKNAMES.get(name)
  if (fields !== undefined) return fields

  const position = text.indexOf('@')
  if (name === '@reboot') {
    const problem =
      '"@reboot" names an event, not a time, and a schedule that outlives its servers has no such event'
    throw syntaxError(text, position, undefined, problem, 'run it where your program starts')
  }
  if (/^@every\b/.test(name)) {
    const problem = '"@every" is an interval, not a cron expression'
    throw syntaxError(text, position, undefined, problem, 'schedule it with the option every')
  }
  throw syntaxError(text, position, undefined, `${quote(name)} is not a nickname`, suggestion(name))
}

function suggestion(name: string): string {
  const [word = ''] = name.split(/\s/)
  const known = [...NICKNAMES.keys()]
  if (known.includes(word)) return `write "${word}" alone`

  const near = word.length > 16 ? undefined : nearest(word, known)
  return near === undefined ? `write one of ${known.join(', ')}` : `did you mean "${near}"?`
}
