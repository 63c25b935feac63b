import { InvalidInputError } from '../errors.ts'
import type { Json } from '../schedule/json.ts'
import { COMMAND_JOB } from '../task/command-job.ts'
import { splitCommandLine } from '../task/command-line.ts'

/** The options that say what a schedule does. */
export interface WorkOptions {
  readonly job?: string
  readonly payload?: Json
  readonly command?: string
  readonly shell?: boolean
  readonly cwd?: string
  readonly env?: readonly string[]
}

/** What a schedule does, as the catalog takes it. */
export interface WorkInput {
  readonly job?: string
  readonly payload?: Json
}

/**
 * The job and the payload that the options and the arguments after `--` ask for; neither when they ask for nothing.
 *
 * @throws {InvalidInputError} when they do not go together
 */
export function workInput(options: WorkOptions, program: readonly string[]): WorkInput {
  const { job, payload, command } = options
  const given = [job && '--job', command !== undefined && '--command', program.length > 0 && '-- <program>']
  const ways = given.filter((way) => typeof way === 'string')
  if (ways.length > 1)
    throw new InvalidInputError(`${ways.join(' and ')} are given: a schedule does one of them`, 'job')

  const isCommand = command !== undefined || program.length > 0
  if (isCommand && payload !== undefined)
    throw new InvalidInputError(
      '--payload goes with --job; a command has its arguments in its line',
      '--payload',
    )
  if (isCommand) return { job: COMMAND_JOB, payload: commandPayload(options, program) }

  refuseCommandOptions(options)
  return { ...(job === undefined ? {} : { job }), ...(payload === undefined ? {} : { payload }) }
}

function commandPayload({ command, shell, cwd, env }: WorkOptions, program: readonly string[]): Json {
  if (shell === true && command === undefined) {
    const message = '--shell goes with --command: what follows -- is run as it is'
    throw new InvalidInputError(message, '--shell')
  }
  const extras = {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: environment(env) }),
  }
  if (shell === true) return { program: command!, shell: true, ...extras }

  const [name = '', ...args] = command === undefined ? program : splitCommandLine(command)
  return { program: name, args, ...extras }
}

function environment(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new InvalidInputError(`--env "${pair}" is not of the form NAME=value`, '--env')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function refuseCommandOptions({ shell, cwd, env }: WorkOptions): void {
  const stray = [shell && '--shell', cwd !== undefined && '--cwd', env && '--env'].find((name) => name)
  if (typeof stray === 'string') throw new InvalidInputError(`${stray} goes with --command`, stray)
}
