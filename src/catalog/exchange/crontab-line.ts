/** One line of a crontab, taken apart as cron takes it apart; nothing in it is judged yet. */
export type CrontabLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'entry'
      /** The five fields, or the nickname. */
      readonly time: string
      /** What stands behind them: a user in system crontabs, flags, the command. */
      readonly rest: string
      /** Whether a `-` before the time asks for silence in the log of cron. */
      readonly isUnlogged: boolean
    }
  | { readonly kind: 'fault' }

/** `name = value`, either of them in quotes or not. */
const VARIABLE = /^(?:"([^"]+)"|'([^']+)'|([^\s="']+))[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|(.*))$/s
const ENTRY = /^(-?)(@\S+|\S+(?:[ \t]+\S+){4})(?:[ \t]+(.*))?$/s

/** Reads one line. What begins like a time is never a variable, even if its command has a `=` in it. */
export function readLine(line: string): CrontabLine {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return { kind: 'blank' }

  const variable = VARIABLE.exec(text)
  if (variable !== null) {
    const [, inDouble, inSingle, plain, valueInDouble, valueInSingle, plainValue] = variable
    const name = inDouble ?? inSingle ?? plain ?? ''
    return { kind: 'variable', name, value: valueInDouble ?? valueInSingle ?? plainValue ?? '' }
  }

  const entry = ENTRY.exec(text)
  if (entry === null) return { kind: 'fault' }
  const [, dash, time = '', rest = ''] = entry
  return { kind: 'entry', time, rest, isUnlogged: dash === '-' }
}
