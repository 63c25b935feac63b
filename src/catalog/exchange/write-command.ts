import type { Json } from '../../schedule/json.ts'
import { formatCommandLine } from '../../task/command-line.ts'
import { fitsOnLine } from './comment-text.ts'
import { SHELL, WITH_INPUT } from './crontab-command.ts'
import { NotForCrontab } from './write-time.ts'

/** The payload of the job `command`. */
interface Command {
  readonly program: string
  readonly args?: readonly string[]
  readonly shell?: boolean
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The command line by which cron does what the job `command` does with this payload.
 *
 * @throws {NotForCrontab} when there is none; the message says why
 */
export function writeCommand(payload: Json): string {
  // It was checked when it was stored.
  const { program, args = [], shell = false, cwd, env = {} } = payload as unknown as Command
  const badName = Object.keys(env).find((name) => !/^[A-Za-z_]\w*$/.test(name))
  if (badName !== undefined)
    throw new NotForCrontab(`no shell can set its variable ${JSON.stringify(badName)}`)

  const fed = fedCommand(program, args)
  if (fed === undefined)
    return inPlace(shell ? program : formatCommandLine([program, ...args]), shell, cwd, env)
  return `${inPlace(fed.line, true, cwd, env)}%${inputOf(fed.input)}`
}

/** A command line that is given something to read, as an import makes it of one with a `%`. */
function fedCommand(program: string, args: readonly string[]) {
  const [dash, script, command, input, shell] = args
  if (program !== SHELL || dash !== '-c' || script !== WITH_INPUT) return undefined
  // A backslash would take the meaning from the % behind it.
  if (command === undefined || input === undefined || shell === undefined || command.endsWith('\\'))
    return undefined
  return { line: shell === SHELL ? command : formatCommandLine([shell, '-c', command]), input }
}

/** The line, in its folder and with its variables, as cron reads it. */
function inPlace(
  line: string,
  isShell: boolean,
  cwd: Command['cwd'],
  env: NonNullable<Command['env']>,
): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${formatCommandLine([value])}`)
  const folder = cwd === undefined ? '' : `cd ${formatCommandLine([cwd])} || exit; `
  // What a shell sets before a single program is for that alone, which is right; of a whole line it would be too little.
  const before = set.length === 0 ? '' : isShell ? `export ${set.join(' ')}; ` : `${set.join(' ')} `
  if (line.trim() === '') throw new NotForCrontab('its command is blank')
  return escaped(folder + before + line)
}

/** What stands behind the first `%`, with `%` for line ends. Cron adds the last one. */
function inputOf(input: string): string {
  return input.replace(/\n$/, '').split('\n').map(escaped).join('%')
}

/** @throws {NotForCrontab} when it would not stay on its line */
function escaped(text: string): string {
  if (!fitsOnLine(text)) throw new NotForCrontab('its command has a line break or another control character')
  return text.replaceAll('%', String.raw`\%`)
}
