import type { Json } from '../../schedule/json.ts'

/** What cron runs: the command line, and what it is given to read. */
export interface CrontabCommand {
  readonly command: string
  /** What stands behind the first `%`, with line ends for the others; `undefined` when there is no such thing. */
  readonly input: string | undefined
}

/** Where a command runs. */
export interface CommandPlace {
  /** The program that is handed the command line. */
  readonly shell: string
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
}

export const SHELL = '/bin/sh'
/** Gives the second argument to read to what the third one makes of the first. */
export const WITH_INPUT = 'printf %s "$1" | "$2" -c "$0"'

/** Takes `%` as cron does: the first ends the command, the others are line ends; behind a backslash it is itself. */
export function readCommand(text: string): CrontabCommand {
  const at = text.search(/(?<!\\)%/)
  const command = (at === -1 ? text : text.slice(0, at)).replaceAll(String.raw`\%`, '%').trimEnd()
  const rest = at === -1 ? '' : text.slice(at + 1)
  if (rest === '') return { command, input: undefined }

  const input = rest.replaceAll(/(\\?)%/g, (_, backslash) => (backslash === '' ? '\n' : '%'))
  return { command, input: input.endsWith('\n') ? input : `${input}\n` }
}

/** The payload with which the job `command` does what cron does. */
export function commandPayload({ command, input }: CrontabCommand, { shell, cwd, env }: CommandPlace): Json {
  return { ...programOf(command, input, shell), ...(cwd === undefined ? {} : { cwd }), ...envOf(env) }
}

function programOf(command: string, input: string | undefined, shell: string) {
  if (input !== undefined) return { program: SHELL, args: ['-c', WITH_INPUT, command, input, shell] }
  return shell === SHELL ? { program: command, shell: true } : { program: shell, args: ['-c', command] }
}

/** The payload for a job of the application's own. */
export function jobPayload(
  { command, input }: CrontabCommand,
  user: string | undefined,
  env: CommandPlace['env'],
): Json {
  return {
    command,
    ...(input === undefined ? {} : { input }),
    ...(user === undefined ? {} : { user }),
    ...envOf(env),
  }
}

function envOf(env: CommandPlace['env']) {
  return Object.keys(env).length === 0 ? {} : { env }
}
